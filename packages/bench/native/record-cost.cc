// What one record costs to seal and to open, by OpenSSL's connection and by the record layer, in one process and in
// turn. An addon, so that the OpenSSL measured is that of node.
#include <node_api.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <vector>

#include "record-layer.h"
#include "ssl-pair.h"

namespace {

using dtls_openssl::Bytes;
using dtls_openssl::CipherPool;
using dtls_openssl::RecordLayer;
using dtls_openssl::RecordSecrets;

constexpr int kBatch = 64;
constexpr int kBatches = 32;
constexpr int kRounds = 31;
constexpr size_t kRecord = 2048;

struct Costs {
  std::vector<double> seal, open;
};

double ThreadNanoseconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// One round: batches of records, each sealed and then opened. False: something was not what it was.
template <class Seal, class Open>
bool Round(Costs* costs, const Seal& seal, const Open& open) {
  double sealing = 0, opening = 0;
  bool good = true;
  for (int batch = 0; batch < kBatches; batch++) {
    const double begin = ThreadNanoseconds();
    for (int i = 0; i < kBatch; i++) good &= seal(batch * kBatch + i, i);
    const double middle = ThreadNanoseconds();
    for (int i = 0; i < kBatch; i++) good &= open(batch * kBatch + i, i);
    sealing += middle - begin;
    opening += ThreadNanoseconds() - middle;
  }
  costs->seal.push_back(sealing / (kBatch * kBatches));
  costs->open.push_back(opening / (kBatch * kBatches));
  return good;
}

struct LayerPair {
  std::unique_ptr<RecordLayer> client, server;
};

std::vector<LayerPair> LayerPairs(CipherPool* pool, uint16_t suite, size_t count, Bytes id) {
  std::vector<LayerPair> pairs(count);
  RecordSecrets secrets{};
  secrets.suite = suite;
  for (size_t i = 0; i < count; i++) {
    secrets.client_random[0] = static_cast<uint8_t>(i);
    secrets.server = false;
    pairs[i].client = RecordLayer::Create(pool, secrets, {{}, id});
    secrets.server = true;
    pairs[i].server = RecordLayer::Create(pool, secrets, {id, {}});
  }
  return pairs;
}

bool LayerRound(std::vector<LayerPair>* pairs, Costs* costs, Bytes message, uint8_t* wire, size_t* sizes, uint8_t* to) {
  const auto seal = [&](int n, int slot) {
    uint8_t* record = wire + kRecord * slot;
    sizes[slot] = (*pairs)[n % pairs->size()].client->Seal(23, message, record, kRecord);
    return sizes[slot] > 0;
  };
  const auto open = [&](int n, int slot) {
    const Bytes datagram{wire + kRecord * slot, sizes[slot], true};
    return (*pairs)[n % pairs->size()].server->Open(datagram, 0, to).size == message.size;
  };
  return Round(costs, seal, open);
}

bool SslRound(std::vector<SslPair>* pairs, SslWire* wire, Costs* costs, Bytes message, uint8_t* to) {
  const int size = static_cast<int>(message.size);
  wire->Empty();
  const auto seal = [&](int n, int) {
    return SSL_write((*pairs)[n % pairs->size()].client, message.data, size) == size;
  };
  const auto open = [&](int n, int) {
    return SSL_read((*pairs)[n % pairs->size()].server, to, kRecord) == size;
  };
  return Round(costs, seal, open);
}

// measure(cipherList, suite, size, peers): nanoseconds to seal and to open: SSL, layer, layer with ids of 8 bytes
napi_value Measure(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  size_t count = 4;
  char cipher_list[100];
  uint32_t suite = 0, size = 0, peers = 0;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_string_utf8(env, arguments[0], cipher_list, sizeof cipher_list, nullptr);
  napi_get_value_uint32(env, arguments[1], &suite);
  napi_get_value_uint32(env, arguments[2], &size);
  napi_get_value_uint32(env, arguments[3], &peers);
  std::vector<uint8_t> text(size, 'x'), wire(kRecord * kBatch), to(kRecord);
  size_t sizes[kBatch];
  const uint8_t id[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const Bytes message{text.data(), text.size(), true};
  SslWire up, down;
  SslPairs ssl(&up, &down, cipher_list, peers);
  CipherPool plain_pool, id_pool;
  auto plain = LayerPairs(&plain_pool, static_cast<uint16_t>(suite), peers, {});
  auto with_id = LayerPairs(&id_pool, static_cast<uint16_t>(suite), peers, {id, sizeof id, true});
  Costs costs[3];
  bool good = ssl.pairs.size() == peers;
  for (int round = 0; good && round < kRounds; round++) {
    good = SslRound(&ssl.pairs, &up, &costs[0], message, to.data()) &&
           LayerRound(&plain, &costs[1], message, wire.data(), sizes, to.data()) &&
           LayerRound(&with_id, &costs[2], message, wire.data(), sizes, to.data());
  }
  if (!good) {
    napi_throw_error(env, nullptr, "a handshake or a record failed");
    return nullptr;
  }
  napi_value result;
  napi_create_array(env, &result);
  for (uint32_t i = 0; i < 6; i++) {
    napi_value number;
    napi_create_double(env, Median(i % 2 == 0 ? costs[i / 2].seal : costs[i / 2].open), &number);
    napi_set_element(env, result, i, number);
  }
  return result;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value measure;
  napi_create_function(env, "measure", NAPI_AUTO_LENGTH, Measure, nullptr, &measure);
  napi_set_named_property(env, exports, "measure", measure);
  return exports;
}
