// Pairs of OpenSSL connections over queues of datagrams in memory, the cheapest wire there is.
#ifndef AVS_NET_BENCH_SSL_PAIR_H_
#define AVS_NET_BENCH_SSL_PAIR_H_

#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <vector>

// One direction: first in, first out.
class SslWire {
 public:
  static constexpr int kDatagrams = 64;
  static constexpr int kSize = 4096;

  SslWire() : memory_(kDatagrams * kSize) {}

  void Empty() { head_ = tail_ = 0; }
  int Read(char* to, int room) {
    if (head_ == tail_) return -1;
    const int slot = head_++ % kDatagrams;
    const int size = std::min(room, sizes_[slot]);
    std::memcpy(to, &memory_[slot * kSize], size);
    return size;
  }
  int Write(const char* from, int size) {
    const int slot = tail_++ % kDatagrams;
    sizes_[slot] = size;
    std::memcpy(&memory_[slot * kSize], from, size);
    return size;
  }

 private:
  std::vector<char> memory_;
  int sizes_[kDatagrams];
  unsigned head_ = 0, tail_ = 0;
};

inline BIO_METHOD* WireBioMethod() {
  BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wire");
  BIO_meth_set_create(method, [](BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  });
  BIO_meth_set_read(method, [](BIO* bio, char* to, int room) {
    BIO_clear_retry_flags(bio);
    const int size = static_cast<SslWire*>(BIO_get_data(bio))->Read(to, room);
    if (size < 0) BIO_set_retry_read(bio);
    return size;
  });
  BIO_meth_set_write(method, [](BIO* bio, const char* from, int size) {
    return static_cast<SslWire*>(BIO_get_data(bio))->Write(from, size);
  });
  BIO_meth_set_ctrl(method, [](BIO*, int command, long, void*) -> long {
    return command == BIO_CTRL_DGRAM_QUERY_MTU ? 1400 : command == BIO_CTRL_FLUSH;
  });
  return method;
}

struct SslPair {
  SSL* client;
  SSL* server;
};

// As many as could do their handshake.
class SslPairs {
 public:
  SslPairs(SslWire* up, SslWire* down, const char* cipher_list, size_t count) : method_(WireBioMethod()) {
    client_ = NewContext(cipher_list);
    server_ = NewContext(cipher_list);
    SSL_CTX_set_psk_client_callback(client_, [](SSL*, const char*, char* identity, unsigned, uint8_t* key, unsigned) {
      std::strcpy(identity, "id");
      std::memset(key, 7, 16);
      return 16u;
    });
    SSL_CTX_set_psk_server_callback(server_, [](SSL*, const char*, uint8_t* key, unsigned) {
      std::memset(key, 7, 16);
      return 16u;
    });
    while (pairs.size() < count && Connect(up, down)) {
    }
  }

  ~SslPairs() {
    for (const SslPair& pair : pairs) {
      SSL_free(pair.client);
      SSL_free(pair.server);
    }
    SSL_CTX_free(client_);
    SSL_CTX_free(server_);
    BIO_meth_free(method_);
  }
  SslPairs(const SslPairs&) = delete;
  SslPairs& operator=(const SslPairs&) = delete;

  std::vector<SslPair> pairs;

 private:
  static SSL_CTX* NewContext(const char* cipher_list) {
    SSL_CTX* context = SSL_CTX_new(DTLS_method());
    SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION);
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_cipher_list(context, cipher_list);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    return context;
  }

  BIO* NewBio(SslWire* wire) {
    BIO* bio = BIO_new(method_);
    BIO_set_data(bio, wire);
    return bio;
  }

  SSL* NewConnection(SSL_CTX* context, SslWire* in, SslWire* out) {
    SSL* ssl = SSL_new(context);
    SSL_set_bio(ssl, NewBio(in), NewBio(out));
    return ssl;
  }

  bool Connect(SslWire* up, SslWire* down) {
    SslPair pair{NewConnection(client_, down, up), NewConnection(server_, up, down)};
    SSL_set_connect_state(pair.client);
    SSL_set_accept_state(pair.server);
    pairs.push_back(pair);
    up->Empty();
    down->Empty();
    for (int turn = 0; turn < 8; turn++) SSL_do_handshake(turn % 2 == 0 ? pair.client : pair.server);
    if (SSL_is_init_finished(pair.client) && SSL_is_init_finished(pair.server)) return true;
    pairs.clear();
    return false;
  }

  BIO_METHOD* method_;
  SSL_CTX* client_;
  SSL_CTX* server_;
};

#endif  // AVS_NET_BENCH_SSL_PAIR_H_
