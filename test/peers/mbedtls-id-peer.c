/*
 * DTLS 1.2 with a PSK and connection ids (RFC 9146) on Mbed TLS 3: somebody else's implementation for tests to talk to.
 *   mbedtls-id-peer server IDENTITY KEY OWN-ID            takes a free port of 127.0.0.1, prints "PORT n", echoes
 *   mbedtls-id-peer client IDENTITY KEY OWN-ID PORT [move | resume]
 * Key and id in hex; id "none": the extension is not used, "empty": used without bytes of our own. The client sends
 * three messages and prints what comes back; it goes on from another port after the first (move), or does all twice,
 * the second time with the session of the first (resume).
 */
#include <arpa/inet.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/timing.h>
#include <poll.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct wire {
  int descriptor;
  struct sockaddr_in peer;
  int moves;
};

static void must(int result, const char *what) {
  if (result == 0) return;
  printf("FAILED %s: -0x%04x\n", what, (unsigned)-result);
  exit(1);
}

static size_t unhex(const char *text, unsigned char *bytes, size_t room) {
  size_t length = strlen(text) / 2;
  if (length > room) exit(2);
  for (size_t at = 0; at < length; at++) {
    unsigned value;
    if (sscanf(text + 2 * at, "%2x", &value) != 1) exit(2);
    bytes[at] = (unsigned char)value;
  }
  return length;
}

static int send_datagram(void *context, const unsigned char *bytes, size_t length) {
  struct wire *wire = context;
  ssize_t sent = sendto(wire->descriptor, bytes, length, 0, (struct sockaddr *)&wire->peer, sizeof wire->peer);
  return sent < 0 ? MBEDTLS_ERR_SSL_INTERNAL_ERROR : (int)sent;
}

static int receive_datagram(void *context, unsigned char *bytes, size_t length, uint32_t wait) {
  struct wire *wire = context;
  struct pollfd ready = {.fd = wire->descriptor, .events = POLLIN};
  if (poll(&ready, 1, wait == 0 ? -1 : (int)wait) <= 0) return MBEDTLS_ERR_SSL_TIMEOUT;
  struct sockaddr_in from;
  socklen_t size = sizeof from;
  ssize_t received = recvfrom(wire->descriptor, bytes, length, 0, (struct sockaddr *)&from, &size);
  if (received < 0) return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
  if (wire->peer.sin_port != 0 && wire->peer.sin_port != from.sin_port) wire->moves++;
  wire->peer = from;
  return (int)received;
}

static void open_socket(struct wire *wire) {
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  wire->descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  must(bind(wire->descriptor, (struct sockaddr *)&local, sizeof local), "bind");
}

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

static int shake_hands(mbedtls_ssl_context *ssl) {
  int result;
  while ((result = mbedtls_ssl_handshake(ssl)) == MBEDTLS_ERR_SSL_WANT_READ) continue;
  if (result == 0) print_facts(ssl);
  return result;
}

/* One peer, from its first hello to its close_notify. */
static void serve(mbedtls_ssl_context *ssl, struct wire *wire, const char *own, const unsigned char *id, size_t size) {
  unsigned char message[16384];
  int result;
  do {
    mbedtls_ssl_session_reset(ssl);
    if (strcmp(own, "none") != 0) must(mbedtls_ssl_set_cid(ssl, MBEDTLS_SSL_CID_ENABLED, id, size), "own id");
    if (wire->peer.sin_port == 0) {
      socklen_t room = sizeof wire->peer;
      recvfrom(wire->descriptor, message, 1, MSG_PEEK, (struct sockaddr *)&wire->peer, &room);
    }
    must(mbedtls_ssl_set_client_transport_id(ssl, (unsigned char *)&wire->peer, sizeof wire->peer), "transport id");
    result = shake_hands(ssl);
  } while (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED);
  wire->moves = 0;
  while (result == 0) {
    int length = mbedtls_ssl_read(ssl, message, sizeof message);
    if (length == MBEDTLS_ERR_SSL_WANT_READ || length == MBEDTLS_ERR_SSL_TIMEOUT) continue;
    if (length <= 0) break;
    if (mbedtls_ssl_write(ssl, message, (size_t)length) != length) break;
  }
  mbedtls_ssl_close_notify(ssl);
  printf("CLOSED after %d moves\n", wire->moves);
  memset(&wire->peer, 0, sizeof wire->peer);
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
  setvbuf(stdout, NULL, _IOLBF, 0);
  const int is_server = strcmp(arguments[1], "server") == 0;
  const char *own = arguments[4], *mode = count > 6 ? arguments[6] : "";
  unsigned char key[64], id[MBEDTLS_SSL_CID_IN_LEN_MAX];
  size_t key_size = unhex(arguments[3], key, sizeof key);
  size_t size = strcmp(own, "none") == 0 || strcmp(own, "empty") == 0 ? 0 : unhex(own, id, sizeof id);
  struct wire wire = {0};
  if (!is_server) {
    wire.peer.sin_family = AF_INET;
    wire.peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wire.peer.sin_port = htons((uint16_t)atoi(arguments[5]));
  }

  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_ssl_config config;
  mbedtls_ssl_cookie_ctx cookies;
  mbedtls_ssl_cache_context cache;
  mbedtls_ssl_context ssl;
  mbedtls_ssl_session session;
  mbedtls_timing_delay_context timer;
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&random);
  mbedtls_ssl_config_init(&config);
  mbedtls_ssl_cookie_init(&cookies);
  mbedtls_ssl_cache_init(&cache);
  mbedtls_ssl_init(&ssl);
  mbedtls_ssl_session_init(&session);
  must((int)psa_crypto_init(), "psa");
  must(mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0), "seed");
  must(mbedtls_ssl_config_defaults(&config, is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                   MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT), "defaults");
  mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
  mbedtls_ssl_conf_handshake_timeout(&config, 200, 3200);
  mbedtls_ssl_conf_read_timeout(&config, is_server ? 0 : 10000);
  must(mbedtls_ssl_conf_cid(&config, size, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE), "length of ids");
  must(mbedtls_ssl_conf_psk(&config, key, key_size, (unsigned char *)arguments[2], strlen(arguments[2])), "psk");
  must(mbedtls_ssl_cookie_setup(&cookies, mbedtls_ctr_drbg_random, &random), "cookies");
  if (is_server) {
    mbedtls_ssl_conf_dtls_cookies(&config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &cookies);
    mbedtls_ssl_conf_session_cache(&config, &cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
  }
  must(mbedtls_ssl_setup(&ssl, &config), "setup");
  mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
  mbedtls_ssl_set_bio(&ssl, &wire, send_datagram, NULL, receive_datagram);
  open_socket(&wire);
  if (is_server) {
    struct sockaddr_in local;
    socklen_t room = sizeof local;
    must(getsockname(wire.descriptor, (struct sockaddr *)&local, &room), "getsockname");
    printf("PORT %d\n", ntohs(local.sin_port));
    for (;;) serve(&ssl, &wire, own, id, size);
  }
  for (int round = 0; round < (strcmp(mode, "resume") == 0 ? 2 : 1); round++) {
    mbedtls_ssl_session_reset(&ssl);
    if (strcmp(own, "none") != 0) must(mbedtls_ssl_set_cid(&ssl, MBEDTLS_SSL_CID_ENABLED, id, size), "own id");
    if (round > 0) must(mbedtls_ssl_set_session(&ssl, &session), "session");
    must(shake_hands(&ssl), "handshake");
    if (round == 0) must(mbedtls_ssl_get_session(&ssl, &session), "session");
    talk(&ssl, &wire, strcmp(mode, "move") == 0);
    mbedtls_ssl_close_notify(&ssl);
  }
  printf("DONE\n");
  return 0;
}
