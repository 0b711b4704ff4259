// Entries about associations. Those that do something write what came of it into `arena` and return how much they
// wrote.
#include "arguments.h"
#include "connection.h"
#include "entries.h"
#include "values.h"

namespace dtls_openssl {

// createAssociation(context, mtu, minWait, maxWait, replayWindow, serverName | undefined, connectionId | undefined):
// handle
napi_value CreateAssociation(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "createAssociation", 7);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  ConnectionOptions options;
  options.mtu = arguments.Number(1, "mtu", Connection::kMinMtu, UINT16_MAX);
  options.timeouts.min_ms = arguments.Number(2, "minWait", kMinWaitMs, kMaxWaitMs);
  options.timeouts.max_ms = arguments.Number(3, "maxWait", kMinWaitMs, kMaxWaitMs);
  options.replay_window = arguments.Number(4, "replayWindow", ReplayWindow::kMinSpan, ReplayWindow::kMaxSpan);
  const std::unique_ptr<std::string> name = arguments.OptionalText(5, "serverName", TLSEXT_MAXLEN_host_name);
  options.connection_id = arguments.OptionalData(6, "connectionId", 0, kMaxConnectionId);
  if (!arguments.ok()) return nullptr;
  if (name != nullptr) options.server_name = *name;
  std::unique_ptr<Connection> connection = Connection::Open(arguments.environment(), std::move(context), options);
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
  const Established* established = connection->established();
  if (established != nullptr && established->left() == 0 && !established->exhausted()) {
    napi_throw_error(env, "EAGAIN", "no record number is left before the association is exported again");
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
// alpn, serverName, ownId, peerId }
napi_value Info(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "info", 1);
  Connection* connection = arguments.AssociationAt(0);
  if (!arguments.ok()) return nullptr;
  const Facts facts = connection->facts();
  napi_value object = ObjectValue(env);
  const auto set_bytes = [&](const char* name, const SlabString& bytes) {
    SetProperty(env, object, name, BytesValue(env, bytes.data(), bytes.size()));
  };
  if (facts.suite != 0) {
    SetProperty(env, object, "version", UnsignedValue(env, facts.version));
    SetProperty(env, object, "ciphersuite", UnsignedValue(env, facts.suite));
    SetProperty(env, object, "encryptThenMac", BooleanValue(env, facts.encrypt_then_mac));
  }
  SetProperty(env, object, "resumed", BooleanValue(env, facts.resumed));
  SetProperty(env, object, "extendedMasterSecret", BooleanValue(env, facts.extended_master_secret));
  if (facts.psk_identity) set_bytes("pskIdentity", *facts.psk_identity);
  if (facts.identity_hint) SetProperty(env, object, "identityHint", TextValue(env, facts.identity_hint->c_str()));
  if (!facts.alpn.empty()) set_bytes("alpn", facts.alpn);
  if (facts.server_name) SetProperty(env, object, "serverName", TextValue(env, facts.server_name->c_str()));
  if (facts.connection_ids) {
    set_bytes("ownId", facts.own_id);
    set_bytes("peerId", facts.peer_id);
  }
  return object;
}

// lastMessages(association): types of the last handshake messages, sent * 256 + received
napi_value LastMessages(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "lastMessages", 1);
  Connection* connection = arguments.AssociationAt(0);
  if (!arguments.ok()) return nullptr;
  if (connection->ssl() == nullptr) return UnsignedValue(env, uint32_t{Failure::kNoMessage} << 8 | Failure::kNoMessage);
  const Handshake& handshake = connection->handshake();
  return UnsignedValue(env, static_cast<uint32_t>(handshake.last_sent()) << 8 | handshake.last_received());
}

// newestRecord(association): number of the newest record that was authenticated; -1: there was none, or OpenSSL has
// them
napi_value NewestRecord(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "newestRecord", 1);
  Connection* connection = arguments.AssociationAt(0);
  if (!arguments.ok()) return nullptr;
  const Established* established = connection->established();
  return NumberValue(env, established == nullptr ? -1.0 : static_cast<double>(established->layer().newest()));
}

// destroyAssociation(association): whether there was one
napi_value DestroyAssociation(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "destroyAssociation", 1);
  const uint32_t handle = arguments.Handle(0, "association");
  if (!arguments.ok()) return nullptr;
  return BooleanValue(env, arguments.environment()->connections.Remove(handle));
}

}  // namespace dtls_openssl
