// Authenticated encryption of one direction: the key, the nonces made from it, and nothing of the record but its
// additional data (RFC 5288 §3, RFC 6655 §3, RFC 7905 §2).
#ifndef DTLS_OPENSSL_RECORD_PROTECTION_H_
#define DTLS_OPENSSL_RECORD_PROTECTION_H_

#include <openssl/params.h>

#include <cstddef>
#include <cstdint>

#include "bytes.h"
#include "cipher-pool.h"
#include "record-suite.h"

namespace dtls_openssl {

class RecordProtection {
 public:
  // `key` and `iv` as long as the suite says; copied. The pool must outlive it.
  RecordProtection(CipherPool* pool, CipherTenant tenant, const RecordSuite& suite, const uint8_t* key,
                   const uint8_t* iv);
  // Wipes the key, in the pool too.
  ~RecordProtection();
  RecordProtection(const RecordProtection&) = delete;
  RecordProtection& operator=(const RecordProtection&) = delete;

  // Bytes before and behind the text.
  size_t Before() const { return suite_.explicit_nonce; }
  size_t Overhead() const { return Before() + suite_.tag; }

  // Encrypts `text` to body + Before(), where it may stand already, and writes what goes before and behind it.
  // `number`: epoch and sequence number, 64 bits, never the same twice.
  bool Seal(uint64_t number, Bytes additional, Bytes text, uint8_t* body);
  // Decrypts `body`, at least Overhead() bytes, to `to`, Overhead() bytes less. False: not authentic, `to` is wiped.
  bool Open(uint64_t number, Bytes additional, Bytes body, uint8_t* to);

  const uint8_t* key() const { return key_; }
  const uint8_t* iv() const { return iv_; }

 private:
  void Nonce(uint64_t number, const uint8_t* explicit_nonce, uint8_t* nonce) const;
  bool Encrypt(const uint8_t* nonce, Bytes additional, Bytes text, uint8_t* to);
  bool Decrypt(const uint8_t* nonce, Bytes additional, Bytes text, uint8_t* to);
  OSSL_PARAM TagParameter(uint8_t* tag) const;
  bool Begin(EVP_CIPHER_CTX* context, const uint8_t* nonce, Bytes additional, Bytes text);

  CipherPool* pool_;
  const CipherTenant tenant_;
  const RecordSuite& suite_;
  uint8_t key_[RecordSuite::kMaxKey];
  // The rest is zero if it is short.
  uint8_t iv_[RecordSuite::kNonce] = {};
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_RECORD_PROTECTION_H_
