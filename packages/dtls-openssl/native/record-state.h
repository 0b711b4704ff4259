// What a record layer leaves to a successor, in this process or another: keys, ids, numbers. Plain bytes, and secret;
// whoever keeps them encrypts and authenticates them. Parsing believes nothing all the same.
#ifndef DTLS_OPENSSL_RECORD_STATE_H_
#define DTLS_OPENSSL_RECORD_STATE_H_

#include <cstddef>
#include <cstdint>

#include "bytes.h"
#include "record-header.h"
#include "record-suite.h"

namespace dtls_openssl {

// As long as the suite says.
struct RecordKeys {
  const uint8_t* seal_key = nullptr;
  const uint8_t* seal_iv = nullptr;
  const uint8_t* open_key = nullptr;
  const uint8_t* open_iv = nullptr;
};

// Borrows the memory of the layer or of the bytes that it was parsed from.
struct RecordState {
  static constexpr size_t kMaxSize =
      21 + 2 * (1 + RecordHeader::kMaxId) + 2 * (RecordSuite::kMaxKey + RecordSuite::kNonce);

  const RecordSuite* suite = nullptr;
  RecordKeys keys;
  // With which the successor begins to send.
  uint64_t first = 0;
  // Highest number that was opened, and only higher ones are opened from now on; -1: none yet.
  int64_t newest = -1;
  uint32_t window = 0;
  Bytes own_id;
  Bytes peer_id;
};

// Bytes written, at most RecordState::kMaxSize.
size_t PutRecordState(uint8_t* to, const RecordState& state);

// False: not such a state, or not one that this version knows.
bool ParseRecordState(Bytes bytes, RecordState* state);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_RECORD_STATE_H_
