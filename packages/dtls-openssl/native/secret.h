// Bytes that are overwritten when they go: pre-shared keys and identities.
#ifndef DTLS_OPENSSL_SECRET_H_
#define DTLS_OPENSSL_SECRET_H_

#include <openssl/crypto.h>

#include <cstring>

#include "bytes.h"

namespace dtls_openssl {

class Secret {
 public:
  Secret() = default;
  ~Secret() { Wipe(); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  // False: out of memory, the secret is empty.
  bool Assign(Bytes bytes) {
    Wipe();
    if (bytes.size == 0) return true;
    data_ = static_cast<uint8_t*>(OPENSSL_malloc(bytes.size));
    if (data_ == nullptr) return false;
    std::memcpy(data_, bytes.data, bytes.size);
    size_ = bytes.size;
    return true;
  }

  void Wipe() {
    OPENSSL_clear_free(data_, size_);
    data_ = nullptr;
    size_ = 0;
  }

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_SECRET_H_
