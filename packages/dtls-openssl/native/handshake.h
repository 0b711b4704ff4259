// What is only of interest until an association is established: the retransmission schedule, which messages went to and
// fro (so that silence can be explained), and the one extension whose outcome OpenSSL does not tell.
#ifndef DTLS_OPENSSL_HANDSHAKE_H_
#define DTLS_OPENSSL_HANDSHAKE_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <string>

#include "bytes.h"

namespace dtls_openssl {

// OpenSSL counts less than 15 ms as expired; and it counts microseconds in 32 bits.
constexpr uint32_t kMinWaitMs = 20;
constexpr uint32_t kMaxWaitMs = 4294967;

struct RetransmissionTimeouts {
  uint32_t min_ms = 0;
  uint32_t max_ms = 0;
};

class Handshake {
 public:
  // HandshakeType (RFC 5246 §7.4); no message has this number.
  static constexpr uint8_t kNone = 255;

  explicit Handshake(RetransmissionTimeouts timeouts) : timeouts_(timeouts) {}

  // Callbacks that are only needed until the handshake is over.
  void Watch(SSL* ssl);
  void Unwatch(SSL* ssl);

  // The wait after the current one is over: there is none.
  bool IsLastWait() const { return wait_ms_ >= timeouts_.max_ms; }
  // OpenSSL wanted to go on beyond the last wait.
  bool exhausted() const { return exhausted_; }

  uint8_t last_sent() const { return last_sent_; }
  uint8_t last_received() const { return last_received_; }
  bool encrypt_then_mac() const { return encrypt_then_mac_; }
  // Server: the PSK identity as it was sent; OpenSSL itself cuts it at the first NUL.
  const std::string& peer_identity() const { return peer_identity_; }

 private:
  static unsigned NextWait(SSL* ssl, unsigned previous_us);
  static void SawMessage(int sent, int version, int type, const void* data, size_t size, SSL* ssl, void* handshake);
  void SawServerHello(Bytes message);
  void SawClientKeyExchange(Bytes message);

  RetransmissionTimeouts timeouts_;
  uint32_t wait_ms_ = 0;
  uint32_t attempt_ = 0;
  bool exhausted_ = false;
  bool encrypt_then_mac_ = false;
  std::string peer_identity_;
  uint8_t last_sent_ = kNone;
  uint8_t last_received_ = kNone;
};

// Reports every alert, ours and the peer's, as a frame.
void WatchAlerts(SSL* ssl);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_HANDSHAKE_H_
