// How the end of an association in failure is reported.
#ifndef DTLS_OPENSSL_FAILURE_H_
#define DTLS_OPENSSL_FAILURE_H_

#include <cstdint>

#include "errors.h"
#include "frames.h"

namespace dtls_openssl {

// Mirrored in src/frames.ts.
enum class FailureKind : uint8_t { kProtocol = 0, kTimeout = 1, kEnd = 2, kExhausted = 3 };

struct Failure {
  // HandshakeType (RFC 5246 §7.4); no message has this number.
  static constexpr uint8_t kNoMessage = 255;

  FailureKind kind = FailureKind::kProtocol;
  uint8_t last_sent = kNoMessage;
  uint8_t last_received = kNoMessage;
  // X509_V_ERR_…, 0: none.
  uint8_t verdict = 0;
  LibraryError library;
};

void WriteFailure(FrameWriter* frames, const Failure& failure);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_FAILURE_H_
