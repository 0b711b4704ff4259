#include "record-protection.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include <cstring>

#include "errors.h"
#include "record-header.h"

namespace dtls_openssl {

RecordProtection::RecordProtection(CipherPool* pool, CipherTenant tenant, const RecordSuite& suite, const uint8_t* key,
                                   const uint8_t* iv)
    : pool_(pool), tenant_(tenant), suite_(suite) {
  std::memcpy(key_, key, suite.key);
  std::memcpy(iv_, iv, suite.fixed_iv);
}

RecordProtection::~RecordProtection() {
  pool_->Forget(tenant_);
  OPENSSL_cleanse(key_, sizeof key_);
  OPENSSL_cleanse(iv_, sizeof iv_);
}

bool RecordProtection::Seal(uint64_t number, Bytes additional, Bytes text, uint8_t* body) {
  uint8_t nonce[RecordSuite::kNonce];
  if (suite_.explicit_nonce > 0) PutNumber(body, number);
  Nonce(number, body, nonce);
  if (Encrypt(nonce, additional, text, body + suite_.explicit_nonce)) return true;
  EmptyErrorQueue::Clear();
  return false;
}

bool RecordProtection::Open(uint64_t number, Bytes additional, Bytes body, uint8_t* to) {
  uint8_t nonce[RecordSuite::kNonce];
  Nonce(number, body.data, nonce);
  const Bytes text{body.data + suite_.explicit_nonce, body.size - Overhead(), true};
  if (Decrypt(nonce, additional, text, to)) return true;
  OPENSSL_cleanse(to, text.size);
  EmptyErrorQueue::Clear();
  return false;
}

// The tag stands behind the text.
bool RecordProtection::Encrypt(const uint8_t* nonce, Bytes additional, Bytes text, uint8_t* to) {
  EVP_CIPHER_CTX* context = pool_->Borrow(tenant_, suite_, key_);
  int written = 0;
  if (context == nullptr || !Begin(context, nonce, additional, text) ||
      EVP_CipherUpdate(context, to, &written, text.data, static_cast<int>(text.size)) != 1) {
    return false;
  }
  uint8_t* tag = to + text.size;
  if (!suite_.is_ccm() && EVP_CipherFinal_ex(context, tag, &written) != 1) return false;
  OSSL_PARAM params[] = {TagParameter(tag), OSSL_PARAM_construct_end()};
  return EVP_CIPHER_CTX_get_params(context, params) == 1;
}

bool RecordProtection::Decrypt(const uint8_t* nonce, Bytes additional, Bytes text, uint8_t* to) {
  EVP_CIPHER_CTX* context = pool_->Borrow(tenant_, suite_, key_);
  int written = 0;
  const OSSL_PARAM params[] = {TagParameter(const_cast<uint8_t*>(text.data) + text.size), OSSL_PARAM_construct_end()};
  if (context == nullptr || EVP_CIPHER_CTX_set_params(context, params) != 1 ||
      !Begin(context, nonce, additional, text) ||
      EVP_CipherUpdate(context, to, &written, text.data, static_cast<int>(text.size)) != 1) {
    return false;
  }
  // CCM has checked the tag in the one call that decrypts, and has no end.
  return suite_.is_ccm() || EVP_CipherFinal_ex(context, to + text.size, &written) == 1;
}

bool RecordProtection::Begin(EVP_CIPHER_CTX* context, const uint8_t* nonce, Bytes additional, Bytes text) {
  int written = 0;
  // -1: the direction stays as it is.
  return EVP_CipherInit_ex2(context, nullptr, nullptr, nonce, -1, nullptr) == 1 &&
         // CCM wants to know the length before it sees additional data.
         (!suite_.is_ccm() ||
          EVP_CipherUpdate(context, nullptr, &written, nullptr, static_cast<int>(text.size)) == 1) &&
         EVP_CipherUpdate(context, nullptr, &written, additional.data, static_cast<int>(additional.size)) == 1;
}

// Cheaper than a control command, which makes the same of itself.
OSSL_PARAM RecordProtection::TagParameter(uint8_t* tag) const {
  return OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, suite_.tag);
}

void RecordProtection::Nonce(uint64_t number, const uint8_t* explicit_nonce, uint8_t* nonce) const {
  std::memcpy(nonce, iv_, sizeof iv_);
  if (suite_.explicit_nonce > 0) {
    std::memcpy(nonce + RecordSuite::kNonce - 8, explicit_nonce, 8);
    return;
  }
  // RFC 7905 §2: the number, filled up with zeros on the left, is mixed into an IV of the whole length.
  uint8_t bytes[8];
  PutNumber(bytes, number);
  for (int i = 0; i < 8; i++) nonce[4 + i] ^= bytes[i];
}

}  // namespace dtls_openssl
