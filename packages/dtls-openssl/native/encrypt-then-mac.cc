#include "encrypt-then-mac.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>

#include <cstring>
#include <new>
#include <string>

#include "keying-material.h"
#include "record-header.h"

namespace dtls_openssl {
namespace {

// RFC 5246 §5 and, for DTLS 1.0, RFC 4346 §5.
const char* PrfDigest(const SSL* ssl, const SSL_CIPHER* suite) {
  if (SSL_version(ssl) == DTLS1_VERSION) return "MD5-SHA1";
  const EVP_MD* digest = SSL_CIPHER_get_handshake_digest(suite);
  return digest != nullptr && EVP_MD_get_type(digest) == NID_sha384 ? "SHA384" : "SHA256";
}

}  // namespace

std::unique_ptr<EncryptThenMac> EncryptThenMac::Create(const SSL* ssl, const RecordSecrets& secrets) {
  const SSL_CIPHER* suite = SSL_get_pending_cipher(ssl);
  if (suite == nullptr) suite = SSL_get_current_cipher(ssl);
  const EVP_MD* digest = suite == nullptr ? nullptr : EVP_get_digestbynid(SSL_CIPHER_get_digest_nid(suite));
  std::unique_ptr<EncryptThenMac> mac(new (std::nothrow) EncryptThenMac());
  if (digest == nullptr || mac == nullptr) return nullptr;
  mac->digest_ = digest;
  mac->size_ = static_cast<size_t>(EVP_MD_get_size(digest));
  // RFC 5246 §6.3: the MAC keys of client and server come first.
  uint8_t keys[2 * EVP_MAX_MD_SIZE];
  std::string seed = "key expansion";
  seed.append(reinterpret_cast<const char*>(secrets.server_random), sizeof secrets.server_random);
  seed.append(reinterpret_cast<const char*>(secrets.client_random), sizeof secrets.client_random);
  const Bytes master{secrets.master_secret, sizeof secrets.master_secret, true};
  const bool derived = Prf(PrfDigest(ssl, suite), master, seed, keys, 2 * mac->size_);
  if (derived) std::memcpy(mac->key_, keys + (secrets.server ? 0 : mac->size_), mac->size_);
  OPENSSL_cleanse(keys, sizeof keys);
  return derived ? std::move(mac) : nullptr;
}

// Number, type, version, the length without the MAC; then what is encrypted, IV first.
bool EncryptThenMac::IsAuthentic(Bytes record) const {
  if (record.size < RecordHeader::kSize + size_ || record.size > UINT16_MAX) return false;
  uint8_t input[UINT16_MAX];
  const size_t body = record.size - RecordHeader::kSize - size_;
  std::memcpy(input, record.data + 3, 8);
  std::memcpy(input + 8, record.data, 3);
  input[11] = static_cast<uint8_t>(body >> 8);
  input[12] = static_cast<uint8_t>(body);
  std::memcpy(input + RecordHeader::kSize, record.data + RecordHeader::kSize, body);
  uint8_t mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const bool made = HMAC(digest_, key_, static_cast<int>(size_), input, RecordHeader::kSize + body, mac, &size) != nullptr;
  return made && size == size_ && CRYPTO_memcmp(mac, record.data + record.size - size_, size_) == 0;
}

}  // namespace dtls_openssl
