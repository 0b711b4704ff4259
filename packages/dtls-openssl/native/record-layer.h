// Everything of an association behind its handshake (RFC 6347 §4.1): the records of epoch 1 under an AEAD suite, with
// or without connection ids (RFC 9146). Seals, opens, numbers, and refuses what came before. Bytes in, bytes out: no
// OpenSSL connection, no clock, no JavaScript.
//
// Forgeries end nothing: DTLS 1.2 has no limit for them, and with one a stranger could end an association by junk
// alone. The limits of RFC 9147 §4.5.3 belong to key updates, which DTLS 1.2 has not.
#ifndef DTLS_OPENSSL_RECORD_LAYER_H_
#define DTLS_OPENSSL_RECORD_LAYER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "bytes.h"
#include "cipher-pool.h"
#include "key-block.h"
#include "record-header.h"
#include "record-protection.h"
#include "record-state.h"
#include "replay-window.h"
#include "slabs.h"

namespace dtls_openssl {

struct RecordOptions {
  // On what the peer sends to us; empty: it sends plain records. At most 255 bytes.
  Bytes own_id;
  // On what we send; empty: plain records. At most 255 bytes.
  Bytes peer_id;
  // Numbers that the replay window spans, a multiple of 64 up to 65536.
  uint32_t window = ReplayWindow::kMinSpan;
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

class RecordLayer : public InSlab {
 public:
  static constexpr uint16_t kEpoch = 1;
  static constexpr uint16_t kVersion = 0xfefd;

  // Whether this layer has the suite: AEAD ones (RFC 5288, RFC 6655, RFC 7905).
  static bool Has(uint16_t suite) { return FindRecordSuite(suite) != nullptr; }
  // Null: no memory, options out of range, or OpenSSL has not the cipher. The pool must outlive it.
  static std::unique_ptr<RecordLayer> Create(CipherPool* pool, const RecordSecrets& secrets,
                                             const RecordOptions& options);
  // The successor of the layer that `State` came from: it sends nothing before `set_limit`, from `state.first` on.
  static std::unique_ptr<RecordLayer> Continue(CipherPool* pool, const RecordState& state);

  RecordLayer(const RecordLayer&) = delete;
  RecordLayer& operator=(const RecordLayer&) = delete;

  // Bytes that a record adds to its content.
  size_t Overhead() const;
  // Writes one record with the next number. 0: no room, too long, no content type, or no number is left. `padding`
  // zeros hide the size of the content, only in records with an id (RFC 9146 §4). `content` may not overlap `to`.
  size_t Seal(uint8_t type, Bytes content, uint8_t* to, size_t room, size_t padding = 0);
  // Opens the record at `at` of `datagram`; `to`, elsewhere, takes as many bytes as the datagram has.
  OpenedRecord Open(Bytes datagram, size_t at, uint8_t* to);

  // 48 bits without the epoch.
  uint64_t next_number() const { return next_; }
  // Numbers from here on are not used; 2^48 - 1 at first.
  uint64_t limit() const { return limit_; }
  void set_limit(uint64_t limit) { limit_ = limit < RecordHeader::kMaxSequence ? limit : RecordHeader::kMaxSequence; }
  // Highest number that was opened; -1: none yet.
  int64_t newest() const { return window_.newest(); }

  // For a successor that begins at `first`; borrows from this layer.
  RecordState State(uint64_t first) const;

  const RecordSuite& suite() const { return suite_; }
  Bytes own_id() const { return {Ids(), own_id_size_, own_id_size_ > 0}; }
  Bytes peer_id() const { return {Ids() + own_id_size_, peer_id_size_, peer_id_size_ > 0}; }

 private:
  RecordLayer(CipherPool* pool, CipherTenant tenants, const RecordSuite& suite, const RecordKeys& keys);
  static std::unique_ptr<RecordLayer> Create(CipherPool* pool, const RecordSuite& suite, const RecordKeys& keys,
                                             const RecordOptions& options);
  bool Configure(const RecordOptions& options);
  const uint8_t* Ids() const { return reinterpret_cast<const uint8_t*>(ids_.data()); }
  RecordVerdict Judge(const RecordHeader& header) const;

  const RecordSuite& suite_;
  RecordProtection seal_;
  RecordProtection open_;
  ReplayWindow window_;
  uint64_t next_ = 0;
  uint64_t limit_ = RecordHeader::kMaxSequence;
  // Our own, then the peer's.
  SlabString ids_;
  uint8_t own_id_size_ = 0;
  uint8_t peer_id_size_ = 0;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_RECORD_LAYER_H_
