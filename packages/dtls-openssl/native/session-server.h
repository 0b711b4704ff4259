// Resumption at a server, by tickets (RFC 5077) and by session ids. Whoever resumes skips the proof of its key, so
// before a session of a PSK identity is adopted the application is asked for the key of that identity once more: it
// must still be there and be the same.
#ifndef DTLS_OPENSSL_SESSION_SERVER_H_
#define DTLS_OPENSSL_SESSION_SERVER_H_

#include <openssl/ssl.h>

#include <array>
#include <string>

#include "bytes.h"
#include "session-cache.h"
#include "session-tickets.h"

namespace dtls_openssl {

class Connection;

// Half a digest: tickets travel in hellos, where space is short.
using KeyFingerprint = std::array<uint8_t, 16>;

// What a server notes in a session: of which identity, and with which key.
struct PskMark {
  KeyFingerprint fingerprint{};
  std::string identity;
};

// Of the connection that resumes, or wants to.
class SessionClaim {
 public:
  enum class State { kUnread, kAsking, kAdmitted, kRefused };

  State state() const { return state_; }
  // Whose key has to be asked for.
  const std::string& identity() const { return mark_.identity; }

  void Ask(PskMark mark) {
    mark_ = std::move(mark);
    state_ = State::kAsking;
  }
  void Admit() { state_ = State::kAdmitted; }
  void Refuse() { state_ = State::kRefused; }
  // The key of the identity; absent: there is none.
  void Answer(Bytes key);

 private:
  State state_ = State::kUnread;
  PskMark mark_;
};

class SessionServer {
 public:
  // RFC 5246 §F.1.4: no session lives longer than a day.
  static constexpr long kLifetimeSeconds = 86400;

  // The server must outlive `ctx`. False: OpenSSL refuses something.
  bool Install(SSL_CTX* ctx, Bytes id_context, bool tickets);
  bool UseKeys(Bytes keys) { return keys_.Assign(keys); }

 private:
  static SessionServer* From(const SSL* ssl);
  static int SawHello(SSL* ssl, int* alert, void*);
  static int TicketKey(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                       int encrypts);
  static int MakingTicket(SSL* ssl, void*);
  static SSL_TICKET_RETURN ReadTicket(SSL* ssl, SSL_SESSION* session, const unsigned char* name, size_t name_size,
                                      SSL_TICKET_STATUS status, void*);
  static int NewSession(SSL* ssl, SSL_SESSION* session);
  static SSL_SESSION* FindSession(SSL* ssl, const unsigned char* id, int size, int* copies);
  static void RemoveSession(SSL_CTX* ctx, SSL_SESSION* session);

  int SawHello(Connection* connection, SSL* ssl);
  Session Offered(SSL* ssl);

  TicketKeys keys_;
  SessionCache cache_;
};

KeyFingerprint FingerprintOf(Bytes key);
// The PSK identity of a session of ours; empty if there is none.
PskMark ReadMark(SSL_SESSION* session);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_SESSION_SERVER_H_
