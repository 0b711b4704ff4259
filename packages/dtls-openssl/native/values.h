// JavaScript values made from native ones. A failure (an exception is pending, or memory is short) gives null.
#ifndef DTLS_OPENSSL_VALUES_H_
#define DTLS_OPENSSL_VALUES_H_

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dtls_openssl {

inline napi_value NumberValue(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

inline napi_value UnsignedValue(napi_env env, uint32_t number) {
  napi_value value = nullptr;
  napi_create_uint32(env, number, &value);
  return value;
}

inline napi_value BooleanValue(napi_env env, bool boolean) {
  napi_value value = nullptr;
  napi_get_boolean(env, boolean, &value);
  return value;
}

// Null for no text.
inline napi_value TextValue(napi_env env, const char* text) {
  napi_value value = nullptr;
  if (text != nullptr) napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

// A Uint8Array of its own.
inline napi_value BytesValue(napi_env env, const char* data, size_t size) {
  void* memory = nullptr;
  napi_value buffer = nullptr, value = nullptr;
  if (napi_create_arraybuffer(env, size, &memory, &buffer) != napi_ok) return nullptr;
  if (size > 0) std::memcpy(memory, data, size);
  napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &value);
  return value;
}

inline napi_value ObjectValue(napi_env env) {
  napi_value value = nullptr;
  napi_create_object(env, &value);
  return value;
}

// Leaves a property out whose value is null.
inline void SetProperty(napi_env env, napi_value object, const char* name, napi_value value) {
  if (object != nullptr && value != nullptr) napi_set_named_property(env, object, name, value);
}

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_VALUES_H_
