// ALPN (RFC 7301): which application protocol is spoken above.
#ifndef DTLS_OPENSSL_APPLICATION_PROTOCOLS_H_
#define DTLS_OPENSSL_APPLICATION_PROTOCOLS_H_

#include <openssl/ssl.h>

#include <string>

#include "bytes.h"

namespace dtls_openssl {

// `protocols` as on the wire, best first: a byte of length before each name. It must outlive `ctx`. A server that finds
// none of them among those of a client ends the handshake with no_application_protocol. False: not a list of names.
bool UseProtocols(SSL_CTX* ctx, bool server, const std::string* protocols);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_APPLICATION_PROTOCOLS_H_
