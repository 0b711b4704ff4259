#include "connection.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

#include "association-state.h"
#include "datagram-bio.h"
#include "environment.h"
#include "flight-writer.h"
#include "lending.h"
#include "session.h"

#ifdef _WIN32
#include <winsock2.h>
#else
#include <sys/time.h>
#endif

namespace dtls_openssl {

std::unique_ptr<Connection> Connection::Open(Environment* environment, std::shared_ptr<Context> context,
                                             const ConnectionOptions& options) {
  std::unique_ptr<Connection> connection(new (std::nothrow) Connection(environment, std::move(context), options));
  return connection != nullptr && connection->Configure(environment, options) ? std::move(connection) : nullptr;
}

std::unique_ptr<Connection> Connection::Continue(Environment* environment, std::shared_ptr<Context> context,
                                                 Bytes bytes) {
  AssociationState state;
  if (!ReadAssociationState(bytes, &state)) return nullptr;
  const RecordSecrets& secrets = state.keying_material.secrets();
  if (secrets.server != context->server() || !context->HasSuite(secrets.suite)) return nullptr;
  std::unique_ptr<RecordLayer> layer = RecordLayer::Continue(&environment->cipher_pool, state.records);
  std::unique_ptr<Connection> connection(new (std::nothrow) Connection(environment, std::move(context), {}));
  if (layer == nullptr || connection == nullptr) return nullptr;
  connection->established_.reset(new (std::nothrow)
                                     Established(std::move(layer), secrets, std::move(state.facts)));
  return connection->established_ == nullptr ? nullptr : std::move(connection);
}

Connection::Connection(Environment* environment, std::shared_ptr<Context> context, const ConnectionOptions& options)
    : count_(&environment->live, &LiveObjects::associations),
      context_(std::move(context)),
      mtu_(static_cast<uint16_t>(std::clamp(options.mtu, kMinMtu, kMaxMtu))) {}

Connection::~Connection() { LetGo(); }

void Connection::LetGo() {
  // Otherwise OpenSSL takes the session of a peer that just went away for a broken one.
  const bool whole = ssl_ != nullptr && phase_ == Phase::kEstablished;
  if (whole) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
  ssl_ = nullptr;
  ssl_count_.reset();
  handshake_.reset();
}

bool Connection::Configure(Environment* environment, const ConnectionOptions& options) {
  handshake_.reset(new (std::nothrow) Handshake(options.timeouts, options.connection_id, options.replay_window,
                                                &environment->cipher_pool, context_->server()));
  ssl_ = handshake_ == nullptr ? nullptr : SSL_new(context_->ssl_ctx());
  if (ssl_ == nullptr) return false;
  ssl_count_.emplace(&environment->live, &LiveObjects::connections);
  BIO* bio = NewDatagramBio(environment->bio_method, this);
  if (bio == nullptr) return false;
  bio_count_.emplace(&environment->live, &LiveObjects::bios);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
  WatchAlerts(ssl_);
  handshake_->Watch(ssl_);
  if (context_->server()) {
    SSL_set_accept_state(ssl_);
  } else {
    SSL_set_connect_state(ssl_);
  }
  return options.server_name.empty() || SSL_set_tlsext_host_name(ssl_, options.server_name.c_str()) == 1;
}

void Connection::Start(Bytes opening, FrameWriter* frames) {
  Lending lending(&frames_, frames, &input_, opening);
  if (established_ != nullptr) {
    if (phase_ != Phase::kHandshake) return;
    phase_ = Phase::kEstablished;
    frames_->Write(FrameKind::kEstablished);
    return;
  }
  if (context_->server() && !opening.present) return;
  if (context_->server() && !Adopt()) return Fail(FailureKind::kProtocol);
  Advance();
}

void Connection::Receive(Bytes datagram, FrameWriter* frames) {
  // OpenSSL reports an empty datagram as an end of everything.
  if (phase_ == Phase::kClosed || datagram.size == 0) return;
  Lending lending(&frames_, frames, &input_, {});
  if (established_ == nullptr) return phase_ == Phase::kHandshake ? ReceiveHandshake(datagram) : FeedProtected(datagram);
  established_->Receive(datagram, frames);
  if (established_->over()) phase_ = Phase::kClosed;
}

void Connection::Send(Bytes message, FrameWriter* frames) {
  Lending lending(&frames_, frames, &input_, {});
  if (established_ == nullptr) {
    if (SSL_write(ssl_, message.data, static_cast<int>(message.size)) <= 0) Fail(FailureKind::kProtocol);
    return;
  }
  established_->Send(message, frames);
  if (established_->over()) phase_ = Phase::kClosed;
}

void Connection::Timeout(FrameWriter* frames) {
  if (phase_ != Phase::kHandshake || ssl_ == nullptr) return;
  Lending lending(&frames_, frames, &input_, {});
  timeval left;
  const bool expired = DTLSv1_get_timeout(ssl_, &left) == 1 && left.tv_sec == 0 && left.tv_usec == 0;
  if (expired && handshake_->IsLastWait()) return Fail(FailureKind::kTimeout);
  if (expired && DTLSv1_handle_timeout(ssl_) < 0) {
    return Fail(handshake_->exhausted() ? FailureKind::kTimeout : FailureKind::kProtocol);
  }
  ReportTimer();
}

void Connection::Shutdown(FrameWriter* frames) {
  if (phase_ == Phase::kClosed) return;
  Lending lending(&frames_, frames, &input_, {});
  const bool established = phase_ == Phase::kEstablished;
  phase_ = Phase::kClosed;
  if (established_ != nullptr) return established_->Shutdown(frames);
  if (established) SSL_shutdown(ssl_);
  frames_->Write(FrameKind::kClosed);
}

int Connection::TakeInput(uint8_t* to, int capacity) {
  const size_t size = std::min(input_.size, static_cast<size_t>(capacity));
  if (size > 0) std::memcpy(to, input_.data, size);
  input_ = {};
  return static_cast<int>(size);
}

void Connection::PutOutput(Bytes datagram) {
  // A flight that OpenSSL repeats although the schedule is over.
  if (handshake_->exhausted() && phase_ == Phase::kHandshake) return;
  if (frames_ == nullptr) return;
  FlightWriter flight(mtu_, frames_);
  if (!handshake_->translator().Write(ssl_, handshake_->ids(), datagram, &flight, &handshake_->sent())) {
    frames_->Write(FrameKind::kLost);
  }
}

// The hello has message_seq 1 (RFC 6347 §4.2.1), which SSL_accept alone would wait before for ever.
bool Connection::Adopt() {
  BIO_ADDR* peer = BIO_ADDR_new();
  if (peer == nullptr) return false;
  const int adopted = DTLSv1_listen(ssl_, peer);
  BIO_ADDR_free(peer);
  return adopted == 1;
}

void Connection::Feed(Bytes records) {
  input_ = records;
  if (phase_ == Phase::kHandshake) {
    Advance();
  } else {
    ReadMessages();
  }
  input_ = {};
}

void Connection::Advance() {
  handshake_->sent().Clear();
  const int result = SSL_do_handshake(ssl_);
  if (handshake_->exhausted()) return Fail(FailureKind::kTimeout);
  // Nothing goes on before the claim is answered.
  if (SSL_want_client_hello_cb(ssl_)) return;
  if (result == 1) return Establish();
  if (!WaitsForInput()) return Fail(KindOfError(result));
  ReportTimer();
  RetryEarlyRecords();
}

void Connection::Establish() {
  phase_ = Phase::kEstablished;
  handshake_->Unwatch(ssl_);
  frames_->Write(FrameKind::kEstablished);
  if (context_->takes_sessions()) GiveSession();
  std::unique_ptr<RecordLayer> layer = handshake_->translator().TakeLayer();
  // Data may have overtaken the last flight.
  if (layer == nullptr) return ReadEarly();
  established_.reset(new (std::nothrow) Established(std::move(layer), handshake_->translator().secrets(), facts(),
                                                    std::move(handshake_->sent()), mtu_));
  if (established_ == nullptr) return Fail(FailureKind::kEnd);
  DeliverEarly();
  LetGo();
}

void Connection::ReadEarly() {
  ReadMessages();
  while (phase_ == Phase::kEstablished && !handshake_->early_messages().empty()) {
    const std::string record = handshake_->early_messages().Take();
    Feed(BytesOf(record));
  }
}

void Connection::DeliverEarly() {
  while (!handshake_->early_messages().empty()) {
    std::string message = handshake_->early_messages().Take();
    if (!message.empty()) frames_->Write(FrameKind::kMessage, BytesOf(message));
    OPENSSL_cleanse(message.data(), message.size());
  }
  while (!handshake_->early_records().empty() && !established_->over()) {
    const std::string record = handshake_->early_records().Take();
    established_->Receive(BytesOf(record), frames_);
  }
  if (established_->over()) phase_ = Phase::kClosed;
}

// Before OpenSSL forgets it.
void Connection::GiveSession() {
  Secret session;
  if (SessionOf(ssl_, &session)) frames_->Write(FrameKind::kSession, {session.data(), session.size(), true});
}

Facts Connection::facts() const {
  if (established_ != nullptr) return established_->facts();
  Facts facts = FactsOf(ssl_, *handshake_, context_->server());
  if (phase_ == Phase::kEstablished) facts.certificates = PeerCertificatesOf(ssl_, context_->server());
  return facts;
}

bool Connection::ExportKeyingMaterial(const std::string& label, Bytes context, uint8_t* to, size_t size) const {
  if (established_ != nullptr) return established_->keying_material().Export(label, context, to, size);
  return SSL_export_keying_material(ssl_, to, size, label.data(), label.size(), context.data, context.size,
                                    context.present ? 1 : 0) == 1;
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
  Failure failure;
  failure.kind = kind;
  failure.last_sent = handshake_->last_sent();
  failure.last_received = handshake_->last_received();
  failure.verdict = Verdict();
  failure.library = FirstLibraryError();
  if (failure.verdict != 0) {
    const char* text = X509_verify_cert_error_string(failure.verdict);
    std::snprintf(failure.library.text, sizeof failure.library.text, "%s", text);
  }
  WriteFailure(frames_, failure);
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
