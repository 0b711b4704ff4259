// What is only of interest until an association is established: the retransmission schedule, which messages went to and
// fro (so that silence can be explained), what was asked and answered, connection ids, the translation of records, and
// what came before its time.
#ifndef DTLS_OPENSSL_HANDSHAKE_H_
#define DTLS_OPENSSL_HANDSHAKE_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "bytes.h"
#include "connection-id.h"
#include "early-records.h"
#include "encrypt-then-mac.h"
#include "failure.h"
#include "last-flight.h"
#include "secret.h"
#include "server-name.h"
#include "session-server.h"
#include "translator.h"

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
  Handshake(RetransmissionTimeouts timeouts, Bytes own_id, uint32_t replay_window, CipherPool* pool, bool server)
      : timeouts_(timeouts), ids_(own_id), translator_(pool, replay_window, server) {}

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

  // Server: what the application answered.
  Secret& psk_answer() { return psk_answer_; }
  KeyFingerprint& psk_fingerprint() { return psk_fingerprint_; }
  SessionClaim& session_claim() { return session_claim_; }
  ServerNameClaim& server_name() { return server_name_; }

  // For what the peer sends, once there are keys; null: there is no way to tell.
  EncryptThenMac* encrypt_then_mac_of(const SSL* ssl) {
    if (mac_ == nullptr) mac_ = EncryptThenMac::Create(ssl, translator_.secrets());
    return mac_.get();
  }

  ConnectionIds& ids() { return ids_; }
  const ConnectionIds& ids() const { return ids_; }
  Translator& translator() { return translator_; }
  // What OpenSSL has sent since it was last given something.
  LastFlight& sent() { return sent_; }
  // Protected records of the peer that there are no keys for yet, or that OpenSSL would queue.
  EarlyRecords& early_records() { return early_records_; }
  // Authentic ones that overtook the change_cipher_spec, sealed for OpenSSL.
  EarlyRecords& early_finished() { return early_finished_; }
  // Data that overtook a Finished: authentic messages, or records where the suite is OpenSSL's own.
  EarlyRecords& early_messages() { return early_messages_; }

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
  uint8_t last_sent_ = Failure::kNoMessage;
  uint8_t last_received_ = Failure::kNoMessage;
  Secret psk_answer_;
  KeyFingerprint psk_fingerprint_{};
  SessionClaim session_claim_;
  ServerNameClaim server_name_;
  ConnectionIds ids_;
  Translator translator_;
  std::unique_ptr<EncryptThenMac> mac_;
  LastFlight sent_;
  // A Finished with its protection has a hundred bytes. All together are in `HALF_OPEN_BYTES` of limits.ts.
  EarlyRecords early_records_{8, 512};
  EarlyRecords early_finished_{2, 512};
  EarlyRecords early_messages_{8, 1536};
};

// Reports every alert, ours and the peer's, as a frame.
void WatchAlerts(SSL* ssl);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_HANDSHAKE_H_
