// Tickets (RFC 5077 §4): sessions that clients keep for a server, encrypted with AES-256-CBC and authenticated with
// HMAC-SHA256 under keys that several servers may share.
#ifndef DTLS_OPENSSL_SESSION_TICKETS_H_
#define DTLS_OPENSSL_SESSION_TICKETS_H_

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <vector>

#include "bytes.h"
#include "secret.h"
#include "session-cache.h"

namespace dtls_openssl {

class TicketKeys {
 public:
  static constexpr size_t kName = 16;
  static constexpr size_t kCipherKey = 32;
  static constexpr size_t kMacKey = 32;
  // One key: its name, then both parts.
  static constexpr size_t kSize = kName + kCipherKey + kMacKey;
  static constexpr size_t kMaxKeys = 16;

  // The first encrypts, all decrypt. False: no memory.
  bool Assign(Bytes keys) { return keys_.Assign(keys); }

  // For OpenSSL: 0 no such key, 1 ready, 2 ready and the ticket should be made anew.
  int Encrypt(uint8_t name[kName], uint8_t* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const;
  int Decrypt(const uint8_t name[kName], const uint8_t* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const;

  // What is in a ticket, before OpenSSL asks for it; null if it is none of ours or not intact.
  Session Open(Bytes ticket) const;

 private:
  struct Key {
    const uint8_t* name;
    const uint8_t* cipher;
    const uint8_t* mac;
  };

  size_t count() const { return keys_.size() / kSize; }
  Key At(size_t index) const;
  // count() if there is none.
  size_t Find(const uint8_t* name) const;

  Secret keys_;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_SESSION_TICKETS_H_
