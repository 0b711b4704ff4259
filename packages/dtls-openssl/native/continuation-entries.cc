// Entries about associations that go on elsewhere. Only those of the record layer can.
#include "arguments.h"
#include "connection.h"
#include "context.h"
#include "entries.h"
#include "values.h"

namespace dtls_openssl {
namespace {

constexpr size_t kMaxState = 1 << 20;

// Null, refused: OpenSSL has it, or it has not begun, or it is over.
Established* EstablishedAt(Arguments* arguments, size_t index) {
  Connection* connection = arguments->AssociationAt(index);
  if (!arguments->ok()) return nullptr;
  if (connection->phase() == Connection::Phase::kEstablished && connection->established() != nullptr) {
    return connection->established();
  }
  arguments->RefuseRange("association", "established under an AEAD ciphersuite");
  return nullptr;
}

}  // namespace

// continueAssociation(context, state): handle
napi_value ContinueAssociation(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "continueAssociation", 2);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  const Bytes state = arguments.Data(1, "state", 0, kMaxState);
  if (!arguments.ok()) return nullptr;
  std::unique_ptr<Connection> connection = Connection::Continue(arguments.environment(), std::move(context), state);
  if (connection == nullptr) {
    napi_throw_error(env, "EINVAL", "the state is not one of an association of this role, version and ciphersuites");
    return nullptr;
  }
  const uint32_t handle = arguments.environment()->connections.Add(std::move(connection));
  if (handle == 0) napi_throw_error(env, "ENOMEM", "continueAssociation: too many associations");
  return handle == 0 ? nullptr : UnsignedValue(env, handle);
}

// saveAssociation(association, reserve): bytes
napi_value SaveAssociation(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "saveAssociation", 2);
  Established* established = EstablishedAt(&arguments, 0);
  const uint32_t reserve = arguments.Number(1, "reserve", 0, UINT32_MAX);
  if (!arguments.ok()) return nullptr;
  Secret state;
  if (!established->Save(reserve, &state)) {
    napi_throw_error(env, "ENOMEM", "saveAssociation: no memory");
    return nullptr;
  }
  return BytesValue(env, reinterpret_cast<const char*>(state.data()), state.size());
}

// storedAssociation(association)
napi_value StoredAssociation(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "storedAssociation", 1);
  Established* established = EstablishedAt(&arguments, 0);
  if (arguments.ok()) established->Stored();
  return nullptr;
}

// numbersLeft(association)
napi_value NumbersLeft(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "numbersLeft", 1);
  Established* established = EstablishedAt(&arguments, 0);
  if (!arguments.ok()) return nullptr;
  return NumberValue(env, static_cast<double>(established->left()));
}

}  // namespace dtls_openssl
