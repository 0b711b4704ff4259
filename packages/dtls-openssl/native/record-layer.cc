#include "record-layer.h"

#include <cstring>
#include <new>

namespace dtls_openssl {
namespace {

// RFC 5246 §6.2.1 and RFC 6520: change_cipher_spec to heartbeat.
bool IsPlainType(uint8_t type) { return type >= 20 && type <= 24; }

bool Same(Bytes one, Bytes other) {
  return one.size == other.size && (one.size == 0 || std::memcmp(one.data, other.data, one.size) == 0);
}

}  // namespace

std::unique_ptr<RecordLayer> RecordLayer::Create(CipherPool* pool, const RecordSecrets& secrets,
                                                 const RecordOptions& options) {
  const RecordSuite* suite = FindRecordSuite(secrets.suite);
  KeyBlock block;
  if (suite == nullptr || !block.Derive(secrets, *suite)) return nullptr;
  const bool server = secrets.server;
  const RecordKeys keys{block.key(server), block.iv(server), block.key(!server), block.iv(!server)};
  return Create(pool, *suite, keys, options);
}

std::unique_ptr<RecordLayer> RecordLayer::Create(CipherPool* pool, const RecordSuite& suite, const RecordKeys& keys,
                                                 const RecordOptions& options) {
  if (!pool->Has(suite.cipher)) return nullptr;
  std::unique_ptr<RecordLayer> layer(new (std::nothrow) RecordLayer(pool, pool->NextPair(), suite, keys));
  return layer != nullptr && layer->Configure(options) ? std::move(layer) : nullptr;
}

std::unique_ptr<RecordLayer> RecordLayer::Continue(CipherPool* pool, const RecordState& state) {
  std::unique_ptr<RecordLayer> layer =
      Create(pool, *state.suite, state.keys, {state.own_id, state.peer_id, state.window});
  if (layer == nullptr) return nullptr;
  layer->next_ = state.first;
  layer->limit_ = state.first;
  // What was opened after the state was taken, the layer before has opened already.
  if (state.newest >= 0) layer->window_.Close(static_cast<uint64_t>(state.newest));
  return layer;
}

RecordLayer::RecordLayer(CipherPool* pool, CipherTenant tenants, const RecordSuite& suite, const RecordKeys& keys)
    : suite_(suite),
      seal_(pool, tenants, suite, keys.seal_key, keys.seal_iv),
      open_(pool, tenants + 1, suite, keys.open_key, keys.open_iv) {}

bool RecordLayer::Configure(const RecordOptions& options) {
  const Bytes own = options.own_id, peer = options.peer_id;
  if (own.size > RecordHeader::kMaxId || peer.size > RecordHeader::kMaxId) return false;
  if (!window_.Span(options.window)) return false;
  ids_.reserve(own.size + peer.size);
  if (own.size > 0) ids_.append(reinterpret_cast<const char*>(own.data), own.size);
  if (peer.size > 0) ids_.append(reinterpret_cast<const char*>(peer.data), peer.size);
  own_id_size_ = static_cast<uint8_t>(own.size);
  peer_id_size_ = static_cast<uint8_t>(peer.size);
  return true;
}

size_t RecordLayer::Overhead() const {
  // The real content type goes inside where an id goes outside.
  return RecordHeader::kSize + peer_id_size_ + (peer_id_size_ > 0 ? 1 : 0) + seal_.Overhead();
}

size_t RecordLayer::Seal(uint8_t type, Bytes content, uint8_t* to, size_t room, size_t padding) {
  // tls12_cid says how a record looks, not what is in it.
  if (next_ >= limit_ || type == RecordHeader::kConnectionIdType) return 0;
  if (content.size > RecordHeader::kMaxContent || padding > RecordHeader::kMaxContent - content.size) return 0;
  if (padding > 0 && peer_id_size_ == 0) return 0;
  const size_t size = Overhead() + content.size + padding;
  if (size > room) return 0;
  RecordHeader header;
  header.type = peer_id_size_ > 0 ? RecordHeader::kConnectionIdType : type;
  header.version = kVersion;
  // Used up whatever happens next.
  header.number = uint64_t{kEpoch} << 48 | next_++;
  header.id = peer_id();
  header.body = size - header.size();
  PutRecordHeader(to, header);
  uint8_t* body = to + header.size();
  Bytes text = content;
  if (peer_id_size_ > 0) {
    uint8_t* inner = body + seal_.Before();
    if (content.size > 0) std::memcpy(inner, content.data, content.size);
    inner[content.size] = type;
    std::memset(inner + content.size + 1, 0, padding);
    text = {inner, content.size + 1 + padding, true};
  } else if (content.size == 0) {
    // OpenSSL takes text without an address for the end of a CCM message.
    text.data = body;
  }
  return seal_.Seal(header.number, AdditionalData(header, text.size).bytes(), text, body) ? size : 0;
}

OpenedRecord RecordLayer::Open(Bytes datagram, size_t at, uint8_t* to) {
  OpenedRecord record;
  record.next = datagram.size;
  if (at >= datagram.size) return record;
  RecordHeader header;
  const Bytes rest{datagram.data + at, datagram.size - at, true};
  // Without an id of ours nobody knows how long that of a tls12_cid record is.
  if (rest.data[0] == RecordHeader::kConnectionIdType && own_id_size_ == 0) {
    record.verdict = RecordVerdict::kWrongId;
    return record;
  }
  if (!ParseRecordHeader(rest, own_id_size_, &header)) return record;
  record.next = at + header.size() + header.body;
  record.verdict = Judge(header);
  if (record.verdict != RecordVerdict::kOpened) return record;
  const size_t text_size = header.body - open_.Overhead();
  const Bytes body{rest.data + header.size(), header.body, true};
  if (!open_.Open(header.number, AdditionalData(header, text_size).bytes(), body, to)) {
    record.verdict = RecordVerdict::kForged;
    return record;
  }
  record.newest = window_.Mark(header.sequence());
  record.type = header.type;
  record.size = text_size;
  if (own_id_size_ > 0) {
    // The type is the last byte that is not zero (RFC 9146 §4).
    while (record.size > 0 && to[record.size - 1] == 0) record.size--;
    if (record.size == 0) {
      record.verdict = RecordVerdict::kMalformed;
      return record;
    }
    record.type = to[--record.size];
  }
  if (record.size > RecordHeader::kMaxContent) record.verdict = RecordVerdict::kMalformed;
  return record;
}

RecordState RecordLayer::State(uint64_t first) const {
  const RecordKeys keys{seal_.key(), seal_.iv(), open_.key(), open_.iv()};
  return {&suite_, keys, first, newest(), window_.span(), own_id(), peer_id()};
}

RecordVerdict RecordLayer::Judge(const RecordHeader& header) const {
  const bool has_id = header.type == RecordHeader::kConnectionIdType;
  if (header.version != kVersion || (!has_id && !IsPlainType(header.type))) return RecordVerdict::kMalformed;
  if (header.epoch() != kEpoch) return RecordVerdict::kWrongEpoch;
  if (has_id != (own_id_size_ > 0) || !Same(header.id, has_id ? own_id() : Bytes())) return RecordVerdict::kWrongId;
  if (header.body < open_.Overhead() || header.body > RecordHeader::kMaxBody) return RecordVerdict::kMalformed;
  return window_.Admits(header.sequence()) ? RecordVerdict::kOpened : RecordVerdict::kReplayed;
}

}  // namespace dtls_openssl
