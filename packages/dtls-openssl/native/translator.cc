#include "translator.h"

#include <cstring>

namespace dtls_openssl {
namespace {

// Whether the secret that the session of `ssl` holds is that of this handshake. The session that a client offers has
// one too; only the answer of the server makes it count.
bool HasKeys(SSL* ssl, bool server) {
  if (SSL_session_reused(ssl) == 1) return !server;
  const SSL_SESSION* session = server ? SSL_get_session(ssl) : nullptr;
  return session != nullptr && SSL_SESSION_get_master_key(session, nullptr, 0) > 0;
}

}  // namespace

// A client in a full handshake, and a server that resumes, are first to write something protected: see Write.
Translator::State Translator::Prepare(SSL* ssl, const ConnectionIds& ids) {
  if (state_ == State::kNoKeys && HasKeys(ssl, server_)) Derive(ssl, ids);
  return state_;
}

bool Translator::Write(SSL* ssl, const ConnectionIds& ids, Bytes datagram, FlightWriter* flight, LastFlight* sent) {
  bool whole = true;
  while (datagram.size > 0) {
    RecordHeader header;
    if (!ParseRecordHeader(datagram, 0, &header)) return false;
    const size_t size = header.size() + header.body;
    // Whoever protects has the keys.
    if (header.epoch() > 0 && state_ == State::kNoKeys) Derive(ssl, ids);
    whole = WriteRecord(header, {datagram.data, size, true}, flight, sent) && whole;
    datagram = {datagram.data + size, datagram.size - size, true};
  }
  return whole;
}

bool Translator::WriteRecord(const RecordHeader& header, Bytes record, FlightWriter* flight, LastFlight* sent) {
  if (header.epoch() == 0 || state_ == State::kIdle) {
    uint8_t* to = flight->Begin(record.size);
    if (to == nullptr) return false;
    std::memcpy(to, record.data, record.size);
    flight->End(record.size);
    if (header.epoch() == 0) sent->AddPlain(header, record.data + header.size());
    return true;
  }
  uint8_t content[FlightWriter::kMaxRecord];
  if (state_ != State::kReady || record.size > sizeof content) return false;
  const OpenedRecord opened = openssl_->Open(record, 0, content);
  if (opened.verdict != RecordVerdict::kOpened) return false;
  const size_t room = opened.size + wire_->Overhead();
  uint8_t* to = flight->Begin(room);
  const size_t size = to == nullptr ? 0 : wire_->Seal(opened.type, {content, opened.size, true}, to, room);
  flight->End(size);
  if (size > 0) sent->AddProtected(opened.type, {content, opened.size, true});
  OPENSSL_cleanse(content, opened.size);
  return size > 0;
}

void Translator::Derive(SSL* ssl, const ConnectionIds& ids) {
  state_ = State::kBroken;
  if (!keying_.Take(ssl, server_)) return;
  RecordSecrets secrets = keying_.secrets();
  if (!RecordLayer::Has(secrets.suite)) {
    state_ = State::kIdle;
  } else {
    RecordOptions options;
    options.window = replay_window_;
    if (ids.negotiated()) {
      options.own_id = ids.own();
      options.peer_id = ids.peer();
    }
    wire_ = RecordLayer::Create(pool_, secrets, options);
    secrets.server = !server_;
    openssl_ = RecordLayer::Create(pool_, secrets, RecordOptions());
    if (wire_ != nullptr && openssl_ != nullptr) state_ = State::kReady;
  }
  OPENSSL_cleanse(&secrets, sizeof secrets);
}

}  // namespace dtls_openssl
