#include "environment.h"

#include <new>

#include "connection.h"
#include "context.h"
#include "datagram-bio.h"
#include "record-layer.h"

namespace dtls_openssl {

LiveObjects& ProcessLiveObjects() {
  static LiveObjects objects;
  return objects;
}

Environment* Environment::Create(napi_env env) {
  auto* environment = new (std::nothrow) Environment();
  if (environment != nullptr) environment->bio_method = NewDatagramBioMethod();
  const bool complete = environment != nullptr && environment->bio_method != nullptr;
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  if (!complete || napi_set_instance_data(env, environment, finalize, nullptr) != napi_ok) {
    delete environment;
    napi_throw_error(env, "ENOMEM", "dtls-openssl: no memory for the addon");
    return nullptr;
  }
  return environment;
}

Environment* Environment::From(napi_env env) {
  void* data = nullptr;
  return napi_get_instance_data(env, &data) == napi_ok ? static_cast<Environment*>(data) : nullptr;
}

Environment::~Environment() {
  // Associations use their context and the BIO method until the end.
  connections.Clear();
  contexts.Clear();
  BIO_meth_free(bio_method);
}

}  // namespace dtls_openssl
