// Packs records into datagrams, as many as fit, and reports these.
#ifndef DTLS_OPENSSL_FLIGHT_WRITER_H_
#define DTLS_OPENSSL_FLIGHT_WRITER_H_

#include <cstddef>
#include <cstdint>

#include "frames.h"

namespace dtls_openssl {

class FlightWriter {
 public:
  // A datagram of a handshake, and what an id adds to its records.
  static constexpr size_t kMaxRecord = 4096 + 512;

  FlightWriter(size_t mtu, FrameWriter* frames) : mtu_(mtu), frames_(frames) {}
  ~FlightWriter() { Flush(); }
  FlightWriter(const FlightWriter&) = delete;
  FlightWriter& operator=(const FlightWriter&) = delete;

  // Where a record of `size` bytes goes. Null: no record is that long.
  uint8_t* Begin(size_t size) {
    if (size > kMaxRecord) return nullptr;
    // One that is longer than all that fits is sent for itself; the path may carry it.
    if (used_ > 0 && used_ + size > mtu_) Flush();
    return bytes_ + used_;
  }
  // The record is written.
  void End(size_t size) { used_ += size; }

 private:
  void Flush() {
    if (used_ > 0 && !frames_->Write(FrameKind::kDatagram, {bytes_, used_, true})) frames_->Write(FrameKind::kLost);
    used_ = 0;
  }

  const size_t mtu_;
  FrameWriter* const frames_;
  size_t used_ = 0;
  uint8_t bytes_[2 * kMaxRecord];
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_FLIGHT_WRITER_H_
