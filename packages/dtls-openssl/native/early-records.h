// What came before its time: few and small, because nobody has authenticated it yet. The oldest makes room.
#ifndef DTLS_OPENSSL_EARLY_RECORDS_H_
#define DTLS_OPENSSL_EARLY_RECORDS_H_

#include <openssl/crypto.h>

#include <deque>
#include <string>
#include <utility>

#include "bytes.h"

namespace dtls_openssl {

class EarlyRecords {
 public:
  EarlyRecords(size_t max_count, size_t max_bytes) : max_count_(max_count), max_bytes_(max_bytes) {}
  ~EarlyRecords() {
    for (std::string& record : records_) OPENSSL_cleanse(record.data(), record.size());
  }
  EarlyRecords(const EarlyRecords&) = delete;
  EarlyRecords& operator=(const EarlyRecords&) = delete;

  // How many had to go for it, itself included if it is too large.
  size_t Keep(Bytes record) {
    size_t gone = 0;
    if (record.size > max_bytes_) return 1;
    while (records_.size() >= max_count_ || bytes_ + record.size > max_bytes_) {
      Take();
      gone++;
    }
    records_.emplace_back(reinterpret_cast<const char*>(record.data), record.size);
    bytes_ += record.size;
    return gone;
  }

  bool empty() const { return records_.empty(); }
  // The oldest.
  std::string Take() {
    std::string record = std::move(records_.front());
    records_.pop_front();
    bytes_ -= record.size();
    return record;
  }

 private:
  const size_t max_count_;
  const size_t max_bytes_;
  size_t bytes_ = 0;
  std::deque<std::string> records_;
};

inline Bytes BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size(), true};
}

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_EARLY_RECORDS_H_
