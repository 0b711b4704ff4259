/*
 * A DTLS 1.2 PSK server on Mbed TLS that sends every message back: somebody else's implementation for tests to talk to.
 * Usage: mbedtls-echo-server IDENTITY KEY-IN-HEX [cookies]. Takes a free port of 127.0.0.1 and prints "PORT n"; serves
 * one peer after the other until it is killed. Works with Mbed TLS 2.28 and 3.
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
};

static void must(int result, const char *what) {
  if (result == 0) return;
  fprintf(stderr, "%s: -0x%04x\n", what, (unsigned)-result);
  exit(1);
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
  socklen_t size = sizeof wire->peer;
  ssize_t received = recvfrom(wire->descriptor, bytes, length, 0, (struct sockaddr *)&wire->peer, &size);
  return received < 0 ? MBEDTLS_ERR_SSL_INTERNAL_ERROR : (int)received;
}

static struct wire listen_somewhere(void) {
  struct wire wire = {.descriptor = socket(AF_INET, SOCK_DGRAM, 0)};
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof local;
  must(bind(wire.descriptor, (struct sockaddr *)&local, size), "bind");
  must(getsockname(wire.descriptor, (struct sockaddr *)&local, &size), "getsockname");
  printf("PORT %d\n", ntohs(local.sin_port));
  fflush(stdout);
  return wire;
}

/* One peer, from its first hello to its close_notify. */
static void serve(mbedtls_ssl_context *ssl, struct wire *wire) {
  unsigned char message[16384];
  int result;
  do {
    mbedtls_ssl_session_reset(ssl);
    if (wire->peer.sin_port == 0) {
      /* Whose hello it is must be known before the cookie is made. */
      socklen_t size = sizeof wire->peer;
      recvfrom(wire->descriptor, message, 1, MSG_PEEK, (struct sockaddr *)&wire->peer, &size);
    }
    must(mbedtls_ssl_set_client_transport_id(ssl, (unsigned char *)&wire->peer, sizeof wire->peer), "transport id");
    while ((result = mbedtls_ssl_handshake(ssl)) == MBEDTLS_ERR_SSL_WANT_READ) continue;
  } while (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED);
  if (result == 0) printf("CONNECTED %s\n", mbedtls_ssl_get_ciphersuite(ssl));
  else printf("FAILED -0x%04x\n", (unsigned)-result);
  fflush(stdout);
  while (result == 0) {
    int length = mbedtls_ssl_read(ssl, message, sizeof message);
    if (length == MBEDTLS_ERR_SSL_WANT_READ || length == MBEDTLS_ERR_SSL_TIMEOUT) continue;
    if (length <= 0) break;
    if (mbedtls_ssl_write(ssl, message, (size_t)length) != length) break;
  }
  mbedtls_ssl_close_notify(ssl);
  memset(&wire->peer, 0, sizeof wire->peer);
  printf("CLOSED\n");
  fflush(stdout);
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  unsigned char key[64];
  size_t length = strlen(arguments[2]) / 2;
  if (length > sizeof key) return 2;
  for (size_t at = 0; at < length; at++) {
    unsigned value;
    if (sscanf(arguments[2] + 2 * at, "%2x", &value) != 1) return 2;
    key[at] = (unsigned char)value;
  }

  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_ssl_config config;
  mbedtls_ssl_cookie_ctx cookies;
  mbedtls_ssl_context ssl;
  mbedtls_timing_delay_context timer;
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&random);
  mbedtls_ssl_config_init(&config);
  mbedtls_ssl_cookie_init(&cookies);
  mbedtls_ssl_init(&ssl);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  must((int)psa_crypto_init(), "psa");
#endif
  must(mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0), "seed");
  must(mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_DATAGRAM,
                                   MBEDTLS_SSL_PRESET_DEFAULT), "defaults");
  mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
  mbedtls_ssl_conf_handshake_timeout(&config, 200, 3200);
  must(mbedtls_ssl_conf_psk(&config, key, length, (unsigned char *)arguments[1], strlen(arguments[1])), "psk");
  must(mbedtls_ssl_cookie_setup(&cookies, mbedtls_ctr_drbg_random, &random), "cookies");
  if (count > 3) mbedtls_ssl_conf_dtls_cookies(&config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &cookies);
  else mbedtls_ssl_conf_dtls_cookies(&config, NULL, NULL, NULL);
  must(mbedtls_ssl_setup(&ssl, &config), "setup");
  mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);

  struct wire wire = listen_somewhere();
  mbedtls_ssl_set_bio(&ssl, &wire, send_datagram, NULL, receive_datagram);
  for (;;) serve(&ssl, &wire);
}
