// What was negotiated: read from the SSL while there is one, kept when it is let go.
#ifndef DTLS_OPENSSL_FACTS_H_
#define DTLS_OPENSSL_FACTS_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dtls_openssl {

class Handshake;

struct Facts {
  // As on the wire; 0: not known yet.
  uint16_t version = 0;
  uint16_t suite = 0;
  bool encrypt_then_mac = false;
  bool resumed = false;
  bool extended_master_secret = false;
  // Server: of the peer.
  std::optional<std::string> psk_identity;
  // Client.
  std::optional<std::string> identity_hint;
  std::optional<std::string> server_name;
  std::string alpn;
  // Of the peer, DER, leaf first.
  std::vector<std::string> certificates;
  // RFC 9146: on what the peer sends, and on what we send.
  bool connection_ids = false;
  std::string own_id;
  std::string peer_id;
};

// Without certificates.
Facts FactsOf(SSL* ssl, const Handshake& handshake, bool server);
std::vector<std::string> PeerCertificatesOf(SSL* ssl, bool server);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_FACTS_H_
