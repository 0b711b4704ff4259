#include "application-protocols.h"

namespace dtls_openssl {
namespace {

const unsigned char* Wire(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); }

bool IsWellFormed(const std::string& protocols) {
  size_t at = 0;
  while (at < protocols.size() && protocols[at] != 0) at += 1 + static_cast<uint8_t>(protocols[at]);
  return !protocols.empty() && at == protocols.size();
}

// By the order of the server.
int Select(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
           unsigned offered_size, void* own) {
  const auto& protocols = *static_cast<const std::string*>(own);
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, size, Wire(protocols), static_cast<unsigned>(protocols.size()),
                                           offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

bool UseProtocols(SSL_CTX* ctx, bool server, const std::string* protocols) {
  if (!IsWellFormed(*protocols)) return false;
  if (server) {
    SSL_CTX_set_alpn_select_cb(ctx, Select, const_cast<std::string*>(protocols));
    return true;
  }
  return SSL_CTX_set_alpn_protos(ctx, Wire(*protocols), static_cast<unsigned>(protocols->size())) == 0;
}

}  // namespace dtls_openssl
