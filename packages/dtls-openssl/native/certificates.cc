#include "certificates.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>

namespace dtls_openssl {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

void FreeChain(STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); }

using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using RevocationList = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using Chain = std::unique_ptr<STACK_OF(X509), Deleter<FreeChain>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyInfo = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>;

// Calls `use` with every object that `parse` finds; false as soon as one of them fails.
template <class Parse, class Use>
bool ForEach(Bytes bytes, Parse parse, Use use) {
  const uint8_t* at = bytes.data;
  const uint8_t* const end = bytes.data + bytes.size;
  while (at < end) {
    auto object = parse(&at, static_cast<long>(end - at));
    if (object == nullptr || !use(std::move(object))) return false;
  }
  return true;
}

Certificate ParseCertificate(const uint8_t** at, long size) { return Certificate(d2i_X509(nullptr, at, size)); }
RevocationList ParseList(const uint8_t** at, long size) { return RevocationList(d2i_X509_CRL(nullptr, at, size)); }

Key ParseKey(Bytes bytes) {
  const uint8_t* at = bytes.data;
  const KeyInfo info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(bytes.size)));
  return Key(info == nullptr ? nullptr : EVP_PKCS82PKEY(info.get()));
}

}  // namespace

bool UseOwnCertificate(SSL_CTX* ctx, Bytes chain, Bytes key) {
  Certificate leaf;
  const Chain others(sk_X509_new_null());
  const Key own_key = ParseKey(key);
  if (others == nullptr || own_key == nullptr) return false;
  const bool parsed = ForEach(chain, ParseCertificate, [&](Certificate certificate) {
    if (leaf == nullptr) {
      leaf = std::move(certificate);
      return true;
    }
    if (sk_X509_push(others.get(), certificate.get()) == 0) return false;
    certificate.release();
    return true;
  });
  if (!parsed || leaf == nullptr) return false;
  // Only what was configured is sent: OpenSSL would append what it finds among the trust anchors.
  SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
  // Refuses certificates that are too weak, and a key of another certificate.
  return SSL_CTX_use_cert_and_key(ctx, leaf.get(), own_key.get(), others.get(), 1) == 1;
}

bool UseTrust(SSL_CTX* ctx, const Trust& trust) {
  X509_STORE* store = SSL_CTX_get_cert_store(ctx);
  SSL_CTX_set_verify(ctx, trust.verify_mode, nullptr);
  const bool stored =
      ForEach(trust.anchors, ParseCertificate,
              [&](Certificate certificate) { return X509_STORE_add_cert(store, certificate.get()) == 1; }) &&
      ForEach(trust.revocation_lists, ParseList,
              [&](RevocationList list) { return X509_STORE_add_crl(store, list.get()) == 1; });
  // RFC 5280 §6.1: a trust anchor is what was named as one, also where it is not its own issuer.
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
  if (trust.revocation_lists.size > 0) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  return stored && X509_STORE_set_flags(store, flags) == 1;
}

}  // namespace dtls_openssl
