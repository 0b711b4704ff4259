#include "peer-identity.h"

#include <openssl/x509v3.h>

namespace dtls_openssl {

bool ExpectPeer(SSL* ssl, const std::string& name, bool is_address) {
  X509_VERIFY_PARAM* param = SSL_get0_param(ssl);
  // SSL_dane_enable expects its base domain, also where that is an address.
  if (is_address) {
    return X509_VERIFY_PARAM_set1_host(param, nullptr, 0) == 1 &&
           X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) == 1;
  }
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(param, name.data(), name.size()) == 1;
}

bool EnableDane(SSL* ssl, const std::string& base_domain) {
  const bool sends_name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) != nullptr;
  if (SSL_dane_enable(ssl, base_domain.c_str()) != 1) return false;
  // It sends the base domain as server name where there is none, be it an address (RFC 6066 §3).
  return sends_name || SSL_set_tlsext_host_name(ssl, nullptr) == 1;
}

bool AddTlsaRecord(SSL* ssl, const TlsaRecord& record) {
  return SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching_type, record.data.data,
                           record.data.size) == 1;
}

}  // namespace dtls_openssl
