/*
 * What the peers on Mbed TLS have in common: DTLS with a PSK over datagrams of loopback, and a server's way with one
 * client. Works with Mbed TLS 2.28 and 3.
 */
#include <arpa/inet.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/timing.h>
#include <mbedtls/version.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

struct wire {
  int descriptor;
  struct sockaddr_in peer;
  /* How often the peer went on from another port. */
  int moves;
};

/* Everything that one association is made of. */
struct engine {
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_ssl_config config;
  mbedtls_ssl_cookie_ctx cookies;
  mbedtls_ssl_context ssl;
  mbedtls_timing_delay_context timer;
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

static void print_port(const struct wire *wire) {
  struct sockaddr_in local;
  socklen_t size = sizeof local;
  must(getsockname(wire->descriptor, (struct sockaddr *)&local, &size), "getsockname");
  printf("PORT %d\n", ntohs(local.sin_port));
}

/* The configuration may still be changed, until `begin`. Lines that are printed go out at once. */
static void prepare(struct engine *engine, int role, const char *identity, const char *key_in_hex) {
  unsigned char key[64];
  size_t key_size = unhex(key_in_hex, key, sizeof key);
  setvbuf(stdout, NULL, _IOLBF, 0);
  mbedtls_entropy_init(&engine->entropy);
  mbedtls_ctr_drbg_init(&engine->random);
  mbedtls_ssl_config_init(&engine->config);
  mbedtls_ssl_cookie_init(&engine->cookies);
  mbedtls_ssl_init(&engine->ssl);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  must((int)psa_crypto_init(), "psa");
#endif
  must(mbedtls_ctr_drbg_seed(&engine->random, mbedtls_entropy_func, &engine->entropy, NULL, 0), "seed");
  must(mbedtls_ssl_config_defaults(&engine->config, role, MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT),
       "defaults");
  mbedtls_ssl_conf_rng(&engine->config, mbedtls_ctr_drbg_random, &engine->random);
  mbedtls_ssl_conf_handshake_timeout(&engine->config, 200, 3200);
  const unsigned char *name = (const unsigned char *)identity;
  must(mbedtls_ssl_conf_psk(&engine->config, key, key_size, name, strlen(identity)), "psk");
  must(mbedtls_ssl_cookie_setup(&engine->cookies, mbedtls_ctr_drbg_random, &engine->random), "cookies");
}

static void begin(struct engine *engine, struct wire *wire) {
  must(mbedtls_ssl_setup(&engine->ssl, &engine->config), "setup");
  mbedtls_ssl_set_timer_cb(&engine->ssl, &engine->timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
  mbedtls_ssl_set_bio(&engine->ssl, wire, send_datagram, NULL, receive_datagram);
}

static int shake_hands(mbedtls_ssl_context *ssl) {
  int result;
  while ((result = mbedtls_ssl_handshake(ssl)) == MBEDTLS_ERR_SSL_WANT_READ) continue;
  return result;
}

/* Waits for a hello if there is none: whose it is must be known before its cookie is made. */
static void know_peer(mbedtls_ssl_context *ssl, struct wire *wire) {
  char byte;
  socklen_t size = sizeof wire->peer;
  if (wire->peer.sin_port == 0) recvfrom(wire->descriptor, &byte, 1, MSG_PEEK, (struct sockaddr *)&wire->peer, &size);
  must(mbedtls_ssl_set_client_transport_id(ssl, (unsigned char *)&wire->peer, sizeof wire->peer), "transport id");
}

/* Sends every message back, until the peer ends. */
static void echo(mbedtls_ssl_context *ssl, struct wire *wire) {
  unsigned char message[16384];
  wire->moves = 0;
  for (;;) {
    int length = mbedtls_ssl_read(ssl, message, sizeof message);
    if (length == MBEDTLS_ERR_SSL_WANT_READ || length == MBEDTLS_ERR_SSL_TIMEOUT) continue;
    if (length <= 0) break;
    if (mbedtls_ssl_write(ssl, message, (size_t)length) != length) break;
  }
}

static void forget_peer(mbedtls_ssl_context *ssl, struct wire *wire) {
  mbedtls_ssl_close_notify(ssl);
  memset(&wire->peer, 0, sizeof wire->peer);
  printf("CLOSED after %d moves\n", wire->moves);
}
