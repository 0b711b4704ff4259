#include "psk.h"

#include <openssl/rand.h>

#include <cstring>

#include "connection.h"
#include "context.h"

namespace dtls_openssl {
namespace {

unsigned ClientKey(SSL* ssl, const char*, char* identity, unsigned identity_capacity, unsigned char* key,
                   unsigned key_capacity) {
  const ClientPsk& psk = Connection::From(ssl)->context().client_psk();
  if (psk.identity.size() >= identity_capacity || psk.key.size() > key_capacity) return 0;
  std::memcpy(identity, psk.identity.data(), psk.identity.size());
  identity[psk.identity.size()] = '\0';
  std::memcpy(key, psk.key.data(), psk.key.size());
  return static_cast<unsigned>(psk.key.size());
}

unsigned ServerKey(SSL* ssl, const char*, unsigned char* key, unsigned key_capacity) {
  Connection* connection = Connection::From(ssl);
  Secret& answer = connection->handshake().psk_answer();
  if (answer.size() > 0 && answer.size() <= key_capacity) {
    const unsigned size = static_cast<unsigned>(answer.size());
    std::memcpy(key, answer.data(), size);
    answer.Wipe();
    return size;
  }
  // 0 makes OpenSSL send unknown_psk_identity.
  if (!connection->context().conceals_unknown_identity()) return 0;
  // RFC 4279 §2: whoever does not know the key must not learn whether the identity exists.
  const unsigned random_size = key_capacity < kConcealingKey ? key_capacity : kConcealingKey;
  return RAND_bytes(key, static_cast<int>(random_size)) == 1 ? random_size : 0;
}

}  // namespace

void InstallClientPsk(SSL_CTX* ctx) { SSL_CTX_set_psk_client_callback(ctx, ClientKey); }

void InstallServerPsk(SSL_CTX* ctx) { SSL_CTX_set_psk_server_callback(ctx, ServerKey); }

}  // namespace dtls_openssl
