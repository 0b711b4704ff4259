/*
 * A DTLS 1.2 PSK server on Mbed TLS that sends every message back: somebody else's implementation for tests to talk to.
 * Usage: mbedtls-echo-server IDENTITY KEY-IN-HEX [cookies]. Takes a free port of 127.0.0.1 and prints "PORT n"; serves
 * one peer after the other until it is killed. Works with Mbed TLS 2.28 and 3.
 */
#include "mbedtls-peer.h"

/* One peer, from its first hello to its close_notify. */
static void serve(mbedtls_ssl_context *ssl, struct wire *wire) {
  int result;
  do {
    mbedtls_ssl_session_reset(ssl);
    know_peer(ssl, wire);
    result = shake_hands(ssl);
  } while (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED);
  if (result == 0) printf("CONNECTED %s\n", mbedtls_ssl_get_ciphersuite(ssl));
  else printf("FAILED -0x%04x\n", (unsigned)-result);
  if (result == 0) echo(ssl, wire);
  forget_peer(ssl, wire);
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  struct engine engine;
  prepare(&engine, MBEDTLS_SSL_IS_SERVER, arguments[1], arguments[2]);
  const int cookies = count > 3;
  mbedtls_ssl_conf_dtls_cookies(&engine.config, cookies ? mbedtls_ssl_cookie_write : NULL,
                                cookies ? mbedtls_ssl_cookie_check : NULL, cookies ? &engine.cookies : NULL);
  struct wire wire = {0};
  begin(&engine, &wire);
  open_socket(&wire);
  print_port(&wire);
  for (;;) serve(&engine.ssl, &wire);
}
