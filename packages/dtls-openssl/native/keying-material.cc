#include "keying-material.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstring>

namespace dtls_openssl {
namespace {

// What TLS itself derives or proves with the master secret (RFC 5246 §8.1, RFC 7627 §4): to export such a label, or one
// that continues it, would give the secret away.
constexpr const char* kReserved[] = {"client finished", "server finished", "master secret", "extended master secret",
                                     "key expansion"};

bool IsReserved(const std::string& label) {
  for (const char* reserved : kReserved) {
    if (label.compare(0, std::strlen(reserved), reserved) == 0) return true;
  }
  return false;
}

}  // namespace

bool Prf(const char* hash, Bytes secret, const std::string& seed, uint8_t* to, size_t size) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  EVP_KDF_free(kdf);
  auto* text = const_cast<char*>(hash);
  auto* key = const_cast<uint8_t*>(secret.data);
  auto* input = const_cast<char*>(seed.data());
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, text, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, key, secret.size),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, input, seed.size()),
      OSSL_PARAM_construct_end(),
  };
  const bool derived = context != nullptr && EVP_KDF_derive(context, to, size, parameters) == 1;
  EVP_KDF_CTX_free(context);
  return derived;
}

bool KeyingMaterial::Take(SSL* ssl, bool server) {
  const SSL_SESSION* session = SSL_get_session(ssl);
  // The session of a server learns its suite only with change_cipher_spec.
  const SSL_CIPHER* suite = SSL_get_pending_cipher(ssl);
  if (session == nullptr || suite == nullptr) return false;
  secrets_.suite = SSL_CIPHER_get_protocol_id(suite);
  secrets_.server = server;
  return SSL_SESSION_get_master_key(session, secrets_.master_secret, sizeof secrets_.master_secret) ==
             sizeof secrets_.master_secret &&
         SSL_get_client_random(ssl, secrets_.client_random, sizeof secrets_.client_random) ==
             sizeof secrets_.client_random &&
         SSL_get_server_random(ssl, secrets_.server_random, sizeof secrets_.server_random) ==
             sizeof secrets_.server_random;
}

bool KeyingMaterial::Export(const std::string& label, Bytes context, uint8_t* to, size_t size) const {
  if (IsReserved(label)) return false;
  std::string seed = label;
  seed.append(reinterpret_cast<const char*>(secrets_.client_random), sizeof secrets_.client_random);
  seed.append(reinterpret_cast<const char*>(secrets_.server_random), sizeof secrets_.server_random);
  if (context.present) {
    seed.push_back(static_cast<char>(context.size >> 8));
    seed.push_back(static_cast<char>(context.size));
    if (context.size > 0) seed.append(reinterpret_cast<const char*>(context.data), context.size);
  }
  const RecordSuite* suite = FindRecordSuite(secrets_.suite);
  return suite != nullptr &&
         Prf(suite->prf_digest, {secrets_.master_secret, sizeof secrets_.master_secret, true}, seed, to, size);
}

}  // namespace dtls_openssl
