// What an association derives keys from once OpenSSL is gone: master secret and randoms, wiped at the end. Exports
// (RFC 5705) are those of SSL_export_keying_material, byte for byte.
#ifndef DTLS_OPENSSL_KEYING_MATERIAL_H_
#define DTLS_OPENSSL_KEYING_MATERIAL_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <string>

#include "bytes.h"
#include "record-layer.h"

namespace dtls_openssl {

// TLS1-PRF (RFC 5246 §5). `digest` is the name that OpenSSL has for the hash.
bool Prf(const char* digest, Bytes secret, const std::string& seed, uint8_t* to, size_t size);

class KeyingMaterial {
 public:
  KeyingMaterial() = default;
  ~KeyingMaterial() { OPENSSL_cleanse(&secrets_, sizeof secrets_); }
  KeyingMaterial(const KeyingMaterial&) = delete;
  KeyingMaterial& operator=(const KeyingMaterial&) = delete;

  // Of a key exchange that is done. False: it is not.
  bool Take(SSL* ssl, bool server);
  void Assign(const RecordSecrets& secrets) { secrets_ = secrets; }

  const RecordSecrets& secrets() const { return secrets_; }

  // An absent context differs from an empty one (RFC 5705 §4).
  bool Export(const std::string& label, Bytes context, uint8_t* to, size_t size) const;

 private:
  RecordSecrets secrets_{};
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_KEYING_MATERIAL_H_
