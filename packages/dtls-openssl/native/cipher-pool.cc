#include "cipher-pool.h"

namespace dtls_openssl {

CipherPool::~CipherPool() {
  for (Place& place : places_) EVP_CIPHER_CTX_free(place.context);
  for (EVP_CIPHER* cipher : ciphers_) EVP_CIPHER_free(cipher);
}

void CipherPool::Forget(CipherTenant tenant) {
  Place& place = places_[tenant % kPlaces];
  if (place.tenant != tenant) return;
  EVP_CIPHER_CTX_free(place.context);
  place = Place();
}

EVP_CIPHER_CTX* CipherPool::Move(CipherTenant tenant, const RecordSuite& suite, const uint8_t* key) {
  Place& place = places_[tenant % kPlaces];
  place.tenant = 0;
  const bool fits = place.context != nullptr && place.cipher == suite.cipher && place.tag == suite.tag;
  if (!fits && !Prepare(&place, tenant, suite)) return nullptr;
  if (EVP_CipherInit_ex2(place.context, nullptr, key, nullptr, Seals(tenant) ? 1 : 0, nullptr) != 1) return nullptr;
  place.tenant = tenant;
  return place.context;
}

const EVP_CIPHER* CipherPool::Fetch(RecordCipher cipher) {
  EVP_CIPHER*& fetched = ciphers_[static_cast<size_t>(cipher)];
  if (fetched == nullptr) fetched = EVP_CIPHER_fetch(nullptr, RecordCipherName(cipher), nullptr);
  return fetched;
}

bool CipherPool::Prepare(Place* place, CipherTenant tenant, const RecordSuite& suite) {
  EVP_CIPHER_CTX_free(place->context);
  *place = Place();
  const EVP_CIPHER* cipher = Fetch(suite.cipher);
  EVP_CIPHER_CTX* context = cipher == nullptr ? nullptr : EVP_CIPHER_CTX_new();
  // The sizes before the key, because CCM derives its first block from them; a tag to check comes with each record.
  if (context == nullptr ||
      EVP_CipherInit_ex2(context, cipher, nullptr, nullptr, Seals(tenant) ? 1 : 0, nullptr) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, RecordSuite::kNonce, nullptr) != 1 ||
      (suite.is_ccm() && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, suite.tag, nullptr) != 1)) {
    EVP_CIPHER_CTX_free(context);
    return false;
  }
  place->context = context;
  place->cipher = suite.cipher;
  place->tag = suite.tag;
  return true;
}

}  // namespace dtls_openssl
