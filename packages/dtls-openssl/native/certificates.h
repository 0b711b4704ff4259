// Certificates (RFC 5280): the own chain with its key, what is trusted, what is revoked. All of it arrives as DER, one
// object behind the other, already read and decoded by @avs-net/credentials.
#ifndef DTLS_OPENSSL_CERTIFICATES_H_
#define DTLS_OPENSSL_CERTIFICATES_H_

#include <openssl/ssl.h>

#include "bytes.h"

namespace dtls_openssl {

// Leaf first, and its key as unencrypted PKCS#8. False: what is wrong is in the error queue.
bool UseOwnCertificate(SSL_CTX* ctx, Bytes chain, Bytes key);

struct Trust {
  // SSL_VERIFY_NONE, SSL_VERIFY_PEER or both bits of a server that insists.
  int verify_mode = SSL_VERIFY_PEER;
  Bytes anchors;
  // Any list makes revocation a condition: each certificate of a chain needs a current list of its issuer.
  Bytes revocation_lists;
};

// False: what is wrong is in the error queue.
bool UseTrust(SSL_CTX* ctx, const Trust& trust);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_CERTIFICATES_H_
