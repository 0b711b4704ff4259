// Entries about associations. Those that do something write what came of it into `arena` and return how much they wrote.
#include <openssl/objects.h>

#include "arguments.h"
#include "connection.h"
#include "entries.h"
#include "values.h"

namespace dtls_openssl {

// createAssociation(context, mtu, minWait, maxWait, serverName | undefined): handle
napi_value CreateAssociation(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "createAssociation", 5);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  ConnectionOptions options;
  options.mtu = arguments.Number(1, "mtu", Connection::kMinMtu, UINT16_MAX);
  options.timeouts.min_ms = arguments.Number(2, "minWait", kMinWaitMs, kMaxWaitMs);
  options.timeouts.max_ms = arguments.Number(3, "maxWait", kMinWaitMs, kMaxWaitMs);
  const std::unique_ptr<std::string> name = arguments.OptionalText(4, "serverName", TLSEXT_MAXLEN_host_name);
  if (!arguments.ok()) return nullptr;
  if (name != nullptr) options.server_name = *name;
  std::shared_ptr<Connection> connection = Connection::Open(arguments.environment(), std::move(context), options);
  if (connection == nullptr) {
    ThrowLibraryError(env, "ENOMEM", "createAssociation: OpenSSL cannot make a connection");
    return nullptr;
  }
  const uint32_t handle = arguments.environment()->connections.Add(std::move(connection));
  if (handle == 0) napi_throw_error(env, "ENOMEM", "createAssociation: too many associations");
  return handle == 0 ? nullptr : UnsignedValue(env, handle);
}

// start(association, opening | undefined, arena): bytes written
napi_value Start(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "start", 3);
  Connection* connection = arguments.AssociationAt(0);
  const Bytes opening = arguments.OptionalData(1, "opening", 1, UINT16_MAX);
  FrameWriter frames = arguments.Arena(2);
  if (!arguments.ok()) return nullptr;
  connection->Start(opening, &frames);
  return UnsignedValue(env, static_cast<uint32_t>(frames.used()));
}

// receive(association, datagram, arena): bytes written
napi_value Receive(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "receive", 3);
  Connection* connection = arguments.AssociationAt(0);
  const Bytes datagram = arguments.Data(1, "datagram", 0, UINT16_MAX);
  FrameWriter frames = arguments.Arena(2);
  if (!arguments.ok()) return nullptr;
  connection->Receive(datagram, &frames);
  return UnsignedValue(env, static_cast<uint32_t>(frames.used()));
}

// send(association, message, arena): bytes written
napi_value Send(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "send", 3);
  Connection* connection = arguments.AssociationAt(0);
  const Bytes message = arguments.Data(1, "message", 1, Connection::kMaxMessage);
  FrameWriter frames = arguments.Arena(2);
  if (!arguments.ok()) return nullptr;
  if (connection->phase() != Connection::Phase::kEstablished) {
    arguments.RefuseRange("association", "established");
    return nullptr;
  }
  connection->Send(message, &frames);
  return UnsignedValue(env, static_cast<uint32_t>(frames.used()));
}

// timeout(association, arena): bytes written
napi_value Timeout(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "timeout", 2);
  Connection* connection = arguments.AssociationAt(0);
  FrameWriter frames = arguments.Arena(1);
  if (!arguments.ok()) return nullptr;
  connection->Timeout(&frames);
  return UnsignedValue(env, static_cast<uint32_t>(frames.used()));
}

// answerPsk(association, key | undefined)
napi_value AnswerPsk(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "answerPsk", 2);
  Connection* connection = arguments.AssociationAt(0);
  const Bytes key = arguments.OptionalData(1, "key", 1, kMaxPskKey);
  if (!arguments.ok()) return nullptr;
  if (!connection->AnswerPsk(key)) napi_throw_error(env, "ENOMEM", "answerPsk: no memory");
  return nullptr;
}

// shutdown(association, arena): bytes written
napi_value Shutdown(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "shutdown", 2);
  Connection* connection = arguments.AssociationAt(0);
  FrameWriter frames = arguments.Arena(1);
  if (!arguments.ok()) return nullptr;
  connection->Shutdown(&frames);
  return UnsignedValue(env, static_cast<uint32_t>(frames.used()));
}

// info(association): { version, ciphersuite, encryptThenMac, resumed, extendedMasterSecret, pskIdentity, identityHint,
// alpn, serverName }
napi_value Info(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "info", 1);
  Connection* connection = arguments.AssociationAt(0);
  if (!arguments.ok()) return nullptr;
  SSL* ssl = connection->ssl();
  napi_value object = ObjectValue(env);
  const SSL_CIPHER* suite = SSL_get_current_cipher(ssl);
  if (suite != nullptr) {
    SetProperty(env, object, "version", UnsignedValue(env, static_cast<uint32_t>(SSL_version(ssl))));
    SetProperty(env, object, "ciphersuite", UnsignedValue(env, SSL_CIPHER_get_protocol_id(suite)));
    SetProperty(env, object, "encryptThenMac", BooleanValue(env, connection->handshake().encrypt_then_mac()));
  }
  SetProperty(env, object, "resumed", BooleanValue(env, SSL_session_reused(ssl) == 1));
  SetProperty(env, object, "extendedMasterSecret", BooleanValue(env, SSL_get_extms_support(ssl) == 1));
  const std::string identity = SSL_session_reused(ssl) == 1 ? ReadMark(SSL_get_session(ssl)).identity
                                                            : connection->handshake().peer_identity();
  const bool psk = suite != nullptr && SSL_CIPHER_get_auth_nid(suite) == NID_auth_psk;
  if (psk && connection->context().server()) {
    SetProperty(env, object, "pskIdentity", BytesValue(env, identity.data(), identity.size()));
  }
  if (!connection->context().server()) {
    SetProperty(env, object, "identityHint", TextValue(env, SSL_get_psk_identity_hint(ssl)));
  }
  const unsigned char* protocol = nullptr;
  unsigned protocol_size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &protocol_size);
  if (protocol_size > 0) {
    const auto* text = reinterpret_cast<const char*>(protocol);
    SetProperty(env, object, "alpn", BytesValue(env, text, protocol_size));
  }
  SetProperty(env, object, "serverName", TextValue(env, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)));
  return object;
}

// lastMessages(association): types of the last handshake messages, sent * 256 + received
napi_value LastMessages(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "lastMessages", 1);
  Connection* connection = arguments.AssociationAt(0);
  if (!arguments.ok()) return nullptr;
  const Handshake& handshake = connection->handshake();
  return UnsignedValue(env, static_cast<uint32_t>(handshake.last_sent()) << 8 | handshake.last_received());
}

// destroyAssociation(association): whether there was one
napi_value DestroyAssociation(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "destroyAssociation", 1);
  const uint32_t handle = arguments.Handle(0, "association");
  if (!arguments.ok()) return nullptr;
  return BooleanValue(env, arguments.environment()->connections.Remove(handle));
}

}  // namespace dtls_openssl
