#include "errors.h"

namespace dtls_openssl {

LibraryError FirstLibraryError() {
  LibraryError error;
  error.code = ERR_peek_error();
  if (error.code != 0) ERR_error_string_n(error.code, error.text, sizeof error.text);
  return error;
}

void ThrowLibraryError(napi_env env, const char* code, const char* message) {
  const LibraryError library = FirstLibraryError();
  napi_value code_value, message_value, error, number, text;
  if (napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &code_value) != napi_ok ||
      napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &message_value) != napi_ok ||
      napi_create_error(env, code_value, message_value, &error) != napi_ok) {
    return;
  }
  if (library.code != 0 && napi_create_uint32(env, static_cast<uint32_t>(library.code), &number) == napi_ok &&
      napi_create_string_utf8(env, library.text, NAPI_AUTO_LENGTH, &text) == napi_ok) {
    napi_set_named_property(env, error, "libraryCode", number);
    napi_set_named_property(env, error, "libraryText", text);
  }
  napi_throw(env, error);
}

}  // namespace dtls_openssl
