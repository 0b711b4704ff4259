#include "record-state.h"

#include <cstring>

#include "replay-window.h"

namespace dtls_openssl {
namespace {

// Raised with every change of the layout: version, suite (2 bytes), window in words (2), first number (8), newest
// number and one (8), length and bytes of our id and of the peer's, keys and IVs to seal and to open.
constexpr uint8_t kVersion = 1;
constexpr size_t kFixed = 21;

uint8_t* PutId(uint8_t* to, Bytes id) {
  *to++ = static_cast<uint8_t>(id.size);
  if (id.size > 0) std::memcpy(to, id.data, id.size);
  return to + id.size;
}

uint8_t* PutKey(uint8_t* to, const uint8_t* from, size_t size) {
  std::memcpy(to, from, size);
  return to + size;
}

// Walks along the bytes; once they are too few everything is absent.
class Reader {
 public:
  Reader(const uint8_t* at, size_t left) : at_(at), left_(left) {}

  const uint8_t* Take(size_t size) {
    if (size > left_) {
      failed_ = true;
      left_ = 0;
      return nullptr;
    }
    const uint8_t* taken = at_;
    at_ += size;
    left_ -= size;
    return taken;
  }

  Bytes TakeId() {
    const uint8_t* length = Take(1);
    const size_t size = length == nullptr ? 0 : *length;
    const uint8_t* data = Take(size);
    return {data, data == nullptr ? 0 : size, size > 0};
  }

  bool AtEnd() const { return !failed_ && left_ == 0; }

 private:
  const uint8_t* at_;
  size_t left_;
  bool failed_ = false;
};

}  // namespace

size_t PutRecordState(uint8_t* to, const RecordState& state) {
  const RecordSuite& suite = *state.suite;
  to[0] = kVersion;
  PutShort(to + 1, suite.id);
  PutShort(to + 3, state.window / 64);
  PutNumber(to + 5, state.first);
  PutNumber(to + 13, static_cast<uint64_t>(state.newest + 1));
  uint8_t* next = PutId(PutId(to + kFixed, state.own_id), state.peer_id);
  next = PutKey(next, state.keys.seal_key, suite.key);
  next = PutKey(next, state.keys.seal_iv, suite.fixed_iv);
  next = PutKey(next, state.keys.open_key, suite.key);
  next = PutKey(next, state.keys.open_iv, suite.fixed_iv);
  return static_cast<size_t>(next - to);
}

bool ParseRecordState(Bytes bytes, RecordState* state) {
  if (bytes.size < kFixed || bytes.data[0] != kVersion) return false;
  const uint8_t* from = bytes.data;
  state->suite = FindRecordSuite(GetShort(from + 1));
  state->window = uint32_t{GetShort(from + 3)} * 64;
  state->first = GetNumber(from + 5);
  const uint64_t end = GetNumber(from + 13);
  state->newest = static_cast<int64_t>(end) - 1;
  if (state->suite == nullptr) return false;
  if (state->window < ReplayWindow::kMinSpan || state->window > ReplayWindow::kMaxSpan) return false;
  if (state->first > RecordHeader::kMaxSequence || end > RecordHeader::kMaxSequence + 1) return false;
  Reader reader(from + kFixed, bytes.size - kFixed);
  state->own_id = reader.TakeId();
  state->peer_id = reader.TakeId();
  state->keys.seal_key = reader.Take(state->suite->key);
  state->keys.seal_iv = reader.Take(state->suite->fixed_iv);
  state->keys.open_key = reader.Take(state->suite->key);
  state->keys.open_iv = reader.Take(state->suite->fixed_iv);
  return reader.AtEnd();
}

}  // namespace dtls_openssl
