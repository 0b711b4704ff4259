// Between OpenSSL and the wire while a handshake runs: what OpenSSL protects in epoch 1 is opened with its own key and
// sealed anew by our record layer, the only one whose nonces reach the wire; what the peer protects is opened by our
// layer and sealed for OpenSSL, so that it sees nothing but what is authentic. Suites that the layer has not are none
// of its business.
#ifndef DTLS_OPENSSL_TRANSLATOR_H_
#define DTLS_OPENSSL_TRANSLATOR_H_

#include <openssl/ssl.h>

#include <memory>

#include "bytes.h"
#include "connection-id.h"
#include "flight-writer.h"
#include "keying-material.h"
#include "last-flight.h"
#include "record-layer.h"

namespace dtls_openssl {

class Translator {
 public:
  enum class State {
    // The key exchange is not done yet.
    kNoKeys,
    // The suite is OpenSSL's own.
    kIdle,
    kReady,
    // No memory: nothing protected gets through any more.
    kBroken,
  };

  Translator(CipherPool* pool, uint32_t replay_window, bool server)
      : pool_(pool), replay_window_(replay_window), server_(server) {}

  // Looks whether there are keys by now for what the peer sends.
  State Prepare(SSL* ssl, const ConnectionIds& ids);

  // A record of the peer, only when ready.
  OpenedRecord Open(Bytes record, uint8_t* to) { return wire_->Open(record, 0, to); }
  // A record for OpenSSL. 0: no room.
  size_t SealForOpenssl(uint8_t type, Bytes content, uint8_t* to, size_t room) {
    return openssl_->Seal(type, content, to, room);
  }

  // A datagram that OpenSSL wrote, for the wire and for `sent`. False: some of it is lost.
  bool Write(SSL* ssl, const ConnectionIds& ids, Bytes datagram, FlightWriter* flight, LastFlight* sent);

  // What stays when the handshake is over. Null: not ready.
  std::unique_ptr<RecordLayer> TakeLayer() { return std::move(wire_); }
  const RecordSecrets& secrets() const { return keying_.secrets(); }

 private:
  void Derive(SSL* ssl, const ConnectionIds& ids);
  bool WriteRecord(const RecordHeader& header, Bytes record, FlightWriter* flight, LastFlight* sent);

  CipherPool* const pool_;
  const uint32_t replay_window_;
  const bool server_;
  State state_ = State::kNoKeys;
  KeyingMaterial keying_;
  std::unique_ptr<RecordLayer> wire_;
  // In the place of the peer: opens what OpenSSL seals, and seals what it opens.
  std::unique_ptr<RecordLayer> openssl_;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_TRANSLATOR_H_
