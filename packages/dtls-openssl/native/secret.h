// Bytes that are overwritten when they go: pre-shared keys and identities.
#ifndef DTLS_OPENSSL_SECRET_H_
#define DTLS_OPENSSL_SECRET_H_

#include <openssl/crypto.h>

#include <cstring>

#include "bytes.h"
#include "slabs.h"

namespace dtls_openssl {

class Secret {
 public:
  Secret() = default;
  ~Secret() { Wipe(); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  // False: out of memory, the secret is empty.
  bool Assign(Bytes bytes) {
    if (!Reserve(bytes.size)) return false;
    if (bytes.size > 0) std::memcpy(data_, bytes.data, bytes.size);
    return true;
  }

  // Of `size` bytes that are still to be written. False: as above.
  bool Reserve(size_t size) {
    Wipe();
    if (size == 0) return true;
    data_ = static_cast<uint8_t*>(SlabAllocate(size));
    if (data_ == nullptr) return false;
    size_ = size;
    return true;
  }

  void Wipe() {
    if (data_ != nullptr) OPENSSL_cleanse(data_, size_);
    SlabFree(data_, size_);
    data_ = nullptr;
    size_ = 0;
  }

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_SECRET_H_
