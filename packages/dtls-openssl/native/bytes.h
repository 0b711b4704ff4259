// A borrowed run of bytes; absent (no data) differs from empty.
#ifndef DTLS_OPENSSL_BYTES_H_
#define DTLS_OPENSSL_BYTES_H_

#include <cstddef>
#include <cstdint>

namespace dtls_openssl {

struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
  bool present = false;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_BYTES_H_
