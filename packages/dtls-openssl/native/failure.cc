#include "failure.h"

#include <cstring>

namespace dtls_openssl {

void WriteFailure(FrameWriter* frames, const Failure& failure) {
  const size_t text = std::strlen(failure.library.text);
  uint8_t payload[8 + sizeof failure.library.text];
  payload[0] = static_cast<uint8_t>(failure.kind);
  payload[1] = failure.last_sent;
  payload[2] = failure.last_received;
  payload[3] = failure.verdict;
  PutUint32(payload + 4, static_cast<uint32_t>(failure.library.code));
  std::memcpy(payload + 8, failure.library.text, text);
  frames->Write(FrameKind::kFailed, {payload, 8 + text, true});
}

}  // namespace dtls_openssl
