#include "session-server.h"

#include <openssl/hmac.h>
#include <openssl/objects.h>

#include <cstring>

#include "connection.h"
#include "context.h"
#include "frames.h"

namespace dtls_openssl {
namespace {

// Version of what is noted in a session; the fingerprint follows, then the identity.
constexpr uint8_t kMark = 1;

bool HasIdentity(const SSL_SESSION* session) {
  const SSL_CIPHER* suite = SSL_SESSION_get0_cipher(session);
  return suite != nullptr && SSL_CIPHER_get_auth_nid(suite) == NID_auth_psk;
}

// A resumed session has its mark already.
bool Mark(Connection* connection, SSL_SESSION* session) {
  if (!HasIdentity(session) || SSL_session_reused(connection->ssl()) == 1) return true;
  const std::string& identity = connection->handshake().peer_identity();
  std::string mark(1, static_cast<char>(kMark));
  mark.append(reinterpret_cast<const char*>(connection->handshake().psk_fingerprint().data()), sizeof(KeyFingerprint));
  mark.append(identity);
  return SSL_SESSION_set1_ticket_appdata(session, mark.data(), mark.size()) == 1;
}

bool AsksForCertificates(const SSL* ssl) {
  return SSL_get_certificate(ssl) != nullptr && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE;
}

// Whether a suite of the hello would have the client show a certificate.
bool OffersCertificates(SSL* ssl) {
  const unsigned char* suites = nullptr;
  const size_t size = SSL_client_hello_get0_ciphers(ssl, &suites);
  for (size_t at = 0; at + 2 <= size; at += 2) {
    const SSL_CIPHER* suite = SSL_CIPHER_find(ssl, suites + at);
    const int kind = suite == nullptr ? NID_undef : SSL_CIPHER_get_auth_nid(suite);
    if (kind == NID_auth_rsa || kind == NID_auth_ecdsa) return true;
  }
  return false;
}

}  // namespace

void SessionClaim::Answer(Bytes key) {
  if (state_ != State::kAsking) return;
  const KeyFingerprint now = key.present ? FingerprintOf(key) : KeyFingerprint{};
  const bool same = key.present && CRYPTO_memcmp(now.data(), mark_.fingerprint.data(), now.size()) == 0;
  state_ = same ? State::kAdmitted : State::kRefused;
}

bool SessionServer::Install(SSL_CTX* ctx, Bytes id_context, bool tickets) {
  if (tickets) SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_timeout(ctx, kLifetimeSeconds);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, NewSession);
  SSL_CTX_sess_set_get_cb(ctx, FindSession);
  SSL_CTX_sess_set_remove_cb(ctx, RemoveSession);
  SSL_CTX_set_client_hello_cb(ctx, SawHello, nullptr);
  return SSL_CTX_set_session_id_context(ctx, id_context.data, static_cast<unsigned>(id_context.size)) == 1 &&
         SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, TicketKey) == 1 &&
         SSL_CTX_set_session_ticket_cb(ctx, MakingTicket, ReadTicket, nullptr) == 1;
}

SessionServer* SessionServer::From(const SSL* ssl) { return Connection::From(ssl)->context().sessions(); }

// Called with the SSL_CTX that serves the name, but sessions are those of the server. The name comes first: sessions
// are bound to it.
int SessionServer::SawHello(SSL* ssl, int* alert, void*) {
  Connection* connection = Connection::From(ssl);
  if (connection->context().serves_names()) {
    const int named = connection->handshake().server_name().SawHello(ssl, alert);
    if (named != SSL_CLIENT_HELLO_SUCCESS) return named;
  }
  return connection->context().sessions()->SawHello(connection, ssl);
}

// The handshake rests here, before anything is decided, until the claim has been answered.
int SessionServer::SawHello(Connection* connection, SSL* ssl) {
  SessionClaim& claim = connection->handshake().session_claim();
  if (claim.state() == SessionClaim::State::kAsking) return SSL_CLIENT_HELLO_RETRY;
  if (claim.state() != SessionClaim::State::kUnread) return SSL_CLIENT_HELLO_SUCCESS;
  claim.Refuse();
  // A ticket with a certificate is too much for a hello of one datagram, which is all that is answered statelessly.
  if (AsksForCertificates(ssl) && OffersCertificates(ssl)) SSL_set_options(ssl, SSL_OP_NO_TICKET);
  const Session session = Offered(ssl);
  if (session == nullptr) return SSL_CLIENT_HELLO_SUCCESS;
  if (!HasIdentity(session.get())) {
    claim.Admit();
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  PskMark mark = ReadMark(session.get());
  if (mark.identity.empty() || connection->frames() == nullptr) return SSL_CLIENT_HELLO_SUCCESS;
  const auto* identity = reinterpret_cast<const uint8_t*>(mark.identity.data());
  if (!connection->frames()->Write(FrameKind::kSessionClaim, {identity, mark.identity.size(), true})) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  claim.Ask(std::move(mark));
  return SSL_CLIENT_HELLO_RETRY;
}

int SessionServer::TicketKey(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                             EVP_MAC_CTX* mac, int encrypts) {
  const TicketKeys& keys = From(ssl)->keys_;
  return encrypts != 0 ? keys.Encrypt(name, iv, cipher, mac) : keys.Decrypt(name, iv, cipher, mac);
}

int SessionServer::MakingTicket(SSL* ssl, void*) {
  return Mark(Connection::From(ssl), SSL_get_session(ssl)) ? 1 : 0;
}

SSL_TICKET_RETURN SessionServer::ReadTicket(SSL* ssl, SSL_SESSION* session, const unsigned char*, size_t,
                                            SSL_TICKET_STATUS status, void*) {
  const bool opened = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  const bool admitted = Connection::From(ssl)->handshake().session_claim().state() == SessionClaim::State::kAdmitted;
  if (status == SSL_TICKET_EMPTY || !opened || !admitted || IsExpired(session)) return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

int SessionServer::NewSession(SSL* ssl, SSL_SESSION* session) {
  if (Mark(Connection::From(ssl), session)) From(ssl)->cache_.Put(session);
  return 0;
}

SSL_SESSION* SessionServer::FindSession(SSL* ssl, const unsigned char* id, int size, int* copies) {
  *copies = 0;
  if (Connection::From(ssl)->handshake().session_claim().state() != SessionClaim::State::kAdmitted) return nullptr;
  return From(ssl)->cache_.Get({id, static_cast<size_t>(size), true}).release();
}

void SessionServer::RemoveSession(SSL_CTX* ctx, SSL_SESSION* session) {
  auto* context = static_cast<Context*>(SSL_CTX_get_app_data(ctx));
  if (context->sessions() != nullptr) context->sessions()->cache_.Remove(session);
}

// What the hello asks to resume, if it is ours and intact. A ticket comes first, as in OpenSSL.
Session SessionServer::Offered(SSL* ssl) {
  const unsigned char* bytes = nullptr;
  size_t size = 0;
  const bool tickets = (SSL_get_options(ssl) & SSL_OP_NO_TICKET) == 0;
  if (tickets && SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_session_ticket, &bytes, &size) == 1 && size > 0) {
    return keys_.Open({bytes, size, true});
  }
  size = SSL_client_hello_get0_session_id(ssl, &bytes);
  return size == 0 ? nullptr : cache_.Get({bytes, size, true});
}

KeyFingerprint FingerprintOf(Bytes key) {
  static constexpr uint8_t kLabel[] = "session of a pre-shared key";
  KeyFingerprint fingerprint{};
  uint8_t digest[EVP_MAX_MD_SIZE] = {};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data, static_cast<int>(key.size), kLabel, sizeof kLabel, digest, &size);
  std::memcpy(fingerprint.data(), digest, fingerprint.size());
  return fingerprint;
}

PskMark ReadMark(SSL_SESSION* session) {
  PskMark mark;
  void* data = nullptr;
  size_t size = 0;
  const size_t least = 1 + mark.fingerprint.size();
  if (session == nullptr || SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 || size < least) return mark;
  const auto* bytes = static_cast<const uint8_t*>(data);
  if (bytes[0] != kMark) return mark;
  std::memcpy(mark.fingerprint.data(), bytes + 1, mark.fingerprint.size());
  mark.identity.assign(reinterpret_cast<const char*>(bytes) + least, size - least);
  return mark;
}

}  // namespace dtls_openssl
