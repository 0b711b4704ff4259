// Entries about the library and about contexts.
#include <openssl/crypto.h>

#include <cstring>

#include "arguments.h"
#include "context.h"
#include "entries.h"
#include "values.h"

namespace dtls_openssl {

// versions(): { built, running, major }
napi_value Versions(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "versions", 0);
  if (!arguments.ok()) return nullptr;
  napi_value object = ObjectValue(env);
  SetProperty(env, object, "built", TextValue(env, OPENSSL_VERSION_TEXT));
  SetProperty(env, object, "running", TextValue(env, OpenSSL_version(OPENSSL_VERSION)));
  SetProperty(env, object, "major", UnsignedValue(env, OPENSSL_version_major()));
  return object;
}

// ciphersuites(): IANA numbers of all suites that the running library has
napi_value Ciphersuites(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "ciphersuites", 0);
  if (!arguments.ok()) return nullptr;
  SSL_CTX* ctx = SSL_CTX_new(DTLS_method());
  napi_value numbers = nullptr;
  if (ctx == nullptr || SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL") != 1 ||
      napi_create_array(env, &numbers) != napi_ok) {
    SSL_CTX_free(ctx);
    ThrowLibraryError(env, "EPROTO", "ciphersuites: OpenSSL lists none");
    return nullptr;
  }
  const STACK_OF(SSL_CIPHER)* suites = SSL_CTX_get_ciphers(ctx);
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); i++) {
    const uint16_t id = SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(suites, i));
    napi_set_element(env, numbers, static_cast<uint32_t>(i), UnsignedValue(env, id));
  }
  SSL_CTX_free(ctx);
  return numbers;
}

// liveObjects(process): counts of this environment, or of all environments of the process
napi_value ReportLiveObjects(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "liveObjects", 1);
  const bool process = arguments.Boolean(0, "process");
  if (!arguments.ok()) return nullptr;
  const LiveObjects& live = process ? ProcessLiveObjects() : arguments.environment()->live;
  napi_value object = ObjectValue(env);
  SetProperty(env, object, "contexts", NumberValue(env, static_cast<double>(live.contexts.load())));
  SetProperty(env, object, "connections", NumberValue(env, static_cast<double>(live.connections.load())));
  SetProperty(env, object, "bios", NumberValue(env, static_cast<double>(live.bios.load())));
  SetProperty(env, object, "associations", NumberValue(env, static_cast<double>(live.associations.load())));
  return object;
}

// createContext(server, minVersion, maxVersion, cipherList, suites, sha1Signatures): handle
napi_value CreateContext(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "createContext", 6);
  ContextOptions options;
  options.server = arguments.Boolean(0, "server");
  // DTLS counts versions downwards.
  options.min_version = static_cast<int>(arguments.Number(1, "minVersion", DTLS1_2_VERSION, DTLS1_VERSION));
  options.max_version = static_cast<int>(arguments.Number(2, "maxVersion", DTLS1_2_VERSION, DTLS1_VERSION));
  options.cipher_list = arguments.Text(3, "cipherList", 8192);
  options.suites = arguments.Numbers(4, "suites", 256);
  options.sha1_signatures = arguments.Boolean(5, "sha1Signatures");
  if (!arguments.ok()) return nullptr;
  std::shared_ptr<Context> context = Context::Create(arguments.environment(), options);
  if (context == nullptr) {
    ThrowLibraryError(env, "EINVAL", "createContext: OpenSSL refuses the versions or the ciphersuites");
    return nullptr;
  }
  const uint32_t handle = arguments.environment()->contexts.Add(std::move(context));
  if (handle == 0) napi_throw_error(env, "ENOMEM", "createContext: too many contexts");
  return handle == 0 ? nullptr : UnsignedValue(env, handle);
}

// useClientPsk(context, identity, key)
napi_value UseClientPsk(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "useClientPsk", 3);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  const Bytes identity = arguments.Data(1, "identity", 0, kMaxPskIdentity);
  const Bytes key = arguments.Data(2, "key", 1, kMaxPskKey);
  if (!arguments.ok()) return nullptr;
  if (identity.size > 0 && std::memchr(identity.data, 0, identity.size) != nullptr) {
    arguments.RefuseRange("identity", "without NUL");
  } else if (context->server()) {
    arguments.RefuseRange("context", "that of a client");
  } else if (!context->UseClientPsk(identity, key)) {
    napi_throw_error(env, "ENOMEM", "useClientPsk: no memory");
  }
  return nullptr;
}

// useServerPsk(context, hint | undefined, concealUnknownIdentity)
napi_value UseServerPsk(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "useServerPsk", 3);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  const Bytes hint = arguments.OptionalData(1, "hint", 0, PSK_MAX_IDENTITY_LEN);
  const bool conceal = arguments.Boolean(2, "concealUnknownIdentity");
  if (!arguments.ok()) return nullptr;
  if (hint.size > 0 && std::memchr(hint.data, 0, hint.size) != nullptr) {
    arguments.RefuseRange("hint", "without NUL");
    return nullptr;
  }
  const std::string text = hint.size == 0 ? "" : std::string(reinterpret_cast<const char*>(hint.data), hint.size);
  if (!context->server()) {
    arguments.RefuseRange("context", "that of a server");
  } else if (!context->UseServerPsk(hint.present ? &text : nullptr, conceal)) {
    ThrowLibraryError(env, "EINVAL", "useServerPsk: OpenSSL refuses the identity hint");
  }
  return nullptr;
}

// destroyContext(context): whether there was one
napi_value DestroyContext(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "destroyContext", 1);
  const uint32_t handle = arguments.Handle(0, "context");
  if (!arguments.ok()) return nullptr;
  return BooleanValue(env, arguments.environment()->contexts.Remove(handle));
}

}  // namespace dtls_openssl
