#include "connection-id.h"

#include "connection.h"
#include "record-layer.h"

namespace dtls_openssl {

ConnectionIds::ConnectionIds(Bytes own) {
  if (!own.present) return;
  wire_.assign(1, static_cast<char>(own.size));
  if (own.size > 0) wire_.append(reinterpret_cast<const char*>(own.data), own.size);
}

Bytes ConnectionIds::own() const {
  if (!wanted()) return {};
  return {reinterpret_cast<const uint8_t*>(wire_.data()) + 1, wire_.size() - 1, true};
}

class ConnectionIdExtension {
 public:
  static constexpr unsigned kType = 54;
  static constexpr unsigned kHellos = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO;

  // A server gets here only if the client has sent the extension.
  static int Add(SSL* ssl, unsigned, unsigned hello, const unsigned char** out, size_t* size, X509*, size_t, int*,
                 void*) {
    ConnectionIds& ids = Connection::From(ssl)->handshake().ids();
    if (!ids.wanted()) return 0;
    if (hello == SSL_EXT_TLS1_2_SERVER_HELLO) {
      const SSL_CIPHER* suite = SSL_get_pending_cipher(ssl);
      if (suite == nullptr || !RecordLayer::Has(SSL_CIPHER_get_protocol_id(suite))) return 0;
      ids.negotiated_ = true;
    }
    *out = reinterpret_cast<const unsigned char*>(ids.wire_.data());
    *size = ids.wire_.size();
    return 1;
  }

  // A client gets here only if it has sent the extension.
  static int Parse(SSL* ssl, unsigned, unsigned hello, const unsigned char* in, size_t size, X509*, size_t, int* alert,
                   void*) {
    ConnectionIds& ids = Connection::From(ssl)->handshake().ids();
    if (!ids.wanted()) return 1;
    if (size == 0 || size != 1u + in[0]) {
      *alert = SSL_AD_DECODE_ERROR;
      return 0;
    }
    ids.peer_.assign(reinterpret_cast<const char*>(in) + 1, size - 1);
    if (hello == SSL_EXT_TLS1_2_SERVER_HELLO) ids.negotiated_ = true;
    return 1;
  }
};

bool NegotiateConnectionIds(SSL_CTX* ctx) {
  return SSL_CTX_add_custom_ext(ctx, ConnectionIdExtension::kType, ConnectionIdExtension::kHellos,
                                ConnectionIdExtension::Add, nullptr, nullptr, ConnectionIdExtension::Parse,
                                nullptr) == 1;
}

}  // namespace dtls_openssl
