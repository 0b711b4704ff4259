// Resumption at a client (RFC 5246 §7.3, RFC 5077): sessions as bytes, out of one connection and into a later one. The
// bytes hold the master secret.
#ifndef DTLS_OPENSSL_SESSION_H_
#define DTLS_OPENSSL_SESSION_H_

#include <openssl/ssl.h>

#include "bytes.h"
#include "secret.h"

namespace dtls_openssl {

// Lets associations of a client take sessions; without it servers are not even asked for tickets.
void TakeSessions(SSL_CTX* ctx);

// Offers what SessionOf gave, unless it is damaged, expired, of a version or suite that is not configured, or too large
// for a hello of one datagram of `mtu` bytes, in which the server's name and protocols take up `names`. False: it will
// be a full handshake.
bool OfferSession(SSL* ssl, Bytes session, size_t mtu, size_t names);

// Of an established association. False: there is none, or none that is newer than what was offered.
bool SessionOf(SSL* ssl, Secret* session);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_SESSION_H_
