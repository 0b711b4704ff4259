#include "record-protection.h"

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

bool RecordProtection::Seal(uint64_t number, Bytes additional, uint8_t* body, size_t size) {
  uint8_t nonce[RecordSuite::kNonce];
  if (suite_.explicit_nonce > 0) PutNumber(body, number);
  Nonce(number, body, nonce);
  uint8_t* text = body + suite_.explicit_nonce;
  EVP_CIPHER_CTX* context = pool_->Borrow(tenant_, suite_, key_);
  const int length = static_cast<int>(size);
  int written = 0;
  const bool sealed =
      context != nullptr && EVP_CipherInit_ex2(context, nullptr, nullptr, nonce, 1, nullptr) == 1 &&
      // CCM wants to know the length before it sees additional data.
      (!suite_.is_ccm() || EVP_CipherUpdate(context, nullptr, &written, nullptr, length) == 1) &&
      EVP_CipherUpdate(context, nullptr, &written, additional.data, static_cast<int>(additional.size)) == 1 &&
      EVP_CipherUpdate(context, text, &written, text, length) == 1 &&
      EVP_CipherFinal_ex(context, text + size, &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, suite_.tag, text + size) == 1;
  if (!sealed) EmptyErrorQueue::Clear();
  return sealed;
}

bool RecordProtection::Open(uint64_t number, Bytes additional, Bytes body, uint8_t* to) {
  uint8_t nonce[RecordSuite::kNonce];
  Nonce(number, body.data, nonce);
  const size_t size = body.size - Overhead();
  const uint8_t* text = body.data + suite_.explicit_nonce;
  if (Decrypt(nonce, additional, text, size, text + size, to)) return true;
  OPENSSL_cleanse(to, size);
  EmptyErrorQueue::Clear();
  return false;
}

bool RecordProtection::Decrypt(const uint8_t* nonce, Bytes additional, const uint8_t* text, size_t size,
                               const uint8_t* tag, uint8_t* to) {
  EVP_CIPHER_CTX* context = pool_->Borrow(tenant_, suite_, key_);
  const int length = static_cast<int>(size);
  int written = 0;
  if (context == nullptr ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, suite_.tag, const_cast<uint8_t*>(tag)) != 1 ||
      EVP_CipherInit_ex2(context, nullptr, nullptr, nonce, 0, nullptr) != 1) {
    return false;
  }
  if (!suite_.is_ccm()) {
    return EVP_CipherUpdate(context, nullptr, &written, additional.data, static_cast<int>(additional.size)) == 1 &&
           EVP_CipherUpdate(context, to, &written, text, length) == 1 &&
           EVP_CipherFinal_ex(context, to + size, &written) == 1;
  }
  // CCM checks the tag in the one call that decrypts, and has no end.
  return EVP_CipherUpdate(context, nullptr, &written, nullptr, length) == 1 &&
         EVP_CipherUpdate(context, nullptr, &written, additional.data, static_cast<int>(additional.size)) == 1 &&
         EVP_CipherUpdate(context, to, &written, text, length) == 1;
}

void RecordProtection::Nonce(uint64_t number, const uint8_t* explicit_nonce, uint8_t* nonce) const {
  std::memcpy(nonce, iv_, suite_.fixed_iv);
  if (suite_.explicit_nonce > 0) {
    std::memcpy(nonce + suite_.fixed_iv, explicit_nonce, suite_.explicit_nonce);
    return;
  }
  // RFC 7905 §2: the number, filled up with zeros on the left, is mixed into an IV of the whole length.
  uint8_t bytes[8];
  PutNumber(bytes, number);
  for (int i = 0; i < 8; i++) nonce[4 + i] ^= bytes[i];
}

}  // namespace dtls_openssl
