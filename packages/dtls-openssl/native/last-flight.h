// The flight that ended a handshake, for the peer that did not get it: until then it repeats its Finished (RFC 6347
// §4.2.4). Kept as contents of records, because whoever repeats has to use new numbers.
#ifndef DTLS_OPENSSL_LAST_FLIGHT_H_
#define DTLS_OPENSSL_LAST_FLIGHT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "bytes.h"
#include "frames.h"
#include "record-header.h"
#include "record-layer.h"
#include "slabs.h"

namespace dtls_openssl {

class LastFlight {
 public:
  // Twice the maximum segment lifetime of RFC 793, 2 minutes.
  static constexpr int64_t kLifetimeSeconds = 240;
  // More often than any schedule of retransmissions.
  static constexpr uint8_t kMaxRepetitions = 32;

  // Forgets the records, not the numbers that they had.
  void Clear() { records_.clear(); }
  // A record that was sent in the clear; its number is used.
  void AddPlain(const RecordHeader& header, const uint8_t* content);
  void AddProtected(uint8_t type, Bytes content) { Add(true, type, content); }

  // From now on it grows old; memory is trimmed.
  void Seal();
  bool empty() const { return records_.empty(); }
  // Forgets records that are too old.
  void Expire();
  // Sends it once more.
  void Repeat(RecordLayer* layer, size_t mtu, FrameWriter* frames);

 private:
  void Add(bool is_protected, uint8_t type, Bytes content);

  // Each: 1 if protected, type, length (two bytes), content.
  SlabString records_;
  uint64_t next_plain_ = 0;
  int64_t expires_ = 0;
  uint8_t repetitions_ = 0;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_LAST_FLIGHT_H_
