// What the application answers to the questions of a server's handshake.
#include "connection.h"
#include "lending.h"

namespace dtls_openssl {

bool Connection::AnswerPsk(Bytes key) {
  if (handshake_ == nullptr) return true;
  if (context_->sessions() != nullptr && key.present) handshake_->psk_fingerprint() = FingerprintOf(key);
  return handshake_->psk_answer().Assign(key);
}

void Connection::AnswerSession(Bytes key, FrameWriter* frames) {
  if (phase_ != Phase::kHandshake || handshake_ == nullptr) return;
  if (handshake_->session_claim().state() != SessionClaim::State::kAsking) return;
  Lending lending(&frames_, frames, &input_, {});
  handshake_->session_claim().Answer(key);
  Advance();
}

void Connection::AnswerServerName(std::shared_ptr<Context> named, Bytes id_context, FrameWriter* frames) {
  if (phase_ != Phase::kHandshake || handshake_ == nullptr) return;
  if (handshake_->server_name().state() != ServerNameClaim::State::kAsking) return;
  Lending lending(&frames_, frames, &input_, {});
  if (named == nullptr) {
    handshake_->server_name().Refuse();
  } else if (named == context_) {
    handshake_->server_name().UseDefault();
  } else if (!handshake_->server_name().Use(ssl_, std::move(named), id_context)) {
    return Fail(FailureKind::kProtocol);
  }
  Advance();
}

}  // namespace dtls_openssl
