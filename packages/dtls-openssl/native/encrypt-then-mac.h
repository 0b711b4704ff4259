// Whether a record of a CBC suite is what the peer sent, where encrypt-then-MAC is negotiated (RFC 7366 §3): that can be
// told without decrypting. OpenSSL takes a wrong MAC for the end of the association here, as for a stream.
#ifndef DTLS_OPENSSL_ENCRYPT_THEN_MAC_H_
#define DTLS_OPENSSL_ENCRYPT_THEN_MAC_H_

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "bytes.h"
#include "key-block.h"

namespace dtls_openssl {

class EncryptThenMac {
 public:
  // For what the peer sends; `secrets` are those of `ssl`. Null: OpenSSL has not the hash, or no memory.
  static std::unique_ptr<EncryptThenMac> Create(const SSL* ssl, const RecordSecrets& secrets);

  ~EncryptThenMac() { OPENSSL_cleanse(key_, sizeof key_); }
  EncryptThenMac(const EncryptThenMac&) = delete;
  EncryptThenMac& operator=(const EncryptThenMac&) = delete;

  // A whole record with its header.
  bool IsAuthentic(Bytes record) const;

 private:
  EncryptThenMac() = default;

  const EVP_MD* digest_ = nullptr;
  size_t size_ = 0;
  uint8_t key_[EVP_MAX_MD_SIZE] = {};
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_ENCRYPT_THEN_MAC_H_
