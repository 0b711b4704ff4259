// Keys and IVs of both directions, made from the master secret (RFC 5246 §6.3).
#ifndef DTLS_OPENSSL_KEY_BLOCK_H_
#define DTLS_OPENSSL_KEY_BLOCK_H_

#include <openssl/crypto.h>

#include <cstddef>
#include <cstdint>

#include "record-suite.h"

namespace dtls_openssl {

// What both sides know once the key exchange is done; copied, and the caller's to wipe.
struct RecordSecrets {
  uint16_t suite = 0;
  bool server = false;
  uint8_t master_secret[48];
  uint8_t client_random[32];
  uint8_t server_random[32];
};

// Wiped when it goes.
class KeyBlock {
 public:
  KeyBlock() = default;
  ~KeyBlock() { OPENSSL_cleanse(bytes_, sizeof bytes_); }
  KeyBlock(const KeyBlock&) = delete;
  KeyBlock& operator=(const KeyBlock&) = delete;

  // False: OpenSSL has not the KDF or the hash.
  bool Derive(const RecordSecrets& secrets, const RecordSuite& suite);

  // What a side seals with.
  const uint8_t* key(bool server) const { return bytes_ + (server ? key_ : 0); }
  const uint8_t* iv(bool server) const { return bytes_ + 2 * key_ + (server ? iv_ : 0); }

 private:
  size_t key_ = 0;
  size_t iv_ = 0;
  uint8_t bytes_[2 * (RecordSuite::kMaxKey + RecordSuite::kNonce)] = {};
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_KEY_BLOCK_H_
