// Which record numbers have been seen (RFC 6347 §4.1.2.6). Only numbers of authenticated records go in.
#ifndef DTLS_OPENSSL_REPLAY_WINDOW_H_
#define DTLS_OPENSSL_REPLAY_WINDOW_H_

#include <cstdint>
#include <memory>

namespace dtls_openssl {

class ReplayWindow {
 public:
  static constexpr uint32_t kMinSpan = 64;
  static constexpr uint32_t kMaxSpan = 1 << 16;

  // A multiple of 64 between them. False: another number, or no memory.
  bool Span(uint32_t numbers);
  uint32_t span() const { return span_; }

  // Neither seen nor older than the window.
  bool Admits(uint64_t number) const;
  // A number that it admits. True: higher than all before.
  bool Mark(uint64_t number);
  // From now on only higher numbers than `number` are admitted.
  void Close(uint64_t number);

  // -1: nothing was seen yet.
  int64_t newest() const { return static_cast<int64_t>(end_) - 1; }

 private:
  // A ring: the bit of a number is at the number's remainder.
  uint64_t* Words() { return more_ == nullptr ? &word_ : more_.get(); }
  const uint64_t* Words() const { return more_ == nullptr ? &word_ : more_.get(); }
  uint64_t WordOf(uint64_t number) const { return number % span_ / 64; }
  static uint64_t BitOf(uint64_t number) { return uint64_t{1} << (number % 64); }

  uint32_t span_ = kMinSpan;
  // Higher than all numbers that were seen.
  uint64_t end_ = 0;
  uint64_t word_ = 0;
  // If one word is too small.
  std::unique_ptr<uint64_t[]> more_;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_REPLAY_WINDOW_H_
