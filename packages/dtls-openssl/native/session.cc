#include "session.h"

#include "session-cache.h"
#include "session-server.h"

namespace dtls_openssl {
namespace {

// Headers, version and random, session id, a cookie of 32 bytes, lengths, and extensions without names or ticket.
constexpr size_t kHello = 25 + 34 + 33 + 33 + 6 + 110;

size_t HelloWithoutTicket(SSL* ssl, size_t names) {
  return kHello + 2 * static_cast<size_t>(sk_SSL_CIPHER_num(SSL_get_ciphers(ssl))) + names;
}

bool IsConfigured(SSL* ssl, const SSL_SESSION* session) {
  const int version = SSL_SESSION_get_protocol_version(session);
  // DTLS counts versions downwards.
  if (version > SSL_get_min_proto_version(ssl) || version < SSL_get_max_proto_version(ssl)) return false;
  const SSL_CIPHER* suite = SSL_SESSION_get0_cipher(session);
  return suite != nullptr && sk_SSL_CIPHER_find(SSL_get_ciphers(ssl), const_cast<SSL_CIPHER*>(suite)) >= 0;
}

size_t TicketSize(const SSL_SESSION* session) {
  const unsigned char* ticket = nullptr;
  size_t size = 0;
  SSL_SESSION_get0_ticket(session, &ticket, &size);
  return size;
}

}  // namespace

void TakeSessions(SSL_CTX* ctx) {
  SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
  // What OpenSSL notes in a session without a hint of its server.
  SSL_CTX_set_timeout(ctx, SessionServer::kLifetimeSeconds);
}

bool OfferSession(SSL* ssl, Bytes bytes, size_t mtu, size_t names) {
  const Session session = ParseSession(bytes);
  if (session == nullptr || SSL_SESSION_is_resumable(session.get()) != 1 || IsExpired(session.get())) return false;
  if (!IsConfigured(ssl, session.get())) return false;
  // A server without state cannot put a hello together (RFC 6347 §4.2.1); it would stay silent.
  const size_t ticket = TicketSize(session.get());
  if (ticket > 0 && ticket + HelloWithoutTicket(ssl, names) > mtu) return false;
  return SSL_set_session(ssl, session.get()) == 1;
}

bool SessionOf(SSL* ssl, Secret* bytes) {
  SSL_SESSION* session = SSL_get_session(ssl);
  if (session == nullptr || SSL_SESSION_is_resumable(session) != 1) return false;
  return SerialiseSession(session, bytes);
}

}  // namespace dtls_openssl
