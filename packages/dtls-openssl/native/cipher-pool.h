// Cipher contexts that the record layers of one environment share. A context with its key schedule has 0.6 to 1.2 KiB,
// a key has 16 or 32 bytes, so that many quiet peers keep keys only; those that talk keep a context until another one
// needs its place, and then a new key schedule costs 0.1 to 0.2 µs.
#ifndef DTLS_OPENSSL_CIPHER_POOL_H_
#define DTLS_OPENSSL_CIPHER_POOL_H_

#include <openssl/evp.h>

#include <cstdint>

#include "record-suite.h"

namespace dtls_openssl {

// Of one direction of one record layer; never given twice. Its parity says whether it seals.
using CipherTenant = uint64_t;

class CipherPool {
 public:
  CipherPool() = default;
  ~CipherPool();
  CipherPool(const CipherPool&) = delete;
  CipherPool& operator=(const CipherPool&) = delete;

  // Two in a row: the first seals, the second opens.
  CipherTenant NextPair() { return next_tenant_ += 2; }
  static bool Seals(CipherTenant tenant) { return tenant % 2 == 0; }

  // False: the running library has not got it.
  bool Has(RecordCipher cipher) { return Fetch(cipher) != nullptr; }
  // A context with the tenant's key, waiting for a nonce; valid until the next call. Null: no memory.
  EVP_CIPHER_CTX* Borrow(CipherTenant tenant, const RecordSuite& suite, const uint8_t* key) {
    const Place& place = places_[tenant % kPlaces];
    return place.tenant == tenant ? place.context : Move(tenant, suite, key);
  }
  // Wipes what there is of the tenant's key.
  void Forget(CipherTenant tenant);

 private:
  // Pairs; a busy server with more peers than this pays for key schedules.
  static constexpr size_t kPlaces = 2 * 128;

  struct Place {
    EVP_CIPHER_CTX* context = nullptr;
    CipherTenant tenant = 0;
    // What the context is made for.
    RecordCipher cipher{};
    uint8_t tag = 0;
  };

  EVP_CIPHER_CTX* Move(CipherTenant tenant, const RecordSuite& suite, const uint8_t* key);
  const EVP_CIPHER* Fetch(RecordCipher cipher);
  bool Prepare(Place* place, CipherTenant tenant, const RecordSuite& suite);

  CipherTenant next_tenant_ = 0;
  EVP_CIPHER* ciphers_[kRecordCiphers] = {};
  Place places_[kPlaces];
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_CIPHER_POOL_H_
