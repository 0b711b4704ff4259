#include "connection.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

#include "datagram-bio.h"
#include "environment.h"

#ifdef _WIN32
#include <winsock2.h>
#else
#include <sys/time.h>
#endif

namespace dtls_openssl {
namespace {

// Lends the frames and the input to the callbacks for the length of a call.
class Lending {
 public:
  Lending(FrameWriter** frames_slot, FrameWriter* frames, Bytes* input_slot, Bytes input)
      : frames_slot_(frames_slot), input_slot_(input_slot) {
    *frames_slot_ = frames;
    *input_slot_ = input;
  }
  ~Lending() {
    *frames_slot_ = nullptr;
    *input_slot_ = {};
  }

 private:
  FrameWriter** frames_slot_;
  Bytes* input_slot_;
};

}  // namespace

std::shared_ptr<Connection> Connection::Open(Environment* environment, std::shared_ptr<Context> context,
                                             const ConnectionOptions& options) {
  std::shared_ptr<Connection> connection(new (std::nothrow) Connection(environment, std::move(context), options));
  return connection != nullptr && connection->Configure(environment, options) ? connection : nullptr;
}

Connection::Connection(Environment* environment, std::shared_ptr<Context> context, const ConnectionOptions& options)
    : count_(&environment->live, &LiveObjects::associations),
      context_(std::move(context)),
      handshake_(options.timeouts),
      mtu_(std::clamp(options.mtu, kMinMtu, kMaxMtu)) {}

Connection::~Connection() {
  // Otherwise OpenSSL takes the session of a peer that just went away for a broken one.
  const bool whole = ssl_ != nullptr && phase_ == Phase::kEstablished;
  if (whole) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
}

bool Connection::Configure(Environment* environment, const ConnectionOptions& options) {
  ssl_ = SSL_new(context_->ssl_ctx());
  if (ssl_ == nullptr) return false;
  ssl_count_.emplace(&environment->live, &LiveObjects::connections);
  BIO* bio = NewDatagramBio(environment->bio_method, this);
  if (bio == nullptr) return false;
  bio_count_.emplace(&environment->live, &LiveObjects::bios);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
  WatchAlerts(ssl_);
  handshake_.Watch(ssl_);
  if (context_->server()) {
    SSL_set_accept_state(ssl_);
  } else {
    SSL_set_connect_state(ssl_);
  }
  return options.server_name.empty() || SSL_set_tlsext_host_name(ssl_, options.server_name.c_str()) == 1;
}

void Connection::Start(Bytes opening, FrameWriter* frames) {
  Lending lending(&frames_, frames, &input_, opening);
  if (context_->server() && !opening.present) return;
  if (context_->server() && !Adopt()) return Fail(FailureKind::kProtocol);
  Advance();
}

void Connection::Receive(Bytes datagram, FrameWriter* frames) {
  // OpenSSL reports an empty datagram as an end of everything.
  if (phase_ == Phase::kClosed || datagram.size == 0) return;
  Lending lending(&frames_, frames, &input_, datagram);
  return phase_ == Phase::kHandshake ? Advance() : ReadMessages();
}

void Connection::Send(Bytes message, FrameWriter* frames) {
  Lending lending(&frames_, frames, &input_, {});
  if (SSL_write(ssl_, message.data, static_cast<int>(message.size)) <= 0) Fail(FailureKind::kProtocol);
}

void Connection::Timeout(FrameWriter* frames) {
  if (phase_ != Phase::kHandshake) return;
  Lending lending(&frames_, frames, &input_, {});
  timeval left;
  const bool expired = DTLSv1_get_timeout(ssl_, &left) == 1 && left.tv_sec == 0 && left.tv_usec == 0;
  if (expired && handshake_.IsLastWait()) return Fail(FailureKind::kTimeout);
  if (expired && DTLSv1_handle_timeout(ssl_) < 0) {
    return Fail(handshake_.exhausted() ? FailureKind::kTimeout : FailureKind::kProtocol);
  }
  ReportTimer();
}

void Connection::Shutdown(FrameWriter* frames) {
  if (phase_ == Phase::kClosed) return;
  Lending lending(&frames_, frames, &input_, {});
  if (phase_ == Phase::kEstablished) SSL_shutdown(ssl_);
  phase_ = Phase::kClosed;
  frames_->Write(FrameKind::kClosed);
}

bool Connection::AnswerPsk(Bytes key) {
  if (context_->sessions() != nullptr && key.present) psk_fingerprint_ = FingerprintOf(key);
  return psk_answer_.Assign(key);
}

void Connection::AnswerSession(Bytes key, FrameWriter* frames) {
  if (phase_ != Phase::kHandshake || session_claim_.state() != SessionClaim::State::kAsking) return;
  Lending lending(&frames_, frames, &input_, {});
  session_claim_.Answer(key);
  Advance();
}

void Connection::AnswerServerName(std::shared_ptr<Context> named, Bytes id_context, FrameWriter* frames) {
  if (phase_ != Phase::kHandshake || server_name_.state() != ServerNameClaim::State::kAsking) return;
  Lending lending(&frames_, frames, &input_, {});
  if (named == nullptr) {
    server_name_.Refuse();
  } else if (named == context_) {
    server_name_.UseDefault();
  } else if (!server_name_.Use(ssl_, std::move(named), id_context)) {
    return Fail(FailureKind::kProtocol);
  }
  Advance();
}

int Connection::TakeInput(uint8_t* to, int capacity) {
  const size_t size = std::min(input_.size, static_cast<size_t>(capacity));
  if (size > 0) std::memcpy(to, input_.data, size);
  input_ = {};
  return static_cast<int>(size);
}

void Connection::PutOutput(Bytes datagram) {
  // A flight that OpenSSL repeats although the schedule is over.
  if (handshake_.exhausted() && phase_ == Phase::kHandshake) return;
  if (frames_ != nullptr && !frames_->Write(FrameKind::kDatagram, datagram)) frames_->Write(FrameKind::kLost);
}

// The hello has message_seq 1 (RFC 6347 §4.2.1), which SSL_accept alone would wait before for ever.
bool Connection::Adopt() {
  BIO_ADDR* peer = BIO_ADDR_new();
  if (peer == nullptr) return false;
  const int adopted = DTLSv1_listen(ssl_, peer);
  BIO_ADDR_free(peer);
  return adopted == 1;
}

void Connection::Advance() {
  const int result = SSL_do_handshake(ssl_);
  if (handshake_.exhausted()) return Fail(FailureKind::kTimeout);
  // Nothing goes on before the claim is answered.
  if (SSL_want_client_hello_cb(ssl_)) return;
  if (result != 1) return WaitsForInput() ? ReportTimer() : Fail(KindOfError(result));
  phase_ = Phase::kEstablished;
  handshake_.Unwatch(ssl_);
  frames_->Write(FrameKind::kEstablished);
  // Data may have overtaken the last flight.
  ReadMessages();
}

void Connection::ReadMessages() {
  // With less room OpenSSL would deliver a message in pieces.
  while (frames_->room() >= kMaxMessage) {
    const int size = SSL_read(ssl_, frames_->scratch(), static_cast<int>(kMaxMessage));
    if (size <= 0) {
      if (!WaitsForInput()) Finish(size);
      return;
    }
    frames_->Write(FrameKind::kMessage, {frames_->scratch(), static_cast<size_t>(size), true});
    if (input_.size == 0 && SSL_has_pending(ssl_) == 0) return;
  }
}

// SSL_get_error would call a record fatal that was dropped and left something in the error queue.
bool Connection::WaitsForInput() const { return SSL_want_read(ssl_); }

FailureKind Connection::KindOfError(int result) const {
  return SSL_get_error(ssl_, result) == SSL_ERROR_SSL ? FailureKind::kProtocol : FailureKind::kEnd;
}

void Connection::Finish(int result) {
  if (SSL_get_error(ssl_, result) != SSL_ERROR_ZERO_RETURN) return Fail(KindOfError(result));
  // RFC 5246 §7.2.1: answered with a close_notify of our own.
  SSL_shutdown(ssl_);
  phase_ = Phase::kClosed;
  frames_->Write(FrameKind::kClosed);
}

// Why the certificate of the peer was refused, X509_V_ERR_…; 0: it was not.
uint8_t Connection::Verdict() const {
  // The last error, because what checking a signature says comes before it.
  const unsigned long error = ERR_peek_last_error();
  const bool refused = ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  return refused ? static_cast<uint8_t>(SSL_get_verify_result(ssl_)) : 0;
}

void Connection::Fail(FailureKind kind) {
  phase_ = Phase::kClosed;
  LibraryError library = FirstLibraryError();
  const uint8_t verdict = Verdict();
  if (verdict != 0) std::snprintf(library.text, sizeof library.text, "%s", X509_verify_cert_error_string(verdict));
  const size_t text = std::strlen(library.text);
  uint8_t payload[8 + sizeof library.text];
  payload[0] = static_cast<uint8_t>(kind);
  payload[1] = handshake_.last_sent();
  payload[2] = handshake_.last_received();
  payload[3] = verdict;
  PutUint32(payload + 4, static_cast<uint32_t>(library.code));
  std::memcpy(payload + 8, library.text, text);
  frames_->Write(FrameKind::kFailed, {payload, 8 + text, true});
}

void Connection::ReportTimer() {
  timeval left;
  uint32_t ms = UINT32_MAX;
  if (DTLSv1_get_timeout(ssl_, &left) == 1) {
    ms = static_cast<uint32_t>(left.tv_sec) * 1000u + static_cast<uint32_t>((left.tv_usec + 999) / 1000);
  }
  uint8_t payload[4];
  PutUint32(payload, ms);
  frames_->Write(FrameKind::kTimer, {payload, sizeof payload, true});
}

}  // namespace dtls_openssl
