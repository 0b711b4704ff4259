// Entries about certificates: of contexts, and of associations that were not started yet.
#include "arguments.h"
#include "certificates.h"
#include "connection.h"
#include "context.h"
#include "entries.h"
#include "peer-identity.h"
#include "values.h"

namespace dtls_openssl {
namespace {

constexpr size_t kMaxDer = 1 << 24;
constexpr uint32_t kVerifyModes = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

// Before its first flight nothing has been decided yet.
Connection* UnstartedAt(Arguments* arguments, size_t index) {
  Connection* connection = arguments->AssociationAt(index);
  if (connection == nullptr || connection->IsUnstarted()) return connection;
  arguments->RefuseRange("association", "one that was not started");
  return nullptr;
}

}  // namespace

// useCertificate(context, chain, key)
napi_value UseCertificate(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "useCertificate", 3);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  const Bytes chain = arguments.Data(1, "chain", 1, kMaxDer);
  const Bytes key = arguments.Data(2, "key", 1, kMaxDer);
  if (!arguments.ok()) return nullptr;
  if (!UseOwnCertificate(context->ssl_ctx(), chain, key)) {
    ThrowLibraryError(env, "EINVAL", "OpenSSL refuses the own certificate or its key");
  }
  return nullptr;
}

// useTrust(context, verifyMode, anchors, revocationLists, dane)
napi_value UseTrustEntry(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "useTrust", 5);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  Trust trust;
  trust.verify_mode = static_cast<int>(arguments.Number(1, "verifyMode", SSL_VERIFY_NONE, kVerifyModes));
  trust.anchors = arguments.Data(2, "anchors", 0, kMaxDer);
  trust.revocation_lists = arguments.Data(3, "revocationLists", 0, kMaxDer);
  const bool dane = arguments.Boolean(4, "dane");
  if (!arguments.ok()) return nullptr;
  if (!UseTrust(context->ssl_ctx(), trust) || (dane && SSL_CTX_dane_enable(context->ssl_ctx()) != 1)) {
    ThrowLibraryError(env, "EINVAL", "OpenSSL refuses a trust anchor or a revocation list");
  }
  return nullptr;
}

// enableDane(association, baseDomain)
napi_value EnableDaneEntry(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "enableDane", 2);
  Connection* connection = UnstartedAt(&arguments, 0);
  const std::string domain = arguments.Text(1, "baseDomain", TLSEXT_MAXLEN_host_name);
  if (!arguments.ok()) return nullptr;
  if (!EnableDane(connection->ssl(), domain)) {
    ThrowLibraryError(env, "EINVAL", "OpenSSL refuses the base domain of DANE");
  }
  return nullptr;
}

// addTlsaRecord(association, usage, selector, matchingType, data): whether it can be used
napi_value AddTlsaRecordEntry(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "addTlsaRecord", 5);
  Connection* connection = UnstartedAt(&arguments, 0);
  TlsaRecord record;
  record.usage = static_cast<uint8_t>(arguments.Number(1, "usage", 0, UINT8_MAX));
  record.selector = static_cast<uint8_t>(arguments.Number(2, "selector", 0, UINT8_MAX));
  record.matching_type = static_cast<uint8_t>(arguments.Number(3, "matchingType", 0, UINT8_MAX));
  record.data = arguments.Data(4, "data", 0, UINT16_MAX);
  if (!arguments.ok()) return nullptr;
  return BooleanValue(env, AddTlsaRecord(connection->ssl(), record));
}

// expectPeer(association, name, isAddress): from now on the peer is verified
napi_value ExpectPeerEntry(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "expectPeer", 3);
  Connection* connection = UnstartedAt(&arguments, 0);
  const std::string name = arguments.Text(1, "name", TLSEXT_MAXLEN_host_name);
  const bool is_address = arguments.Boolean(2, "isAddress");
  if (!arguments.ok()) return nullptr;
  SSL_set_verify(connection->ssl(), SSL_VERIFY_PEER, nullptr);
  if (name.empty() || !ExpectPeer(connection->ssl(), name, is_address)) {
    arguments.RefuseRange("name", is_address ? "an address" : "a host name");
  }
  return nullptr;
}

// peerCertificates(association): DER, leaf first
napi_value PeerCertificates(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "peerCertificates", 1);
  Connection* connection = arguments.AssociationAt(0);
  napi_value list = nullptr;
  if (!arguments.ok() || napi_create_array(env, &list) != napi_ok) return nullptr;
  uint32_t count = 0;
  for (const SlabString& der : connection->facts().certificates) {
    napi_set_element(env, list, count++, BytesValue(env, der.data(), der.size()));
  }
  return list;
}

}  // namespace dtls_openssl
