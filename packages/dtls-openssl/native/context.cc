#include "context.h"

#include <new>

#include "application-protocols.h"
#include "connection-id.h"
#include "environment.h"
#include "server-name.h"
#include "session.h"

namespace dtls_openssl {
namespace {

// The endpoint in front of us has done the cookie exchange; DTLSv1_listen only adopts the hello that it let through.
int AcceptCookie(SSL*, const unsigned char*, unsigned) { return 1; }
int RefuseToMakeCookie(SSL*, unsigned char*, unsigned*) { return 0; }

}  // namespace

std::shared_ptr<Context> Context::Create(Environment* environment, const ContextOptions& options) {
  std::shared_ptr<Context> context(new (std::nothrow) Context(environment, options));
  return context != nullptr && context->Configure(options) ? context : nullptr;
}

Context::Context(Environment* environment, const ContextOptions& options)
    : count_(&environment->live, &LiveObjects::contexts),
      server_(options.server),
      policy_(options.min_version, options.max_version, options.suites, options.sha1_signatures) {}

Context::~Context() { SSL_CTX_free(ssl_ctx_); }

bool Context::Configure(const ContextOptions& options) {
  ssl_ctx_ = SSL_CTX_new(server_ ? DTLS_server_method() : DTLS_client_method());
  if (ssl_ctx_ == nullptr) return false;
  SSL_CTX_set_app_data(ssl_ctx_, this);
  policy_.Install(ssl_ctx_);
  SSL_CTX_set_options(ssl_ctx_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                    SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(ssl_ctx_, SSL_SESS_CACHE_OFF);
  // Also in PSK mode: should a certificate ever be offered it is refused, because nothing is trusted.
  SSL_CTX_set_verify(ssl_ctx_, SSL_VERIFY_PEER, nullptr);
  if (server_) {
    SSL_CTX_set_cookie_generate_cb(ssl_ctx_, RefuseToMakeCookie);
    SSL_CTX_set_cookie_verify_cb(ssl_ctx_, AcceptCookie);
  }
  return SSL_CTX_set_min_proto_version(ssl_ctx_, options.min_version) == 1 &&
         SSL_CTX_set_max_proto_version(ssl_ctx_, options.max_version) == 1 &&
         SSL_CTX_set_cipher_list(ssl_ctx_, options.cipher_list.c_str()) == 1 && NegotiateConnectionIds(ssl_ctx_);
}

bool Context::UseClientPsk(Bytes identity, Bytes key) {
  if (!client_psk_.identity.Assign(identity) || !client_psk_.key.Assign(key)) return false;
  InstallClientPsk(ssl_ctx_);
  return true;
}

bool Context::UseServerPsk(const std::string* hint, bool conceal_unknown_identity) {
  conceals_unknown_identity_ = conceal_unknown_identity;
  InstallServerPsk(ssl_ctx_);
  return hint == nullptr || SSL_CTX_use_psk_identity_hint(ssl_ctx_, hint->c_str()) == 1;
}

void Context::TakeSessions() {
  takes_sessions_ = true;
  dtls_openssl::TakeSessions(ssl_ctx_);
}

bool Context::ServeSessions(Bytes id_context, bool tickets) {
  sessions_.reset(new (std::nothrow) SessionServer());
  return sessions_ != nullptr && sessions_->Install(ssl_ctx_, id_context, tickets);
}

void Context::ServeNames() {
  serves_names_ = true;
  AcknowledgeServerNames(ssl_ctx_);
}

bool Context::UseProtocols(std::string protocols) {
  protocols_ = std::move(protocols);
  return dtls_openssl::UseProtocols(ssl_ctx_, server_, &protocols_);
}

}  // namespace dtls_openssl
