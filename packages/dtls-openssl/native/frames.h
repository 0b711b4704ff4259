// What a call reports, as a run of frames in memory that the caller lends: one byte of kind, one of zero, two of length
// (little endian), then the payload. One crossing per call, in the order in which things happened.
#ifndef DTLS_OPENSSL_FRAMES_H_
#define DTLS_OPENSSL_FRAMES_H_

#include <cstddef>
#include <cstdint>

#include "bytes.h"

namespace dtls_openssl {

// Mirrored in src/frames.ts.
enum class FrameKind : uint8_t {
  kDatagram = 1,     // bytes for the peer
  kMessage = 2,      // bytes from the peer
  kAlert = 3,        // level, description, 0 peer's or 1 ours
  kEstablished = 4,  // -
  kClosed = 5,       // -
  kFlight = 6,       // attempt, wait in milliseconds: two uint32
  kTimer = 7,        // milliseconds until the retransmission timer expires, uint32; all ones: none runs
  kFailed = 8,       // why, last handshake message sent, last received, X509_V_ERR_; library code, uint32; text
  kLost = 9,         // a datagram for the peer did not fit: lost like any other
  kKeyLog = 10,      // a line of a key log: secret
  kSessionClaim = 11,  // the PSK identity whose session a client wants to resume; waits for an answer
  kServerName = 12,    // the name that a client asks for, as it was sent; waits for an answer
  kSession = 13,     // client, behind kEstablished: what can be resumed later: secret
  kDropped = 14,     // a DropReason
};

// Why a record had no effect.
enum class DropReason : uint8_t {
  kMalformed = 0,
  kWrongEpoch = 1,
  kWrongConnectionId = 2,
  kReplayed = 3,
  kForged = 4,
  // Ahead of the keys, and too much of it.
  kEarly = 5,
  // Authentic, but of no use here.
  kUnexpected = 6,
  kRenegotiation = 7,
  // A Finished, but the flight that would answer it is forgotten.
  kRepeatedFlight = 8,
};

class FrameWriter {
 public:
  static constexpr size_t kHeader = 4;
  // Kept free at the end: a read must not write where the callbacks of that same read put frames.
  static constexpr size_t kScratch = 16384;
  // Smallest arena: what the largest datagram holds, and what one read may add to it.
  static constexpr size_t kMinArena = 2 * 65536;
  static constexpr size_t kMaxArena = 1 << 24;

  FrameWriter() = default;
  // At least kMinArena bytes.
  FrameWriter(uint8_t* begin, size_t size) : begin_(begin), next_(begin), end_(begin + size - kScratch) {}

  // False: no room, nothing was written.
  bool Write(FrameKind kind, Bytes payload = {});
  // Where the payload of the next frame goes, at most `size` bytes of it, for Commit. Null: no room.
  uint8_t* Reserve(size_t size) { return size <= room() ? next_ + kHeader : nullptr; }
  void Commit(FrameKind kind, size_t size);
  // Room for the payload of one more frame.
  size_t room() const;
  uint8_t* scratch() const { return end_; }
  size_t used() const { return static_cast<size_t>(next_ - begin_); }

 private:
  uint8_t* begin_ = nullptr;
  uint8_t* next_ = nullptr;
  uint8_t* end_ = nullptr;
};

inline void PutUint32(uint8_t* to, uint32_t value) {
  for (int i = 0; i < 4; i++) to[i] = static_cast<uint8_t>(value >> (8 * i));
}

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_FRAMES_H_
