// A BIO that keeps datagram boundaries and never blocks: it reads the one datagram that the connection was given and
// writes into the frames that the connection reports.
#ifndef DTLS_OPENSSL_DATAGRAM_BIO_H_
#define DTLS_OPENSSL_DATAGRAM_BIO_H_

#include <openssl/bio.h>

namespace dtls_openssl {

class Connection;

BIO_METHOD* NewDatagramBioMethod();

// Null: no memory.
BIO* NewDatagramBio(BIO_METHOD* method, Connection* connection);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_DATAGRAM_BIO_H_
