#include "session-cache.h"

#include <ctime>

namespace dtls_openssl {
namespace {

std::string_view IdOf(const SSL_SESSION* session) {
  unsigned size = 0;
  const unsigned char* id = SSL_SESSION_get_id(session, &size);
  return {reinterpret_cast<const char*>(id), size};
}

}  // namespace

Session ParseSession(Bytes der) {
  const unsigned char* at = der.data;
  Session session(d2i_SSL_SESSION(nullptr, &at, static_cast<long>(der.size)));
  return session != nullptr && at == der.data + der.size ? std::move(session) : nullptr;
}

bool SerialiseSession(SSL_SESSION* session, Secret* der) {
  unsigned char* bytes = nullptr;
  const int size = i2d_SSL_SESSION(session, &bytes);
  if (size <= 0) return false;
  const bool assigned = der->Assign({bytes, static_cast<size_t>(size), true});
  OPENSSL_clear_free(bytes, static_cast<size_t>(size));
  return assigned;
}

bool IsExpired(const SSL_SESSION* session) {
  const int64_t now = static_cast<int64_t>(std::time(nullptr));
  const int64_t begun = SSL_SESSION_get_time(session);
  const int64_t hint = static_cast<int64_t>(SSL_SESSION_get_ticket_lifetime_hint(session));
  const int64_t timeout = SSL_SESSION_get_timeout(session);
  // RFC 5077 §3.3: a hint of 0 says nothing. With a clock that was set back nobody knows how old it is.
  const int64_t lifetime = hint > 0 && hint < timeout ? hint : timeout;
  return begun > now || now - begun >= lifetime;
}

void SessionCache::Put(SSL_SESSION* session) {
  const std::string_view id = IdOf(session);
  if (id.empty()) return;
  Erase(id);
  while (entries_.size() >= kCapacity) Erase(entries_.back().Id());
  Entry& entry = entries_.emplace_front();
  if (!SerialiseSession(session, &entry.der)) return entries_.pop_front();
  entry.id_size = static_cast<uint8_t>(id.copy(entry.id.data(), entry.id.size()));
  by_id_[entry.Id()] = entries_.begin();
}

Session SessionCache::Get(Bytes id) {
  const auto found = by_id_.find({reinterpret_cast<const char*>(id.data), id.size});
  if (found == by_id_.end()) return nullptr;
  const Secret& der = found->second->der;
  Session session = ParseSession({der.data(), der.size(), true});
  if (session == nullptr || IsExpired(session.get())) {
    Erase(found->first);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return session;
}

void SessionCache::Remove(const SSL_SESSION* session) { Erase(IdOf(session)); }

void SessionCache::Erase(std::string_view id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const Entries::iterator entry = found->second;
  by_id_.erase(found);
  entries_.erase(entry);
}

}  // namespace dtls_openssl
