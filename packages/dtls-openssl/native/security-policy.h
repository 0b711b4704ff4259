// OpenSSL's security level 2 on every node, with exactly the configured suites and versions admitted beside it and,
// where that was asked for, the signatures of DTLS 1.0 handshakes. Level 0 would admit TLS_PSK_WITH_AES_128_CCM_8 too,
// and RSA-512 and SHA-1 certificates with it.
#ifndef DTLS_OPENSSL_SECURITY_POLICY_H_
#define DTLS_OPENSSL_SECURITY_POLICY_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <vector>

namespace dtls_openssl {

class SecurityPolicy {
 public:
  // Versions as on the wire (DTLS1_2_VERSION), suites as IANA numbers.
  SecurityPolicy(int min_version, int max_version, std::vector<uint16_t> suites, bool sha1_signatures)
      : min_version_(min_version),
        max_version_(max_version),
        suites_(std::move(suites)),
        sha1_signatures_(sha1_signatures) {}

  // The policy must outlive `ctx` and every SSL of it.
  void Install(SSL_CTX* ctx);
  bool HasSuite(uint16_t suite) const;

 private:
  using Callback = int (*)(const SSL*, const SSL_CTX*, int, int, int, void*, void*);

  static int Decide(const SSL* ssl, const SSL_CTX* ctx, int operation, int bits, int nid, void* other, void* policy);
  bool Admits(const SSL* ssl, int operation, int nid, void* other) const;
  bool AdmitsSignature(const SSL* ssl, void* scheme) const;

  int min_version_;
  int max_version_;
  std::vector<uint16_t> suites_;
  bool sha1_signatures_;
  Callback default_ = nullptr;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_SECURITY_POLICY_H_
