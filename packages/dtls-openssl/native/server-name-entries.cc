// Entries about server names: of servers whose credentials differ by the name that a client asks for.
#include "arguments.h"
#include "connection.h"
#include "context.h"
#include "entries.h"
#include "values.h"

namespace dtls_openssl {

// serveNames(context): its associations ask which context serves the name that their peer wants
napi_value ServeNames(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "serveNames", 1);
  std::shared_ptr<Context> context = arguments.ContextAt(0);
  if (!arguments.ok()) return nullptr;
  if (context->sessions() == nullptr) {
    arguments.RefuseRange("context", "that of a server that serves sessions");
  } else {
    context->ServeNames();
  }
  return nullptr;
}

// answerServerName(association, context or 0, idContext, arena): bytes written. 0: nobody serves that name; the context
// of the association: the name does not count
napi_value AnswerServerName(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "answerServerName", 4);
  Connection* connection = arguments.AssociationAt(0);
  const uint32_t handle = arguments.Number(1, "context", 0, INT32_MAX);
  const Bytes id_context = arguments.Data(2, "idContext", 1, SSL_MAX_SID_CTX_LENGTH);
  FrameWriter frames = arguments.Arena(3);
  if (!arguments.ok()) return nullptr;
  std::shared_ptr<Context> named;
  if (handle != 0) {
    named = arguments.environment()->contexts.Share(handle);
    if (named == nullptr || named->sessions() == nullptr) {
      arguments.RefuseRange("context", "the handle of a context that serves sessions");
      return nullptr;
    }
  }
  connection->AnswerServerName(std::move(named), id_context, &frames);
  return UnsignedValue(env, static_cast<uint32_t>(frames.used()));
}

}  // namespace dtls_openssl
