// What came before its time: few and small, because nobody may have authenticated it yet. When it is full a random one
// makes room or the new one goes, so that of all that came each is kept with the same chance: a forger who sends many
// cannot be sure to push a genuine one out, whenever he sends them.
#ifndef DTLS_OPENSSL_EARLY_RECORDS_H_
#define DTLS_OPENSSL_EARLY_RECORDS_H_

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "bytes.h"

namespace dtls_openssl {

class EarlyRecords {
 public:
  EarlyRecords(size_t max_count, size_t max_size) : max_count_(max_count), max_size_(max_size) {}
  ~EarlyRecords() {
    for (std::string& record : records_) OPENSSL_cleanse(record.data(), record.size());
  }
  EarlyRecords(const EarlyRecords&) = delete;
  EarlyRecords& operator=(const EarlyRecords&) = delete;

  // False: one had to go, itself perhaps.
  bool Keep(Bytes record) {
    if (record.size > max_size_) return false;
    const bool full = records_.size() >= max_count_;
    if (full) {
      // Reservoir sampling: the n-th stays with a chance of max_count / n.
      came_++;
      uint32_t random = 0;
      if (RAND_bytes(reinterpret_cast<unsigned char*>(&random), sizeof random) != 1) return false;
      const size_t place = random % came_;
      if (place >= max_count_) return false;
      OPENSSL_cleanse(records_[place].data(), records_[place].size());
      records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(place));
    }
    records_.emplace_back(reinterpret_cast<const char*>(record.data), record.size);
    if (!full) came_ = static_cast<uint32_t>(records_.size());
    return !full;
  }

  size_t count() const { return records_.size(); }
  bool empty() const { return records_.empty(); }
  // The oldest.
  std::string Take() {
    std::string record = std::move(records_.front());
    records_.pop_front();
    return record;
  }

 private:
  const size_t max_count_;
  const size_t max_size_;
  // Since there was room.
  uint32_t came_ = 0;
  std::deque<std::string> records_;
};

inline Bytes BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size(), true};
}

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_EARLY_RECORDS_H_
