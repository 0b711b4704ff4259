// Who the peer has to be: the name its certificate must be issued for (RFC 6125), and the TLSA records that it must
// match (RFC 6698, RFC 7671).
#ifndef DTLS_OPENSSL_PEER_IDENTITY_H_
#define DTLS_OPENSSL_PEER_IDENTITY_H_

#include <openssl/ssl.h>

#include <string>

#include "bytes.h"

namespace dtls_openssl {

// An address is compared with IP entries of subjectAltName only. False: `name` is no name or no address.
bool ExpectPeer(SSL* ssl, const std::string& name, bool is_address);

// Before ExpectPeer. The context must have been enabled for DANE.
bool EnableDane(SSL* ssl, const std::string& base_domain);

struct TlsaRecord {
  uint8_t usage = 0;
  uint8_t selector = 0;
  uint8_t matching_type = 0;
  Bytes data;
};

// False: the record cannot be used, RFC 6698 §4.
bool AddTlsaRecord(SSL* ssl, const TlsaRecord& record);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_PEER_IDENTITY_H_
