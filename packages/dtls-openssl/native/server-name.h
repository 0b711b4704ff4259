// The name that a client asks a server for (RFC 6066 §3). Where a server has credentials by name the handshake rests
// at the ClientHello until JavaScript has said which context serves that name, or that none does.
#ifndef DTLS_OPENSSL_SERVER_NAME_H_
#define DTLS_OPENSSL_SERVER_NAME_H_

#include <openssl/ssl.h>

#include <memory>

#include "bytes.h"

namespace dtls_openssl {

class Context;

// Of one connection.
class ServerNameClaim {
 public:
  enum class State { kUnread, kAsking, kSettled, kRefused };

  ServerNameClaim();
  ~ServerNameClaim();

  State state() const { return state_; }
  // Whether the name has decided, which the client is told (RFC 6066 §3).
  bool chosen() const { return context_ != nullptr; }

  // In the callback for the ClientHello; what OpenSSL wants to have from it.
  int SawHello(SSL* ssl, int* alert);
  // No name that counts: the context of the connection serves it.
  void UseDefault() { state_ = State::kSettled; }
  // From now on `context` serves the connection; sessions are bound to `id_context`. False: OpenSSL refuses it.
  bool Use(SSL* ssl, std::shared_ptr<Context> context, Bytes id_context);
  void Refuse() { state_ = State::kRefused; }

 private:
  State state_ = State::kUnread;
  // The policy and the protocols of an SSL_CTX live in its context.
  std::shared_ptr<Context> context_;
};

// Lets the clients of `ctx` be told whether their name was heeded.
void AcknowledgeServerNames(SSL_CTX* ctx);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_SERVER_NAME_H_
