// The header of a DTLS 1.2 record, with or without a connection id in it (RFC 6347 §4.1, RFC 9146 §4), and the
// additional data that it gives to authenticated encryption.
#ifndef DTLS_OPENSSL_RECORD_HEADER_H_
#define DTLS_OPENSSL_RECORD_HEADER_H_

#include <cstddef>
#include <cstdint>

#include "bytes.h"

namespace dtls_openssl {

struct RecordHeader {
  // Without an id.
  static constexpr size_t kSize = 13;
  static constexpr uint8_t kConnectionIdType = 25;
  // One byte of length in the extension (RFC 9146 §3).
  static constexpr size_t kMaxId = 255;
  // RFC 6347 §4.1, RFC 5246 §6.2.
  static constexpr size_t kMaxContent = 1 << 14;
  static constexpr size_t kMaxBody = kMaxContent + 2048;
  static constexpr uint64_t kMaxSequence = (uint64_t{1} << 48) - 1;

  uint8_t type = 0;
  uint16_t version = 0;
  // Epoch, 16 bits, and sequence number, 48 bits.
  uint64_t number = 0;
  Bytes id;
  size_t body = 0;

  size_t size() const { return kSize + id.size; }
  uint16_t epoch() const { return static_cast<uint16_t>(number >> 48); }
  uint64_t sequence() const { return number & kMaxSequence; }
};

// The header at the beginning of `record`; those of type tls12_cid carry an id of `id_length` bytes. False: cut off.
bool ParseRecordHeader(Bytes record, size_t id_length, RecordHeader* header);

// header.size() bytes.
void PutRecordHeader(uint8_t* to, const RecordHeader& header);

// RFC 5246 §6.2.3.3, RFC 9146 §5.3.
struct AdditionalData {
  uint8_t data[23 + RecordHeader::kMaxId];
  size_t size;

  // `text`: bytes that are encrypted.
  AdditionalData(const RecordHeader& header, size_t text);
  Bytes bytes() const { return {data, size, true}; }
};

// Big endian, as all of TLS.
inline void PutShort(uint8_t* to, size_t number) {
  to[0] = static_cast<uint8_t>(number >> 8);
  to[1] = static_cast<uint8_t>(number);
}

inline uint16_t GetShort(const uint8_t* from) { return static_cast<uint16_t>(from[0] << 8 | from[1]); }

inline void PutLong(uint8_t* to, uint32_t number) {
  to[0] = static_cast<uint8_t>(number >> 24);
  to[1] = static_cast<uint8_t>(number >> 16);
  to[2] = static_cast<uint8_t>(number >> 8);
  to[3] = static_cast<uint8_t>(number);
}

inline uint32_t GetLong(const uint8_t* from) {
  return uint32_t{from[0]} << 24 | uint32_t{from[1]} << 16 | uint32_t{from[2]} << 8 | uint32_t{from[3]};
}

// Without a loop, because compilers make one instruction of this.
inline void PutNumber(uint8_t* to, uint64_t number) {
  PutLong(to, static_cast<uint32_t>(number >> 32));
  PutLong(to + 4, static_cast<uint32_t>(number));
}

inline uint64_t GetNumber(const uint8_t* from) { return uint64_t{GetLong(from)} << 32 | GetLong(from + 4); }

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_RECORD_HEADER_H_
