#include "security-policy.h"

#include <algorithm>

namespace dtls_openssl {

void SecurityPolicy::Install(SSL_CTX* ctx) {
  SSL_CTX_set_security_level(ctx, 2);
  default_ = SSL_CTX_get_security_callback(ctx);
  SSL_CTX_set0_security_ex_data(ctx, this);
  SSL_CTX_set_security_callback(ctx, Decide);
}

int SecurityPolicy::Decide(const SSL* ssl, const SSL_CTX* ctx, int operation, int bits, int nid, void* other,
                           void* policy) {
  const auto* self = static_cast<const SecurityPolicy*>(policy);
  if (self->Admits(operation, nid, other)) return 1;
  return self->default_(ssl, ctx, operation, bits, nid, other, nullptr);
}

bool SecurityPolicy::HasSuite(uint16_t suite) const {
  return std::find(suites_.begin(), suites_.end(), suite) != suites_.end();
}

bool SecurityPolicy::Admits(int operation, int nid, void* other) const {
  switch (operation) {
    case SSL_SECOP_CIPHER_SUPPORTED:
    case SSL_SECOP_CIPHER_SHARED:
    case SSL_SECOP_CIPHER_CHECK:
      return HasSuite(SSL_CIPHER_get_protocol_id(static_cast<const SSL_CIPHER*>(other)));
    case SSL_SECOP_VERSION:
      // DTLS counts versions downwards.
      return nid <= min_version_ && nid >= max_version_;
    default:
      return false;
  }
}

}  // namespace dtls_openssl
