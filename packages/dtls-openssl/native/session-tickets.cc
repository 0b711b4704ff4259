#include "session-tickets.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cstring>

namespace dtls_openssl {
namespace {

constexpr size_t kIv = 16;
constexpr size_t kMac = 32;

bool UseMacKey(EVP_MAC_CTX* mac, const uint8_t* key) {
  char digest[] = "SHA256";
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<uint8_t*>(key), TicketKeys::kMacKey),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, params) == 1;
}

}  // namespace

int TicketKeys::Encrypt(uint8_t name[kName], uint8_t* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const {
  if (count() == 0 || RAND_bytes(iv, kIv) != 1) return 0;
  const Key key = At(0);
  std::memcpy(name, key.name, kName);
  const bool ready =
      EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher, iv) == 1 && UseMacKey(mac, key.mac);
  return ready ? 1 : -1;
}

int TicketKeys::Decrypt(const uint8_t name[kName], const uint8_t* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const {
  const size_t index = Find(name);
  if (index == count()) return 0;
  const Key key = At(index);
  const bool ready =
      EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher, iv) == 1 && UseMacKey(mac, key.mac);
  if (!ready) return -1;
  return index == 0 ? 1 : 2;
}

// RFC 5077 §4: key_name, IV, encrypted state, MAC over all that comes before it.
Session TicketKeys::Open(Bytes ticket) const {
  if (ticket.size <= kName + kIv + kMac || ticket.size > UINT16_MAX) return nullptr;
  const size_t index = Find(ticket.data);
  if (index == count()) return nullptr;
  const Key key = At(index);
  uint8_t mac[EVP_MAX_MD_SIZE];
  unsigned mac_size = 0;
  const size_t authenticated = ticket.size - kMac;
  if (HMAC(EVP_sha256(), key.mac, kMacKey, ticket.data, authenticated, mac, &mac_size) == nullptr ||
      mac_size != kMac || CRYPTO_memcmp(mac, ticket.data + authenticated, kMac) != 0) {
    return nullptr;
  }
  const uint8_t* const state = ticket.data + kName + kIv;
  const int state_size = static_cast<int>(authenticated - kName - kIv);
  Secret der;
  if (!der.Assign({state, static_cast<size_t>(state_size), true})) return nullptr;
  EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
  int size = 0, rest = 0;
  auto* plain = const_cast<uint8_t*>(der.data());
  const bool decrypted =
      cipher != nullptr &&
      EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher, ticket.data + kName) == 1 &&
      EVP_DecryptUpdate(cipher, plain, &size, state, state_size) == 1 &&
      EVP_DecryptFinal_ex(cipher, plain + size, &rest) == 1;
  EVP_CIPHER_CTX_free(cipher);
  return decrypted ? ParseSession({plain, static_cast<size_t>(size + rest), true}) : nullptr;
}

TicketKeys::Key TicketKeys::At(size_t index) const {
  const uint8_t* key = keys_.data() + index * kSize;
  return {key, key + kName, key + kName + kCipherKey};
}

size_t TicketKeys::Find(const uint8_t* name) const {
  size_t index = 0;
  while (index < count() && std::memcmp(At(index).name, name, kName) != 0) index++;
  return index;
}

}  // namespace dtls_openssl
