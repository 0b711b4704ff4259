#include "replay-window.h"

#include <algorithm>
#include <new>

namespace dtls_openssl {

bool ReplayWindow::Span(uint32_t numbers) {
  if (numbers < kMinSpan || numbers > kMaxSpan || numbers % 64 != 0) return false;
  more_.reset(numbers > 64 ? new (std::nothrow) uint64_t[numbers / 64]() : nullptr);
  if (numbers > 64 && more_ == nullptr) return false;
  span_ = numbers;
  return true;
}

bool ReplayWindow::Admits(uint64_t number) const {
  if (number >= end_) return true;
  if (end_ - number > span_) return false;
  return (Words()[WordOf(number)] & BitOf(number)) == 0;
}

bool ReplayWindow::Mark(uint64_t number) {
  const bool newest = number >= end_;
  if (newest) {
    // The places of the numbers between have been those of numbers that are now too old.
    if (number - end_ >= span_) {
      std::fill_n(Words(), span_ / 64, uint64_t{0});
    } else {
      for (uint64_t skipped = end_; skipped < number; skipped++) Words()[WordOf(skipped)] &= ~BitOf(skipped);
    }
    end_ = number + 1;
  }
  Words()[WordOf(number)] |= BitOf(number);
  return newest;
}

void ReplayWindow::Close(uint64_t number) {
  end_ = number + 1;
  std::fill_n(Words(), span_ / 64, ~uint64_t{0});
}

}  // namespace dtls_openssl
