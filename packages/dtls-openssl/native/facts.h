// What was negotiated: read from the SSL while there is one, kept when it is let go.
#ifndef DTLS_OPENSSL_FACTS_H_
#define DTLS_OPENSSL_FACTS_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "slabs.h"

namespace dtls_openssl {

class Handshake;

// Each DER, leaf first.
using CertificateList = std::vector<SlabString, SlabAllocator<SlabString>>;

struct Facts {
  // As on the wire; 0: not known yet.
  uint16_t version = 0;
  uint16_t suite = 0;
  bool encrypt_then_mac = false;
  bool resumed = false;
  bool extended_master_secret = false;
  // Server: of the peer.
  std::optional<SlabString> psk_identity;
  // Client.
  std::optional<SlabString> identity_hint;
  std::optional<SlabString> server_name;
  SlabString alpn;
  // Of the peer.
  CertificateList certificates;
  // RFC 9146: on what the peer sends, and on what we send.
  bool connection_ids = false;
  SlabString own_id;
  SlabString peer_id;
};

// Without certificates.
Facts FactsOf(SSL* ssl, const Handshake& handshake, bool server);
CertificateList PeerCertificatesOf(SSL* ssl, bool server);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_FACTS_H_
