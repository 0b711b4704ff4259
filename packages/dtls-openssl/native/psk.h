// Pre-shared keys (RFC 4279): what OpenSSL asks for by callback, answered from memory of ours.
#ifndef DTLS_OPENSSL_PSK_H_
#define DTLS_OPENSSL_PSK_H_

#include <openssl/ssl.h>

#include "bytes.h"
#include "secret.h"

namespace dtls_openssl {

// OpenSSL hands over identities as C strings in a buffer of PSK_MAX_IDENTITY_LEN bytes, terminator included.
constexpr size_t kMaxPskIdentity = PSK_MAX_IDENTITY_LEN - 1;
constexpr size_t kMaxPskKey = PSK_MAX_PSK_LEN;
// Size of the random key that stands in for the key of an unknown identity.
constexpr unsigned kConcealingKey = 32;

// A client's credential; it belongs to the context.
struct ClientPsk {
  Secret identity;
  Secret key;
};

void InstallClientPsk(SSL_CTX* ctx);
void InstallServerPsk(SSL_CTX* ctx);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_PSK_H_
