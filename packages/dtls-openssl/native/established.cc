#include "established.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <utility>

#include "association-state.h"
#include "failure.h"

namespace dtls_openssl {
namespace {

// RFC 6347 §4.2.2: type, length, message number, offset of the fragment, its length.
constexpr size_t kMessageHeader = 12;
constexpr size_t kFragmentOffset = 6;
// As many as OpenSSL bears.
constexpr uint8_t kMaxWarnings = 5;

bool IsFirstFragment(Bytes message) {
  const uint8_t* offset = message.data + kFragmentOffset;
  return offset[0] == 0 && offset[1] == 0 && offset[2] == 0;
}

void WriteAlert(FrameWriter* frames, uint8_t level, uint8_t description, bool ours) {
  const uint8_t payload[] = {level, description, static_cast<uint8_t>(ours ? 1 : 0)};
  frames->Write(FrameKind::kAlert, {payload, sizeof payload, true});
}

}  // namespace

void WriteDropped(FrameWriter* frames, DropReason reason) {
  const auto payload = static_cast<uint8_t>(reason);
  frames->Write(FrameKind::kDropped, {&payload, 1, true});
}

DropReason DropReasonOf(RecordVerdict verdict) {
  switch (verdict) {
    case RecordVerdict::kWrongEpoch:
      return DropReason::kWrongEpoch;
    case RecordVerdict::kWrongId:
      return DropReason::kWrongConnectionId;
    case RecordVerdict::kReplayed:
      return DropReason::kReplayed;
    case RecordVerdict::kForged:
      return DropReason::kForged;
    default:
      return DropReason::kMalformed;
  }
}

Established::Established(std::unique_ptr<RecordLayer> layer, const RecordSecrets& secrets, Facts facts,
                         LastFlight last_flight, uint16_t mtu)
    : layer_(std::move(layer)), facts_(std::move(facts)), last_flight_(std::move(last_flight)), mtu_(mtu) {
  keying_material_.Assign(secrets);
  last_flight_.Seal();
}

Established::Established(std::unique_ptr<RecordLayer> layer, const RecordSecrets& secrets, Facts facts)
    : layer_(std::move(layer)), facts_(std::move(facts)), promised_(layer_->limit()), mtu_(0) {
  keying_material_.Assign(secrets);
}

bool Established::Save(uint32_t reserve, Secret* state) {
  const uint64_t next = layer_->next_number();
  const uint64_t unpromised = std::max(next + reserve, promised_ + (promised_ > 0 ? 1 : 0));
  const uint64_t first = std::min(unpromised, RecordHeader::kMaxSequence);
  if (!WriteAssociationState(keying_material_, facts_, layer_->State(first), state)) return false;
  // Whoever takes an earlier state begins earlier, so that its beginning stays the limit until it is gone.
  if (promised_ == 0) layer_->set_limit(first);
  if (reserve == 0) {
    silenced_ = true;
    layer_->set_limit(next);
  }
  promised_ = first;
  return true;
}

void Established::Stored() {
  if (!silenced_ && promised_ > 0) layer_->set_limit(promised_);
}

uint64_t Established::left() const {
  return layer_->limit() > layer_->next_number() ? layer_->limit() - layer_->next_number() : 0;
}

void Established::Receive(Bytes datagram, FrameWriter* frames) {
  // Now and then, because asking for the time costs as much as a tenth of a short message.
  if (++received_ == 0) last_flight_.Expire();
  for (size_t at = 0; at < datagram.size && !over_;) {
    uint8_t* content = frames->Reserve(datagram.size - at);
    if (content == nullptr) return;
    const OpenedRecord record = layer_->Open(datagram, at, content);
    at = record.next;
    if (record.verdict != RecordVerdict::kOpened) {
      WriteDropped(frames, DropReasonOf(record.verdict));
    } else if (record.type == SSL3_RT_APPLICATION_DATA) {
      warnings_ = 0;
      if (record.size > 0) frames->Commit(FrameKind::kMessage, record.size);
    } else {
      Take(record.type, {content, record.size, true}, frames);
    }
  }
}

void Established::Send(Bytes message, FrameWriter* frames) {
  const size_t room = message.size + layer_->Overhead();
  uint8_t* to = frames->Reserve(room);
  const size_t size = to == nullptr ? 0 : layer_->Seal(SSL3_RT_APPLICATION_DATA, message, to, room);
  if (size > 0) return frames->Commit(FrameKind::kDatagram, size);
  over_ = true;
  Failure failure;
  failure.kind = FailureKind::kExhausted;
  WriteFailure(frames, failure);
}

void Established::Shutdown(FrameWriter* frames) {
  SendAlert(SSL3_AL_WARNING, SSL3_AD_CLOSE_NOTIFY, frames);
  over_ = true;
  frames->Write(FrameKind::kClosed);
}

// `content` stands where the next frame goes.
void Established::Take(uint8_t type, Bytes content, FrameWriter* frames) {
  switch (type) {
    case SSL3_RT_ALERT:
      return TakeAlert(content, frames);
    case SSL3_RT_HANDSHAKE:
      return TakeHandshake(content, frames);
    default:
      return WriteDropped(frames, DropReason::kUnexpected);
  }
}

void Established::TakeHandshake(Bytes content, FrameWriter* frames) {
  const uint8_t type = content.size < kMessageHeader ? Failure::kNoMessage : content.data[0];
  const bool first = content.size >= kMessageHeader && IsFirstFragment(content);
  if (type == SSL3_MT_FINISHED) {
    last_flight_.Expire();
    // Whoever repeats its Finished has not got ours.
    if (first && !last_flight_.empty()) return last_flight_.Repeat(layer_.get(), mtu_, frames);
    return WriteDropped(frames, DropReason::kRepeatedFlight);
  }
  const bool renegotiation = type == (IsServer() ? SSL3_MT_CLIENT_HELLO : SSL3_MT_HELLO_REQUEST);
  WriteDropped(frames, renegotiation ? DropReason::kRenegotiation : DropReason::kUnexpected);
  if (!renegotiation || refused_renegotiation_) return;
  refused_renegotiation_ = true;
  SendAlert(SSL3_AL_WARNING, SSL_AD_NO_RENEGOTIATION, frames);
}

void Established::TakeAlert(Bytes content, FrameWriter* frames) {
  const uint8_t level = content.size == 2 ? content.data[0] : 0;
  const uint8_t description = content.size == 2 ? content.data[1] : 0;
  if (level != SSL3_AL_WARNING && level != SSL3_AL_FATAL) return WriteDropped(frames, DropReason::kUnexpected);
  if (level == SSL3_AL_FATAL) {
    over_ = true;
    WriteAlert(frames, level, description, false);
    return WriteFailure(frames, Failure());
  }
  if (description == SSL3_AD_CLOSE_NOTIFY) {
    WriteAlert(frames, level, description, false);
    // RFC 5246 §7.2.1: answered with a close_notify of our own.
    return Shutdown(frames);
  }
  if (warnings_ >= kMaxWarnings) return WriteDropped(frames, DropReason::kUnexpected);
  warnings_++;
  WriteAlert(frames, level, description, false);
}

void Established::SendAlert(uint8_t level, uint8_t description, FrameWriter* frames) {
  const uint8_t content[] = {level, description};
  const size_t room = sizeof content + layer_->Overhead();
  uint8_t* to = frames->Reserve(room);
  const size_t size = to == nullptr ? 0 : layer_->Seal(SSL3_RT_ALERT, {content, sizeof content, true}, to, room);
  // No number is left, or it is not ours to use.
  if (size == 0) return;
  frames->Commit(FrameKind::kDatagram, size);
  WriteAlert(frames, level, description, true);
}

}  // namespace dtls_openssl
