/*
 * DTLS 1.2 with a PSK and connection ids (RFC 9146) on Mbed TLS 3: somebody else's implementation for tests to talk to.
 *   mbedtls-id-peer server IDENTITY KEY OWN-ID            takes a free port of 127.0.0.1, prints "PORT n", echoes
 *   mbedtls-id-peer client IDENTITY KEY OWN-ID PORT [move | resume]
 * Key and id in hex; id "none": the extension is not used, "empty": used without bytes of our own. The client sends
 * three messages and prints what comes back; it goes on from another port after the first (move), or does all twice,
 * the second time with the session of the first (resume).
 */
#include "mbedtls-peer.h"
#include <mbedtls/ssl_cache.h>
#include <unistd.h>

static void print_facts(mbedtls_ssl_context *ssl) {
  unsigned char id[MBEDTLS_SSL_CID_OUT_LEN_MAX];
  size_t length = 0;
  int enabled = MBEDTLS_SSL_CID_DISABLED;
  must(mbedtls_ssl_get_peer_cid(ssl, &enabled, id, &length), "peer's id");
  printf("CONNECTED %s id=", mbedtls_ssl_get_ciphersuite(ssl));
  if (enabled != MBEDTLS_SSL_CID_ENABLED) printf("none");
  else if (length == 0) printf("empty");
  else for (size_t at = 0; at < length; at++) printf("%02x", id[at]);
  printf("\n");
}

/* One peer, from its first hello to its close_notify. */
static void serve(mbedtls_ssl_context *ssl, struct wire *wire, const char *own, const unsigned char *id, size_t size) {
  int result;
  do {
    mbedtls_ssl_session_reset(ssl);
    if (strcmp(own, "none") != 0) must(mbedtls_ssl_set_cid(ssl, MBEDTLS_SSL_CID_ENABLED, id, size), "own id");
    know_peer(ssl, wire);
    result = shake_hands(ssl);
  } while (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED);
  if (result == 0) {
    print_facts(ssl);
    echo(ssl, wire);
  }
  forget_peer(ssl, wire);
}

static void talk(mbedtls_ssl_context *ssl, struct wire *wire, int moves) {
  unsigned char answer[100];
  for (int number = 0; number < 3; number++) {
    char text[20];
    int length = snprintf(text, sizeof text, "message %d", number), received;
    if (moves && number == 1) {
      close(wire->descriptor);
      open_socket(wire);
    }
    if (mbedtls_ssl_write(ssl, (unsigned char *)text, (size_t)length) != length) must(-1, "write");
    while ((received = mbedtls_ssl_read(ssl, answer, sizeof answer)) == MBEDTLS_ERR_SSL_WANT_READ) continue;
    if (received < 0) must(received, "read");
    printf("ECHO %.*s\n", received, (char *)answer);
  }
}

int main(int count, char **arguments) {
  if (count < 5) return 2;
  const int is_server = strcmp(arguments[1], "server") == 0;
  const char *own = arguments[4], *mode = count > 6 ? arguments[6] : "";
  unsigned char id[MBEDTLS_SSL_CID_IN_LEN_MAX];
  size_t size = strcmp(own, "none") == 0 || strcmp(own, "empty") == 0 ? 0 : unhex(own, id, sizeof id);
  struct wire wire = {0};
  if (!is_server) {
    wire.peer.sin_family = AF_INET;
    wire.peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wire.peer.sin_port = htons((uint16_t)atoi(arguments[5]));
  }

  struct engine engine;
  mbedtls_ssl_cache_context cache;
  mbedtls_ssl_session session;
  prepare(&engine, is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT, arguments[2], arguments[3]);
  mbedtls_ssl_cache_init(&cache);
  mbedtls_ssl_session_init(&session);
  mbedtls_ssl_conf_read_timeout(&engine.config, is_server ? 0 : 10000);
  must(mbedtls_ssl_conf_cid(&engine.config, size, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE), "length of ids");
  if (is_server) {
    mbedtls_ssl_conf_dtls_cookies(&engine.config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &engine.cookies);
    mbedtls_ssl_conf_session_cache(&engine.config, &cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
  }
  begin(&engine, &wire);
  open_socket(&wire);
  mbedtls_ssl_context *ssl = &engine.ssl;
  if (is_server) {
    print_port(&wire);
    for (;;) serve(ssl, &wire, own, id, size);
  }
  for (int round = 0; round < (strcmp(mode, "resume") == 0 ? 2 : 1); round++) {
    mbedtls_ssl_session_reset(ssl);
    if (strcmp(own, "none") != 0) must(mbedtls_ssl_set_cid(ssl, MBEDTLS_SSL_CID_ENABLED, id, size), "own id");
    if (round > 0) must(mbedtls_ssl_set_session(ssl, &session), "session");
    must(shake_hands(ssl), "handshake");
    print_facts(ssl);
    if (round == 0) must(mbedtls_ssl_get_session(ssl, &session), "session");
    talk(ssl, &wire, strcmp(mode, "move") == 0);
    mbedtls_ssl_close_notify(ssl);
  }
  printf("DONE\n");
  return 0;
}
