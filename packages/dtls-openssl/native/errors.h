// OpenSSL's error queue belongs to the thread, and node:crypto reads the same one: every entry starts with an empty
// queue and leaves it empty.
#ifndef DTLS_OPENSSL_ERRORS_H_
#define DTLS_OPENSSL_ERRORS_H_

#include <node_api.h>
#include <openssl/err.h>

namespace dtls_openssl {

class EmptyErrorQueue {
 public:
  EmptyErrorQueue() { Clear(); }
  ~EmptyErrorQueue() { Clear(); }
  EmptyErrorQueue(const EmptyErrorQueue&) = delete;
  EmptyErrorQueue& operator=(const EmptyErrorQueue&) = delete;

  static void Clear() {
    // Clearing walks all entries, peeking does not.
    if (ERR_peek_error() != 0) ERR_clear_error();
  }
};

struct LibraryError {
  unsigned long code = 0;
  char text[256] = "";
};

// The first error of the queue, the one that the others follow from.
LibraryError FirstLibraryError();

// Throws an Error with `code`, `message` and, as properties, what the library said.
void ThrowLibraryError(napi_env env, const char* code, const char* message);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_ERRORS_H_
