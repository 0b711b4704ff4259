#include "association-state.h"

#include <cstring>

namespace dtls_openssl {
namespace {

// Raised with every change of the layout: version, flags, DTLS version (2 bytes), master secret, randoms of client and
// server; four texts and each certificate with two or four bytes of length; the state of the record layer to the end.
constexpr uint8_t kVersion = 1;

enum Flag : uint8_t {
  kServer = 1,
  kResumed = 2,
  kExtendedMasterSecret = 4,
  kConnectionIds = 8,
  kIdentity = 16,
  kHint = 32,
  kServerName = 64,
};

// Reallocates nothing: what it leaves behind would not be wiped.
class StateWriter {
 public:
  explicit StateWriter(uint8_t* to) : to_(to) {}

  void Byte(uint8_t value) { Put(&value, 1); }
  void Number(size_t value, int bytes) {
    while (bytes-- > 0) Byte(static_cast<uint8_t>(value >> (8 * bytes)));
  }
  void Put(const void* data, size_t size) {
    if (to_ != nullptr && size > 0) std::memcpy(to_ + size_, data, size);
    size_ += size;
  }
  void Text(const SlabString& text, int bytes) {
    Number(text.size(), bytes);
    Put(text.data(), text.size());
  }
  size_t size() const { return size_; }

 private:
  // Null: only counts.
  uint8_t* to_;
  size_t size_ = 0;
};

class StateReader {
 public:
  explicit StateReader(Bytes bytes) : left_(bytes) {}

  // Once there is too little, everything is empty.
  Bytes Take(size_t size) {
    if (size > left_.size) {
      failed_ = true;
      left_.size = 0;
      return {};
    }
    const Bytes taken{left_.data, size, true};
    left_ = {left_.data + size, left_.size - size, true};
    return taken;
  }
  size_t Number(size_t bytes) {
    const Bytes taken = Take(bytes);
    size_t value = 0;
    for (size_t i = 0; i < taken.size; i++) value = value << 8 | taken.data[i];
    return value;
  }
  void Copy(uint8_t* to, size_t size) {
    const Bytes taken = Take(size);
    if (taken.size > 0) std::memcpy(to, taken.data, taken.size);
  }
  SlabString Text(size_t bytes) {
    return SlabStringOf(Take(Number(bytes)));
  }
  Bytes Rest() { return Take(left_.size); }
  bool failed() const { return failed_; }

 private:
  Bytes left_;
  bool failed_ = false;
};

uint8_t FlagsOf(const RecordSecrets& secrets, const Facts& facts) {
  return static_cast<uint8_t>((secrets.server ? kServer : 0) | (facts.resumed ? kResumed : 0) |
                              (facts.extended_master_secret ? kExtendedMasterSecret : 0) |
                              (facts.connection_ids ? kConnectionIds : 0) | (facts.psk_identity ? kIdentity : 0) |
                              (facts.identity_hint ? kHint : 0) | (facts.server_name ? kServerName : 0));
}

void Write(StateWriter* to, const RecordSecrets& secrets, const Facts& facts) {
  to->Byte(kVersion);
  to->Byte(FlagsOf(secrets, facts));
  to->Number(facts.version, 2);
  to->Put(secrets.master_secret, sizeof secrets.master_secret);
  to->Put(secrets.client_random, sizeof secrets.client_random);
  to->Put(secrets.server_random, sizeof secrets.server_random);
  to->Text(facts.psk_identity.value_or(""), 2);
  to->Text(facts.identity_hint.value_or(""), 2);
  to->Text(facts.server_name.value_or(""), 2);
  to->Text(facts.alpn, 2);
  to->Number(facts.certificates.size(), 2);
  for (const SlabString& certificate : facts.certificates) to->Text(certificate, 4);
}

std::optional<SlabString> If(bool present, SlabString text) {
  return present ? std::optional<SlabString>(std::move(text)) : std::nullopt;
}

}  // namespace

bool WriteAssociationState(const KeyingMaterial& keying, const Facts& facts, const RecordState& records, Secret* to) {
  uint8_t layer[RecordState::kMaxSize];
  const size_t layer_size = PutRecordState(layer, records);
  StateWriter counter(nullptr);
  Write(&counter, keying.secrets(), facts);
  const bool assigned = to->Reserve(counter.size() + layer_size);
  if (assigned) {
    StateWriter writer(to->data());
    Write(&writer, keying.secrets(), facts);
    writer.Put(layer, layer_size);
  }
  OPENSSL_cleanse(layer, sizeof layer);
  return assigned;
}

bool ReadAssociationState(Bytes bytes, AssociationState* state) {
  StateReader from(bytes);
  if (from.Number(1) != kVersion) return false;
  const auto flags = static_cast<uint8_t>(from.Number(1));
  Facts& facts = state->facts;
  facts.version = static_cast<uint16_t>(from.Number(2));
  RecordSecrets secrets;
  from.Copy(secrets.master_secret, sizeof secrets.master_secret);
  from.Copy(secrets.client_random, sizeof secrets.client_random);
  from.Copy(secrets.server_random, sizeof secrets.server_random);
  facts.psk_identity = If((flags & kIdentity) != 0, from.Text(2));
  facts.identity_hint = If((flags & kHint) != 0, from.Text(2));
  facts.server_name = If((flags & kServerName) != 0, from.Text(2));
  facts.alpn = from.Text(2);
  const size_t certificates = from.Number(2);
  for (size_t i = 0; i < certificates && !from.failed(); i++) facts.certificates.push_back(from.Text(4));
  const bool whole = !from.failed() && ParseRecordState(from.Rest(), &state->records);
  if (whole) {
    secrets.suite = state->records.suite->id;
    secrets.server = (flags & kServer) != 0;
    state->keying_material.Assign(secrets);
    facts.suite = secrets.suite;
    facts.resumed = (flags & kResumed) != 0;
    facts.extended_master_secret = (flags & kExtendedMasterSecret) != 0;
    facts.connection_ids = (flags & kConnectionIds) != 0;
    facts.own_id = SlabStringOf(state->records.own_id);
    facts.peer_id = SlabStringOf(state->records.peer_id);
  }
  OPENSSL_cleanse(&secrets, sizeof secrets);
  return whole && facts.version == RecordLayer::kVersion;
}

}  // namespace dtls_openssl
