// An SSL_CTX: what all associations of one configuration share.
#ifndef DTLS_OPENSSL_CONTEXT_H_
#define DTLS_OPENSSL_CONTEXT_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "live-objects.h"
#include "psk.h"
#include "security-policy.h"
#include "session-server.h"

namespace dtls_openssl {

class Environment;

struct ContextOptions {
  bool server = false;
  // As on the wire.
  int min_version = DTLS1_2_VERSION;
  int max_version = DTLS1_2_VERSION;
  // OpenSSL's names, colon separated, best first, and the same suites as IANA numbers.
  std::string cipher_list;
  std::vector<uint16_t> suites;
  // Handshakes of DTLS 1.0 may be signed with SHA-1.
  bool sha1_signatures = false;
};

class Context {
 public:
  // Null: what is wrong is in the error queue.
  static std::shared_ptr<Context> Create(Environment* environment, const ContextOptions& options);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // False: no memory.
  bool UseClientPsk(Bytes identity, Bytes key);
  // An absent hint differs from an empty one (RFC 4279 §5.2).
  bool UseServerPsk(const std::string* hint, bool conceal_unknown_identity);

  // Client: associations report sessions, and servers are asked for tickets.
  void TakeSessions();
  // Server, once. False: OpenSSL refuses something.
  bool ServeSessions(Bytes id_context, bool tickets);
  // Server: the name that a client asks for decides which context serves it.
  void ServeNames();
  // False: not a list of names.
  bool UseProtocols(std::string protocols);

  SSL_CTX* ssl_ctx() const { return ssl_ctx_; }
  bool server() const { return server_; }
  const ClientPsk& client_psk() const { return client_psk_; }
  bool conceals_unknown_identity() const { return conceals_unknown_identity_; }
  const std::string& protocols() const { return protocols_; }
  bool serves_names() const { return serves_names_; }
  bool HasSuite(uint16_t suite) const { return policy_.HasSuite(suite); }
  bool takes_sessions() const { return takes_sessions_; }
  // Null where nothing is resumed.
  SessionServer* sessions() const { return sessions_.get(); }

 private:
  Context(Environment* environment, const ContextOptions& options);
  bool Configure(const ContextOptions& options);

  LiveCount count_;
  const bool server_;
  SecurityPolicy policy_;
  ClientPsk client_psk_;
  bool conceals_unknown_identity_ = true;
  bool takes_sessions_ = false;
  std::unique_ptr<SessionServer> sessions_;
  bool serves_names_ = false;
  std::string protocols_;
  SSL_CTX* ssl_ctx_ = nullptr;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_CONTEXT_H_
