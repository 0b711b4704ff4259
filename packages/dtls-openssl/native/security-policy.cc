#include "security-policy.h"

#include <algorithm>

namespace dtls_openssl {
namespace {

// SignatureScheme (RFC 8446 §4.2.3); the pair of digests that RSA signs in DTLS 1.0 has none, and OpenSSL calls it 0.
constexpr int kRsaMd5Sha1 = 0x0000;
constexpr int kEcdsaSha1 = 0x0203;

}  // namespace


void SecurityPolicy::Install(SSL_CTX* ctx) {
  SSL_CTX_set_security_level(ctx, 2);
  default_ = SSL_CTX_get_security_callback(ctx);
  SSL_CTX_set0_security_ex_data(ctx, this);
  SSL_CTX_set_security_callback(ctx, Decide);
}

int SecurityPolicy::Decide(const SSL* ssl, const SSL_CTX* ctx, int operation, int bits, int nid, void* other,
                           void* policy) {
  const auto* self = static_cast<const SecurityPolicy*>(policy);
  if (self->Admits(ssl, operation, nid, other)) return 1;
  return self->default_(ssl, ctx, operation, bits, nid, other, nullptr);
}

bool SecurityPolicy::HasSuite(uint16_t suite) const {
  return std::find(suites_.begin(), suites_.end(), suite) != suites_.end();
}

bool SecurityPolicy::Admits(const SSL* ssl, int operation, int nid, void* other) const {
  switch (operation) {
    case SSL_SECOP_CIPHER_SUPPORTED:
    case SSL_SECOP_CIPHER_SHARED:
    case SSL_SECOP_CIPHER_CHECK:
      return HasSuite(SSL_CIPHER_get_protocol_id(static_cast<const SSL_CIPHER*>(other)));
    case SSL_SECOP_VERSION:
      // DTLS counts versions downwards.
      return nid <= min_version_ && nid >= max_version_;
    case SSL_SECOP_SIGALG_SUPPORTED:
    case SSL_SECOP_SIGALG_SHARED:
    case SSL_SECOP_SIGALG_CHECK:
      return AdmitsSignature(ssl, other);
    default:
      return false;
  }
}

// Once DTLS 1.0 is what was agreed: its signatures are fixed (RFC 4346 §7.4.3, RFC 4492 §5.4). What a hello offers for
// DTLS 1.2 is not touched, because until then the version is the highest of the configuration.
bool SecurityPolicy::AdmitsSignature(const SSL* ssl, void* scheme) const {
  if (!sha1_signatures_ || ssl == nullptr || SSL_version(ssl) != DTLS1_VERSION) return false;
  const auto* bytes = static_cast<const uint8_t*>(scheme);
  const int number = bytes[0] << 8 | bytes[1];
  return number == kRsaMd5Sha1 || number == kEcdsaSha1;
}

}  // namespace dtls_openssl
