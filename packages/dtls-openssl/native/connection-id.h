// The extension connection_id (RFC 9146 §3), which OpenSSL does not know: what either side wants to find on the records
// that it receives. Whoever names no bytes takes the id of the other side and gives none.
#ifndef DTLS_OPENSSL_CONNECTION_ID_H_
#define DTLS_OPENSSL_CONNECTION_ID_H_

#include <openssl/ssl.h>

#include <string>

#include "bytes.h"

namespace dtls_openssl {

constexpr size_t kMaxConnectionId = 254;

// Of one association.
class ConnectionIds {
 public:
  // Absent: not negotiated.
  explicit ConnectionIds(Bytes own);

  // What it takes in a hello.
  size_t extension_size() const { return wanted() ? 4 + wire_.size() : 0; }
  bool wanted() const { return !wire_.empty(); }
  // Both hellos carry the extension.
  bool negotiated() const { return negotiated_; }
  // What the peer puts on its records to us.
  Bytes own() const;
  // What we put on ours.
  Bytes peer() const { return {reinterpret_cast<const uint8_t*>(peer_.data()), peer_.size(), true}; }

 private:
  friend class ConnectionIdExtension;

  // As on the wire: a byte of length before the id.
  std::string wire_;
  std::string peer_;
  bool negotiated_ = false;
};

// Makes the associations of `ctx` negotiate ids as far as they want any. False: OpenSSL refuses.
bool NegotiateConnectionIds(SSL_CTX* ctx);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_CONNECTION_ID_H_
