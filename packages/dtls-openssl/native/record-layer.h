// Everything of an association behind its handshake (RFC 6347 §4.1): the records of epoch 1 under an AEAD suite, with or
// without connection ids (RFC 9146). Seals, opens, numbers, and refuses what came before. Bytes in, bytes out: no OpenSSL
// connection, no clock, no JavaScript.
#ifndef DTLS_OPENSSL_RECORD_LAYER_H_
#define DTLS_OPENSSL_RECORD_LAYER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "bytes.h"

namespace dtls_openssl {

// What both sides know once the key exchange is done; copied, and the caller's to wipe.
struct RecordSecrets {
  uint16_t suite = 0;
  bool server = false;
  uint8_t master_secret[48];
  uint8_t client_random[32];
  uint8_t server_random[32];
};

struct RecordOptions {
  // On what the peer sends to us; empty: it sends plain records.
  Bytes own_id;
  // On what we send; empty: plain records.
  Bytes peer_id;
  // Numbers that the replay window spans, a multiple of 64.
  uint32_t window = 64;
};

// Why a record was not opened: names of what `dropped` counts.
enum class RecordVerdict : uint8_t {
  kOpened,
  kMalformed,
  kWrongEpoch,
  // A plain record where ids were negotiated, the reverse, or the id of somebody else.
  kWrongId,
  kReplayed,
  kForged,
};

struct OpenedRecord {
  RecordVerdict verdict = RecordVerdict::kMalformed;
  // The real content type, and the content in the caller's memory.
  uint8_t type = 0;
  size_t size = 0;
  // Newer than every record before it.
  bool newest = false;
  // Where the next record of the datagram starts; the end of the datagram if that cannot be told.
  size_t next = 0;
};

class RecordLayer {
 public:
  // Whether this layer has the suite: AEAD ones (RFC 5288, RFC 6655, RFC 7905).
  static bool Has(uint16_t suite);
  // Null: no memory, or OpenSSL has not the cipher.
  static std::unique_ptr<RecordLayer> Create(const RecordSecrets& secrets, const RecordOptions& options);

  ~RecordLayer();
  RecordLayer(const RecordLayer&) = delete;
  RecordLayer& operator=(const RecordLayer&) = delete;

  // Bytes that a record adds to its content.
  size_t Overhead() const;
  // Writes one record with the next number. 0: no room, or no number is left.
  size_t Seal(uint8_t type, Bytes content, uint8_t* to, size_t room);
  // Opens the record at `at` of `datagram`; `to` takes as many bytes as the datagram has.
  OpenedRecord Open(Bytes datagram, size_t at, uint8_t* to);

  // 48 bits without the epoch.
  uint64_t next_number() const;
  // Numbers from here on are not used; 2^48 - 1 at first.
  uint64_t limit() const;
  void set_limit(uint64_t limit);
  // Highest number that was opened.
  uint64_t newest() const;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_RECORD_LAYER_H_
