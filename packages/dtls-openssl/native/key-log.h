// The secrets of connections as lines of an NSS key log, for looking into captured datagrams. Only where that is asked
// for.
#ifndef DTLS_OPENSSL_KEY_LOG_H_
#define DTLS_OPENSSL_KEY_LOG_H_

#include <openssl/ssl.h>

namespace dtls_openssl {

// Every line becomes a frame.
void LogKeys(SSL_CTX* ctx);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_KEY_LOG_H_
