// Sessions of a server by id (RFC 5246 §7.4.1.2), for clients that take no tickets. Only authenticated handshakes put
// something in, the least recently used goes first, and what goes is overwritten.
#ifndef DTLS_OPENSSL_SESSION_CACHE_H_
#define DTLS_OPENSSL_SESSION_CACHE_H_

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "bytes.h"
#include "secret.h"
#include "slabs.h"

namespace dtls_openssl {

struct SessionDeleter {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using Session = std::unique_ptr<SSL_SESSION, SessionDeleter>;

// Null for anything that is not exactly one session.
Session ParseSession(Bytes der);
// False: no memory, or it cannot be written.
bool SerialiseSession(SSL_SESSION* session, Secret* der);
bool IsExpired(const SSL_SESSION* session);

class SessionCache {
 public:
  static constexpr size_t kCapacity = 10000;

  // Sessions stay as bytes: an object would be marked by whatever befalls one of the connections that use it.
  void Put(SSL_SESSION* session);
  // Null: not there, or not any more.
  Session Get(Bytes id);
  void Remove(const SSL_SESSION* session);

 private:
  struct Entry {
    std::string_view Id() const { return {id.data(), id_size}; }

    std::array<char, SSL_MAX_SSL_SESSION_ID_LENGTH> id;
    uint8_t id_size = 0;
    Secret der;
  };
  using Entries = std::list<Entry, SlabAllocator<Entry>>;
  // By ids that are in the entries.
  using Index = std::unordered_map<std::string_view, Entries::iterator, std::hash<std::string_view>,
                                   std::equal_to<std::string_view>,
                                   SlabAllocator<std::pair<const std::string_view, Entries::iterator>>>;

  void Erase(std::string_view id);

  // The most recently used in front.
  Entries entries_;
  Index by_id_;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_SESSION_CACHE_H_
