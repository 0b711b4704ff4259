#include "last-flight.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "flight-writer.h"

namespace dtls_openssl {
namespace {

constexpr size_t kEntryHeader = 4;
constexpr uint16_t kDtls12 = 0xfefd;

int64_t NowSeconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

}  // namespace

void LastFlight::AddPlain(const RecordHeader& header, const uint8_t* content) {
  next_plain_ = std::max(next_plain_, header.number + 1);
  Add(false, header.type, {content, header.body, true});
}

void LastFlight::Add(bool is_protected, uint8_t type, Bytes content) {
  records_.push_back(is_protected ? 1 : 0);
  records_.push_back(static_cast<char>(type));
  records_.push_back(static_cast<char>(content.size >> 8));
  records_.push_back(static_cast<char>(content.size));
  records_.append(reinterpret_cast<const char*>(content.data), content.size);
}

void LastFlight::Seal() {
  records_.shrink_to_fit();
  expires_ = NowSeconds() + kLifetimeSeconds;
}

void LastFlight::Expire() {
  if (records_.empty() || NowSeconds() < expires_) return;
  records_.clear();
  records_.shrink_to_fit();
}

void LastFlight::Repeat(RecordLayer* layer, size_t mtu, FrameWriter* frames) {
  if (repetitions_ >= kMaxRepetitions) return;
  repetitions_++;
  FlightWriter flight(mtu, frames);
  const auto* at = reinterpret_cast<const uint8_t*>(records_.data());
  for (const uint8_t* end = at + records_.size(); at < end;) {
    const size_t size = static_cast<size_t>(at[2] << 8 | at[3]);
    const uint8_t* content = at + kEntryHeader;
    const size_t room = size + (at[0] != 0 ? layer->Overhead() : RecordHeader::kSize);
    uint8_t* to = flight.Begin(room);
    if (to == nullptr) return;
    if (at[0] != 0) {
      flight.End(layer->Seal(at[1], {content, size, true}, to, room));
    } else {
      RecordHeader header;
      header.type = at[1];
      header.version = kDtls12;
      header.number = next_plain_++;
      header.body = size;
      PutRecordHeader(to, header);
      std::memcpy(to + RecordHeader::kSize, content, size);
      flight.End(room);
    }
    at = content + size;
  }
}

}  // namespace dtls_openssl
