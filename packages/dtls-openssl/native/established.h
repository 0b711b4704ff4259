// An association behind its handshake, with nothing left of OpenSSL's connection: our record layer, what was
// negotiated, what keys are exported from, and for a while the last flight (RFC 6347 §4.2.4). Renegotiation is refused
// (RFC 5746 would have it secure, nobody has it necessary).
#ifndef DTLS_OPENSSL_ESTABLISHED_H_
#define DTLS_OPENSSL_ESTABLISHED_H_

#include <memory>

#include "bytes.h"
#include "facts.h"
#include "frames.h"
#include "keying-material.h"
#include "last-flight.h"
#include "record-layer.h"
#include "secret.h"
#include "slabs.h"

namespace dtls_openssl {

class Established : public InSlab {
 public:
  Established(std::unique_ptr<RecordLayer> layer, const RecordSecrets& secrets, Facts facts, LastFlight last_flight,
              uint16_t mtu);
  // The successor of one that was saved, perhaps elsewhere: it sends nothing before it is saved itself.
  Established(std::unique_ptr<RecordLayer> layer, const RecordSecrets& secrets, Facts facts);

  void Receive(Bytes datagram, FrameWriter* frames);
  // 1 to 2^14 bytes.
  void Send(Bytes message, FrameWriter* frames);
  // Says goodbye; the association is over.
  void Shutdown(FrameWriter* frames);

  // What a successor goes on from, with a number that no state before promised and that this association will not
  // reach: `reserve` numbers from here. Until `Stored` no more than before may be used; with 0 nothing more is sent,
  // ever. False: no memory.
  bool Save(uint32_t reserve, Secret* state);
  // The latest state has taken the place of those before it.
  void Stored();
  // Numbers that may still be used.
  uint64_t left() const;

  // All numbers that there are have been used.
  bool exhausted() const { return layer_->next_number() >= RecordHeader::kMaxSequence; }
  // Nothing more is sent or received.
  bool over() const { return over_; }
  const RecordLayer& layer() const { return *layer_; }
  const Facts& facts() const { return facts_; }
  const KeyingMaterial& keying_material() const { return keying_material_; }

 private:
  void Take(uint8_t type, Bytes content, FrameWriter* frames);
  void TakeHandshake(Bytes content, FrameWriter* frames);
  void TakeAlert(Bytes content, FrameWriter* frames);
  void SendAlert(uint8_t level, uint8_t description, FrameWriter* frames);
  bool IsServer() const { return keying_material_.secrets().server; }

  std::unique_ptr<RecordLayer> layer_;
  KeyingMaterial keying_material_;
  Facts facts_;
  LastFlight last_flight_;
  // Where the latest successor would begin; 0: there was no state.
  uint64_t promised_ = 0;
  const uint16_t mtu_;
  // Datagrams, modulo 256.
  uint8_t received_ = 0;
  // In a row.
  uint8_t warnings_ = 0;
  bool silenced_ = false;
  bool refused_renegotiation_ = false;
  bool over_ = false;
};

void WriteDropped(FrameWriter* frames, DropReason reason);
DropReason DropReasonOf(RecordVerdict verdict);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_ESTABLISHED_H_
