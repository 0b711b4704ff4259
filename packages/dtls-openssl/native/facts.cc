#include "facts.h"

#include <openssl/objects.h>

#include "handshake.h"

namespace dtls_openssl {
namespace {

std::optional<SlabString> Text(const char* text) {
  return text == nullptr ? std::nullopt : std::optional<SlabString>(text);
}

void AddCertificate(X509* certificate, CertificateList* list) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return;
  list->emplace_back(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
}

}  // namespace

Facts FactsOf(SSL* ssl, const Handshake& handshake, bool server) {
  Facts facts;
  const SSL_CIPHER* suite = SSL_get_current_cipher(ssl);
  if (suite != nullptr) {
    facts.version = static_cast<uint16_t>(SSL_version(ssl));
    facts.suite = SSL_CIPHER_get_protocol_id(suite);
    facts.encrypt_then_mac = handshake.encrypt_then_mac();
  }
  facts.resumed = SSL_session_reused(ssl) == 1;
  facts.extended_master_secret = SSL_get_extms_support(ssl) == 1;
  const bool psk = suite != nullptr && SSL_CIPHER_get_auth_nid(suite) == NID_auth_psk;
  if (psk && server) {
    const std::string identity = facts.resumed ? ReadMark(SSL_get_session(ssl)).identity : handshake.peer_identity();
    facts.psk_identity.emplace(identity.data(), identity.size());
  }
  if (!server) facts.identity_hint = Text(SSL_get_psk_identity_hint(ssl));
  facts.server_name = Text(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  const unsigned char* protocol = nullptr;
  unsigned protocol_size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &protocol_size);
  facts.alpn = SlabStringOf({protocol, protocol_size, true});
  facts.connection_ids = handshake.ids().negotiated();
  if (facts.connection_ids) {
    facts.own_id = SlabStringOf(handshake.ids().own());
    facts.peer_id = SlabStringOf(handshake.ids().peer());
  }
  return facts;
}

CertificateList PeerCertificatesOf(SSL* ssl, bool server) {
  CertificateList list;
  X509* leaf = SSL_get0_peer_certificate(ssl);
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  if (leaf != nullptr) AddCertificate(leaf, &list);
  // A client finds the leaf in the chain again, a server does not, and a resumed session has no chain.
  for (int i = server ? 0 : 1; i < sk_X509_num(chain); i++) AddCertificate(sk_X509_value(chain, i), &list);
  return list;
}

}  // namespace dtls_openssl
