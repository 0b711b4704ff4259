// Entries about sessions, and about what else is agreed on with or derived from a handshake: application protocols, the
// key log, exported keying material.
#include <cstring>
#include <string>

#include "application-protocols.h"
#include "arguments.h"
#include "connection.h"
#include "context.h"
#include "entries.h"
#include "key-log.h"
#include "session.h"
#include "values.h"

namespace dtls_openssl {
namespace {

constexpr size_t kMaxSession = UINT16_MAX;
constexpr size_t kMaxProtocols = 4096;
constexpr size_t kMaxLabel = 249;  // RFC 8446 §7.1 leaves that much, RFC 5705 sets no limit.
constexpr uint32_t kMaxExport = 16384;

}  // namespace

// takeSessions(context): of a client
napi_value TakeSessionsEntry(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "takeSessions", 1);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  if (!arguments.ok()) return nullptr;
  if (context->server()) {
    arguments.RefuseRange("context", "that of a client");
  } else {
    context->TakeSessions();
  }
  return nullptr;
}

// serveSessions(context, idContext, tickets, identities)
napi_value ServeSessions(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "serveSessions", 4);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  const Bytes id_context = arguments.Data(1, "idContext", 1, SSL_MAX_SID_CTX_LENGTH);
  const bool tickets = arguments.Boolean(2, "tickets");
  const bool identities = arguments.Boolean(3, "identities");
  if (!arguments.ok()) return nullptr;
  if (!context->server() || context->sessions() != nullptr) {
    arguments.RefuseRange("context", "that of a server that serves no sessions yet");
  } else if (!context->ServeSessions(id_context, tickets, identities)) {
    ThrowLibraryError(env, "EINVAL", "serveSessions: OpenSSL refuses it");
  }
  return nullptr;
}

// useTicketKeys(context, keys): TicketKeys::kSize bytes each, the first one encrypts
napi_value UseTicketKeys(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "useTicketKeys", 2);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  const Bytes keys = arguments.Data(1, "keys", TicketKeys::kSize, TicketKeys::kMaxKeys * TicketKeys::kSize);
  if (!arguments.ok()) return nullptr;
  if (keys.size % TicketKeys::kSize != 0) {
    arguments.RefuseRange("keys", "whole keys");
  } else if (context->sessions() == nullptr) {
    arguments.RefuseRange("context", "that of a server that serves sessions");
  } else if (!context->sessions()->UseKeys(keys)) {
    napi_throw_error(env, "ENOMEM", "useTicketKeys: no memory");
  }
  return nullptr;
}

// offerSession(association, session): whether it is offered
napi_value OfferSessionEntry(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "offerSession", 2);
  Connection* connection = arguments.AssociationAt(0);
  const Bytes session = arguments.Data(1, "session", 0, kMaxSession);
  if (!arguments.ok()) return nullptr;
  if (connection->context().server() || !connection->IsUnstarted()) {
    arguments.RefuseRange("association", "that of a client and not started");
    return nullptr;
  }
  const char* name = SSL_get_servername(connection->ssl(), TLSEXT_NAMETYPE_host_name);
  const size_t names = (name == nullptr ? 0 : std::strlen(name)) + connection->context().protocols().size() +
                       connection->handshake().ids().extension_size();
  return BooleanValue(env, OfferSession(connection->ssl(), session, connection->mtu(), names));
}

// answerSession(association, key | undefined, arena): bytes written
napi_value AnswerSession(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "answerSession", 3);
  Connection* connection = arguments.AssociationAt(0);
  const Bytes key = arguments.OptionalData(1, "key", 1, kMaxPskKey);
  FrameWriter frames = arguments.Arena(2);
  if (!arguments.ok()) return nullptr;
  connection->AnswerSession(key, &frames);
  return UnsignedValue(env, static_cast<uint32_t>(frames.used()));
}

// useProtocols(context, protocols): as on the wire
napi_value UseProtocolsEntry(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "useProtocols", 2);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  const Bytes protocols = arguments.Data(1, "protocols", 2, kMaxProtocols);
  if (!arguments.ok()) return nullptr;
  if (!context->UseProtocols(std::string(reinterpret_cast<const char*>(protocols.data), protocols.size))) {
    arguments.RefuseRange("protocols", "names, each with its length before it");
  }
  return nullptr;
}

// logKeys(context)
napi_value LogKeysEntry(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "logKeys", 1);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  if (arguments.ok()) LogKeys(context->ssl_ctx());
  return nullptr;
}

// exportKeyingMaterial(association, label, length, context | undefined): bytes (RFC 5705)
napi_value ExportKeyingMaterial(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "exportKeyingMaterial", 4);
  Connection* connection = arguments.AssociationAt(0);
  const std::string label = arguments.Text(1, "label", kMaxLabel);
  const uint32_t size = arguments.Number(2, "length", 1, kMaxExport);
  const Bytes context = arguments.OptionalData(3, "context", 0, UINT16_MAX);
  if (!arguments.ok()) return nullptr;
  if (connection->phase() != Connection::Phase::kEstablished) {
    arguments.RefuseRange("association", "established");
    return nullptr;
  }
  void* memory = nullptr;
  napi_value buffer, value = nullptr;
  if (napi_create_arraybuffer(env, size, &memory, &buffer) != napi_ok) return nullptr;
  if (!connection->ExportKeyingMaterial(label, context, static_cast<uint8_t*>(memory), size)) {
    ThrowLibraryError(env, "EINVAL",
                      "label, context: TLS itself uses that label, or the context is too long for OpenSSL");
    return nullptr;
  }
  napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &value);
  return value;
}

}  // namespace dtls_openssl
