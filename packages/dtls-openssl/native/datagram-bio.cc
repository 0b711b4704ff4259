#include "datagram-bio.h"

#include "connection.h"

namespace dtls_openssl {
namespace {

Connection* ConnectionOf(BIO* bio) { return static_cast<Connection*>(BIO_get_data(bio)); }

int Read(BIO* bio, char* to, int size) {
  BIO_clear_retry_flags(bio);
  const int count = size <= 0 ? 0 : ConnectionOf(bio)->TakeInput(reinterpret_cast<uint8_t*>(to), size);
  if (count > 0) return count;
  BIO_set_retry_read(bio);
  return -1;
}

// Always succeeds: a datagram that has to wait would let a timer interrupt a half-written flight (CVE-2026-84782).
int Write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  if (size > 0) ConnectionOf(bio)->PutOutput({reinterpret_cast<const uint8_t*>(from), static_cast<size_t>(size), true});
  return size;
}

long Control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
      return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
      return ConnectionOf(bio)->mtu();
    // Asked after two flights without an answer: the path may be narrower than the interface.
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
      return ConnectionOf(bio)->fallback_mtu();
    // Sizes are those of datagrams, without lower headers. OpenSSL takes 256 bytes less this as the smallest it
    // accepts.
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
      return 256 - Connection::kMinMtu;
    default:
      return 0;
  }
}

int Create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

int Destroy(BIO* bio) {
  if (bio == nullptr) return 0;
  if (ConnectionOf(bio) != nullptr) ConnectionOf(bio)->BioGone();
  return 1;
}

}  // namespace

BIO_METHOD* NewDatagramBioMethod() {
  BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "avs-net datagram");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, Read);
  BIO_meth_set_write(method, Write);
  BIO_meth_set_ctrl(method, Control);
  BIO_meth_set_create(method, Create);
  BIO_meth_set_destroy(method, Destroy);
  return method;
}

BIO* NewDatagramBio(BIO_METHOD* method, Connection* connection) {
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, connection);
  return bio;
}

}  // namespace dtls_openssl
