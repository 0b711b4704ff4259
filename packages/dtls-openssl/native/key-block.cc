#include "key-block.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstring>

#include "errors.h"

namespace dtls_openssl {

bool KeyBlock::Derive(const RecordSecrets& secrets, const RecordSuite& suite) {
  static constexpr char kLabel[] = "key expansion";
  constexpr size_t kLabelSize = sizeof kLabel - 1;
  uint8_t seed[kLabelSize + 64];
  std::memcpy(seed, kLabel, kLabelSize);
  std::memcpy(seed + kLabelSize, secrets.server_random, 32);
  std::memcpy(seed + kLabelSize + 32, secrets.client_random, 32);
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(suite.prf_digest), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, const_cast<uint8_t*>(secrets.master_secret),
                                        sizeof secrets.master_secret),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed),
      OSSL_PARAM_construct_end(),
  };
  key_ = suite.key;
  iv_ = suite.fixed_iv;
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_PRF, nullptr);
  EVP_KDF_CTX* context = kdf == nullptr ? nullptr : EVP_KDF_CTX_new(kdf);
  const bool derived = context != nullptr && EVP_KDF_derive(context, bytes_, 2 * (key_ + iv_), params) == 1;
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  if (!derived) EmptyErrorQueue::Clear();
  return derived;
}

}  // namespace dtls_openssl
