#include "frames.h"

#include <algorithm>
#include <cstring>

namespace dtls_openssl {

size_t FrameWriter::room() const {
  const size_t left = static_cast<size_t>(end_ - next_);
  return left <= kHeader ? 0 : std::min<size_t>(left - kHeader, UINT16_MAX);
}

bool FrameWriter::Write(FrameKind kind, Bytes payload) {
  if (static_cast<size_t>(end_ - next_) < kHeader || payload.size > room()) return false;
  if (payload.size > 0) std::memcpy(next_ + kHeader, payload.data, payload.size);
  Commit(kind, payload.size);
  return true;
}

void FrameWriter::Commit(FrameKind kind, size_t size) {
  next_[0] = static_cast<uint8_t>(kind);
  next_[1] = 0;
  next_[2] = static_cast<uint8_t>(size);
  next_[3] = static_cast<uint8_t>(size >> 8);
  next_ += kHeader + size;
}

}  // namespace dtls_openssl
