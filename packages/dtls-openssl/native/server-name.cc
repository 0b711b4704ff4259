#include "server-name.h"

#include "connection.h"
#include "context.h"
#include "frames.h"

namespace dtls_openssl {
namespace {

enum class Extension { kAbsent, kMalformed, kName };

// RFC 6066 §3: a list with its length before it, of entries with a type and a length. OpenSSL, too, takes exactly one.
Extension ReadServerName(SSL* ssl, Bytes* name) {
  const unsigned char* bytes = nullptr;
  size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1) return Extension::kAbsent;
  constexpr size_t kHeader = 2 + 1 + 2;
  if (size <= kHeader || size > kHeader + TLSEXT_MAXLEN_host_name) return Extension::kMalformed;
  const size_t list = static_cast<size_t>(bytes[0]) << 8 | bytes[1];
  const size_t length = static_cast<size_t>(bytes[3]) << 8 | bytes[4];
  const bool exact = list == size - 2 && length == size - kHeader && bytes[2] == TLSEXT_NAMETYPE_host_name;
  if (!exact) return Extension::kMalformed;
  *name = {bytes + kHeader, length, true};
  return Extension::kName;
}

int Acknowledge(SSL* ssl, int*, void*) {
  return Connection::From(ssl)->handshake().server_name().chosen() ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

ServerNameClaim::ServerNameClaim() = default;
ServerNameClaim::~ServerNameClaim() = default;

int ServerNameClaim::SawHello(SSL* ssl, int* alert) {
  if (state_ == State::kAsking) return SSL_CLIENT_HELLO_RETRY;
  if (state_ == State::kUnread) {
    Bytes name;
    FrameWriter* frames = Connection::From(ssl)->frames();
    switch (ReadServerName(ssl, &name)) {
      case Extension::kAbsent:
        UseDefault();
        break;
      case Extension::kMalformed:
        *alert = SSL_AD_DECODE_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
      case Extension::kName:
        if (frames != nullptr && frames->Write(FrameKind::kServerName, name)) {
          state_ = State::kAsking;
          return SSL_CLIENT_HELLO_RETRY;
        }
        // Never the default for somebody who asked for something else.
        Refuse();
    }
  }
  if (state_ == State::kSettled) return SSL_CLIENT_HELLO_SUCCESS;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_CLIENT_HELLO_ERROR;
}

bool ServerNameClaim::Use(SSL* ssl, std::shared_ptr<Context> context, Bytes id_context) {
  SSL_CTX* ctx = context->ssl_ctx();
  // Chain, key, trust anchors and lists come with the SSL_CTX; what an SSL has copied from the first one does not.
  const bool used = SSL_set_SSL_CTX(ssl, ctx) == ctx;
  if (used) SSL_set_verify(ssl, SSL_CTX_get_verify_mode(ctx), nullptr);
  context_ = std::move(context);
  state_ = State::kSettled;
  return used && SSL_set_session_id_context(ssl, id_context.data, static_cast<unsigned>(id_context.size)) == 1;
}

void AcknowledgeServerNames(SSL_CTX* ctx) { SSL_CTX_set_tlsext_servername_callback(ctx, Acknowledge); }

}  // namespace dtls_openssl
