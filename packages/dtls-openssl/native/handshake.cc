#include "handshake.h"

#include <algorithm>

#include "connection.h"
#include "frames.h"

namespace dtls_openssl {
namespace {

constexpr uint8_t kServerHello = 2;
constexpr uint8_t kClientKeyExchange = 16;
constexpr unsigned kEncryptThenMac = 22;  // RFC 7366
constexpr size_t kMessageHeader = 12;     // RFC 6347 §4.2.2

void SawAlert(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_ALERT) == 0) return;
  FrameWriter* frames = Connection::From(ssl)->frames();
  if (frames == nullptr) return;
  const uint8_t ours = (where & SSL_CB_WRITE) != 0 ? 1 : 0;
  const uint8_t payload[] = {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value), ours};
  frames->Write(FrameKind::kAlert, {payload, sizeof payload, true});
}

unsigned Uint16(const uint8_t* at) { return static_cast<unsigned>(at[0]) << 8 | at[1]; }

}  // namespace

void WatchAlerts(SSL* ssl) { SSL_set_info_callback(ssl, SawAlert); }

void Handshake::Watch(SSL* ssl) {
  DTLS_set_timer_cb(ssl, NextWait);
  SSL_set_msg_callback(ssl, SawMessage);
  SSL_set_msg_callback_arg(ssl, this);
}

void Handshake::Unwatch(SSL* ssl) { SSL_set_msg_callback(ssl, nullptr); }

// The schedule of `nextWait` in @avs-net/core; 0 is a flight that is sent for the first time.
unsigned Handshake::NextWait(SSL* ssl, unsigned previous_us) {
  Connection* connection = Connection::From(ssl);
  Handshake& self = connection->handshake();
  if (previous_us == 0) {
    self.wait_ms_ = std::min(self.timeouts_.min_ms, self.timeouts_.max_ms);
    self.attempt_ = 1;
  } else if (self.IsLastWait()) {
    self.exhausted_ = true;
  } else {
    self.wait_ms_ = static_cast<uint32_t>(std::min<uint64_t>(2ull * self.wait_ms_, self.timeouts_.max_ms));
    self.attempt_++;
  }
  if (!self.exhausted_ && connection->frames() != nullptr) {
    uint8_t payload[8];
    PutUint32(payload, self.attempt_);
    PutUint32(payload + 4, self.wait_ms_);
    connection->frames()->Write(FrameKind::kFlight, {payload, sizeof payload, true});
  }
  return self.wait_ms_ * 1000u;
}

void Handshake::SawMessage(int sent, int, int type, const void* data, size_t size, SSL*, void* handshake) {
  if (type != SSL3_RT_HANDSHAKE || size < kMessageHeader) return;
  auto* self = static_cast<Handshake*>(handshake);
  const auto* message = static_cast<const uint8_t*>(data);
  (sent != 0 ? self->last_sent_ : self->last_received_) = message[0];
  const Bytes body{message + kMessageHeader, size - kMessageHeader, true};
  if (message[0] == kServerHello) self->SawServerHello(body);
  if (message[0] == kClientKeyExchange && sent == 0) self->SawClientKeyExchange(body);
}

// RFC 5246 §7.4.1.3: version, random, session id, suite, compression, extensions. Already checked by OpenSSL or made by
// it.
void Handshake::SawServerHello(Bytes message) {
  encrypt_then_mac_ = false;
  size_t at = 2 + 32;
  if (message.size <= at) return;
  at += 1 + message.data[at] + 2 + 1 + 2;
  while (at + 4 <= message.size) {
    if (Uint16(message.data + at) == kEncryptThenMac) encrypt_then_mac_ = true;
    at += 4 + Uint16(message.data + at + 2);
  }
}

// RFC 4279 §2, RFC 5489 §2: the identity comes first. Not checked by OpenSSL yet; what is too long it refuses.
void Handshake::SawClientKeyExchange(Bytes message) {
  peer_identity_.clear();
  if (message.size < 2) return;
  const size_t size = Uint16(message.data);
  if (size > PSK_MAX_IDENTITY_LEN || size + 2 > message.size) return;
  peer_identity_.assign(reinterpret_cast<const char*>(message.data) + 2, size);
}

}  // namespace dtls_openssl
