#include "key-log.h"

#include <cstring>

#include "connection.h"
#include "frames.h"

namespace dtls_openssl {
namespace {

void SawLine(const SSL* ssl, const char* line) {
  FrameWriter* frames = Connection::From(ssl)->frames();
  if (frames == nullptr) return;
  frames->Write(FrameKind::kKeyLog, {reinterpret_cast<const uint8_t*>(line), std::strlen(line), true});
}

}  // namespace

void LogKeys(SSL_CTX* ctx) { SSL_CTX_set_keylog_callback(ctx, SawLine); }

}  // namespace dtls_openssl
