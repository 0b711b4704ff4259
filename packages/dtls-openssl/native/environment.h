// Everything that belongs to one Node-API environment (the main thread or a worker): gone when the environment goes.
#ifndef DTLS_OPENSSL_ENVIRONMENT_H_
#define DTLS_OPENSSL_ENVIRONMENT_H_

#include <node_api.h>
#include <openssl/bio.h>

#include "cipher-pool.h"
#include "handle-table.h"
#include "live-objects.h"

namespace dtls_openssl {

class Connection;
class Context;
class RecordLayer;

class Environment {
 public:
  // Null, with a JavaScript exception pending, when memory is short.
  static Environment* Create(napi_env env);
  static Environment* From(napi_env env);

  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  LiveObjects live;
  // Of this environment and not of the process: OpenSSL has no more than 128 numbers for registered types.
  BIO_METHOD* bio_method = nullptr;
  // Before what seals with it.
  CipherPool cipher_pool;
  HandleTable<Context, std::shared_ptr<Context>> contexts;
  HandleTable<Connection> connections;
  HandleTable<RecordLayer> record_layers;

 private:
  Environment() = default;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_ENVIRONMENT_H_
