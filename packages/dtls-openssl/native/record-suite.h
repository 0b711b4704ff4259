// The AEAD ciphersuites of DTLS 1.2 as the record layer sees them: cipher, sizes, hash of the PRF (RFC 5288, RFC 6655,
// RFC 7905). How keys are exchanged and peers authenticated is none of its business.
#ifndef DTLS_OPENSSL_RECORD_SUITE_H_
#define DTLS_OPENSSL_RECORD_SUITE_H_

#include <cstddef>
#include <cstdint>

namespace dtls_openssl {

enum class RecordCipher : uint8_t { kAes128Ccm, kAes256Ccm, kAes128Gcm, kAes256Gcm, kChaCha20Poly1305 };

struct RecordSuite {
  static constexpr size_t kMaxKey = 32;
  static constexpr size_t kNonce = 12;

  // IANA number.
  uint16_t id;
  RecordCipher cipher;
  uint8_t key;
  // Part of the nonce that comes from the key block, and part that every record carries.
  uint8_t fixed_iv;
  uint8_t explicit_nonce;
  uint8_t tag;
  // As EVP_MD_fetch knows it.
  const char* prf_digest;

  bool is_ccm() const { return cipher == RecordCipher::kAes128Ccm || cipher == RecordCipher::kAes256Ccm; }
};

// Null: not an AEAD suite, or unknown.
const RecordSuite* FindRecordSuite(uint16_t id);

// As EVP_CIPHER_fetch knows it.
const char* RecordCipherName(RecordCipher cipher);

constexpr size_t kRecordCiphers = 5;

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_RECORD_SUITE_H_
