// Entries that reach a record layer without an association around it.
#include <cstring>

#include "arguments.h"
#include "entries.h"
#include "record-layer.h"
#include "values.h"

namespace dtls_openssl {
namespace {

constexpr size_t kMaxDatagram = 1 << 16;

RecordLayer* LayerAt(Arguments* arguments) {
  const uint32_t handle = arguments->Handle(0, "layer");
  if (!arguments->ok()) return nullptr;
  RecordLayer* layer = arguments->environment()->record_layers.Find(handle);
  if (layer == nullptr) arguments->RefuseRange("layer", "the handle of a record layer that was not destroyed");
  return layer;
}

// A Uint8Array that the entry writes to.
uint8_t* Room(Arguments* arguments, size_t index, const char* name, size_t min, size_t* size) {
  const Bytes room = arguments->Data(index, name, min, SIZE_MAX);
  *size = room.size;
  return const_cast<uint8_t*>(room.data);
}

}  // namespace

// createRecordLayer(suite, server, secrets: master secret, client random, server random, ownId, peerId, window): handle
napi_value CreateRecordLayer(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "createRecordLayer", 6);
  RecordSecrets secrets;
  RecordOptions options;
  secrets.suite = static_cast<uint16_t>(arguments.Number(0, "suite", 0, UINT16_MAX));
  secrets.server = arguments.Boolean(1, "server");
  const Bytes bytes = arguments.Data(2, "secrets", 112, 112);
  options.own_id = arguments.Data(3, "ownId", 0, RecordHeader::kMaxId);
  options.peer_id = arguments.Data(4, "peerId", 0, RecordHeader::kMaxId);
  options.window = arguments.Number(5, "window", ReplayWindow::kMinSpan, ReplayWindow::kMaxSpan);
  if (!arguments.ok()) return nullptr;
  if (options.window % 64 != 0) {
    arguments.RefuseRange("window", "a multiple of 64");
    return nullptr;
  }
  if (!RecordLayer::Has(secrets.suite)) {
    arguments.RefuseRange("suite", "that of an AEAD ciphersuite of DTLS 1.2");
    return nullptr;
  }
  std::memcpy(secrets.master_secret, bytes.data, 48);
  std::memcpy(secrets.client_random, bytes.data + 48, 32);
  std::memcpy(secrets.server_random, bytes.data + 80, 32);
  std::unique_ptr<RecordLayer> layer =
      RecordLayer::Create(&arguments.environment()->cipher_pool, secrets, options);
  OPENSSL_cleanse(&secrets, sizeof secrets);
  const uint32_t handle =
      layer == nullptr ? 0 : arguments.environment()->record_layers.Add(std::move(layer));
  if (handle == 0) napi_throw_error(env, "ENOMEM", "createRecordLayer: no memory, or OpenSSL has not the cipher");
  return handle == 0 ? nullptr : UnsignedValue(env, handle);
}

// sealRecord(layer, type, content, padding, to): bytes written; 0: no room, or no number is left
napi_value SealRecord(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "sealRecord", 5);
  RecordLayer* layer = LayerAt(&arguments);
  const auto type = static_cast<uint8_t>(arguments.Number(1, "type", 0, UINT8_MAX));
  const Bytes content = arguments.Data(2, "content", 0, kMaxDatagram);
  const size_t padding = arguments.Number(3, "padding", 0, kMaxDatagram);
  size_t room = 0;
  uint8_t* to = Room(&arguments, 4, "to", 0, &room);
  if (!arguments.ok()) return nullptr;
  return UnsignedValue(env, static_cast<uint32_t>(layer->Seal(type, content, to, room, padding)));
}

// openRecord(layer, datagram, at, to): [verdict, type, size, newest, next]
napi_value OpenRecord(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "openRecord", 4);
  RecordLayer* layer = LayerAt(&arguments);
  const Bytes datagram = arguments.Data(1, "datagram", 0, kMaxDatagram);
  const uint32_t at = arguments.Number(2, "at", 0, kMaxDatagram);
  size_t room = 0;
  uint8_t* to = Room(&arguments, 3, "to", datagram.size, &room);
  napi_value result = nullptr;
  if (!arguments.ok() || napi_create_array_with_length(env, 5, &result) != napi_ok) return nullptr;
  const OpenedRecord record = layer->Open(datagram, at, to);
  napi_set_element(env, result, 0, UnsignedValue(env, static_cast<uint32_t>(record.verdict)));
  napi_set_element(env, result, 1, UnsignedValue(env, record.type));
  napi_set_element(env, result, 2, UnsignedValue(env, static_cast<uint32_t>(record.size)));
  napi_set_element(env, result, 3, BooleanValue(env, record.newest));
  napi_set_element(env, result, 4, UnsignedValue(env, static_cast<uint32_t>(record.next)));
  return result;
}

// setRecordLimit(layer, limit): its next number
napi_value SetRecordLimit(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "setRecordLimit", 2);
  RecordLayer* layer = LayerAt(&arguments);
  const double limit = arguments.Whole(1, "limit", static_cast<double>(RecordHeader::kMaxSequence));
  if (!arguments.ok()) return nullptr;
  layer->set_limit(static_cast<uint64_t>(limit));
  return NumberValue(env, static_cast<double>(layer->next_number()));
}

// recordState(layer, first): bytes, secret
napi_value SaveRecordState(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "recordState", 2);
  RecordLayer* layer = LayerAt(&arguments);
  const double first = arguments.Whole(1, "first", static_cast<double>(RecordHeader::kMaxSequence));
  if (!arguments.ok()) return nullptr;
  uint8_t bytes[RecordState::kMaxSize];
  const size_t size = PutRecordState(bytes, layer->State(static_cast<uint64_t>(first)));
  napi_value value = BytesValue(env, reinterpret_cast<const char*>(bytes), size);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return value;
}

// continueRecordLayer(state): handle, or 0 if these bytes are no state
napi_value ContinueRecordLayer(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "continueRecordLayer", 1);
  const Bytes bytes = arguments.Data(0, "state", 0, kMaxDatagram);
  if (!arguments.ok()) return nullptr;
  RecordState state;
  std::unique_ptr<RecordLayer> layer;
  if (ParseRecordState(bytes, &state)) {
    layer = RecordLayer::Continue(&arguments.environment()->cipher_pool, state);
  }
  if (layer == nullptr) return UnsignedValue(env, 0);
  return UnsignedValue(env, arguments.environment()->record_layers.Add(std::move(layer)));
}

// destroyRecordLayer(layer): whether there was one
napi_value DestroyRecordLayer(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "destroyRecordLayer", 1);
  const uint32_t handle = arguments.Handle(0, "layer");
  if (!arguments.ok()) return nullptr;
  return BooleanValue(env, arguments.environment()->record_layers.Remove(handle));
}

}  // namespace dtls_openssl
