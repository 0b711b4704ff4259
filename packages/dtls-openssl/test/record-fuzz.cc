// Feeds random and damaged bytes to everything that parses records and states, from heap blocks of exactly their size,
// so that an address sanitizer sees every byte read or written beside them. Arguments: rounds, seed. Ends with "N
// opened".
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "record-layer.h"

namespace {

using namespace dtls_openssl;

using Memory = std::unique_ptr<uint8_t[]>;

struct Random {
  std::mt19937 engine;
  size_t Below(size_t limit) { return limit == 0 ? 0 : engine() % limit; }
  void Fill(uint8_t* to, size_t size) {
    for (size_t i = 0; i < size; i++) to[i] = static_cast<uint8_t>(engine());
  }
};

struct Datagram {
  Memory bytes;
  size_t size;
};

constexpr uint16_t kSuites[] = {0xc0a8, 0xc0a4, 0xc0a9, 0xc0a5, 0x00a8, 0x00a9, 0xccab};
constexpr size_t kIds[] = {0, 1, 8, 20, 255};

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

// Up to three records, in a block of exactly their size.
Datagram Seal(Random* random, RecordLayer* layer) {
  std::vector<uint8_t> all;
  for (size_t count = 1 + random->Below(3); count > 0; count--) {
    const size_t content = random->Below(4) == 0 ? 0 : random->Below(400);
    const size_t padding = layer->peer_id().size > 0 ? random->Below(20) : 0;
    const size_t exact = content + padding + layer->Overhead();
    Memory text(new uint8_t[content]), record(new uint8_t[exact]);
    random->Fill(text.get(), content);
    const auto type = static_cast<uint8_t>(20 + random->Below(5));
    if (exact > 0 && layer->Seal(type, {text.get(), content, true}, record.get(), exact - 1, padding) != 0) {
      Fail("sealed without room");
    }
    if (layer->Seal(type, {text.get(), content, true}, record.get(), exact, padding) != exact) Fail("not sealed");
    all.insert(all.end(), record.get(), record.get() + exact);
  }
  Datagram datagram{Memory(new uint8_t[all.size()]), all.size()};
  std::memcpy(datagram.bytes.get(), all.data(), all.size());
  return datagram;
}

void Damage(Random* random, Datagram* datagram) {
  for (size_t count = random->Below(4); count > 0; count--) {
    datagram->bytes[random->Below(datagram->size)] = static_cast<uint8_t>(random->engine());
  }
  if (random->Below(4) > 0) return;
  const size_t size = random->Below(datagram->size + 1);
  Memory cut(new uint8_t[size]);
  std::memcpy(cut.get(), datagram->bytes.get(), size);
  *datagram = {std::move(cut), size};
}

long Open(RecordLayer* layer, const Datagram& datagram) {
  long opened = 0;
  Memory to(new uint8_t[datagram.size]);
  for (size_t at = 0; at < datagram.size;) {
    const OpenedRecord record = layer->Open({datagram.bytes.get(), datagram.size, true}, at, to.get());
    if (record.next <= at || record.next > datagram.size || record.size > datagram.size) Fail("out of bounds");
    opened += record.verdict == RecordVerdict::kOpened ? 1 : 0;
    at = record.next;
  }
  return opened;
}

// What a damaged state may still be, it must be able to do.
void Continue(Random* random, CipherPool* pool, const RecordLayer& layer) {
  uint8_t whole[RecordState::kMaxSize];
  const size_t size = PutRecordState(whole, layer.State(layer.next_number()));
  const size_t kept = random->Below(3) == 0 ? random->Below(size + 1) : size;
  Memory state(new uint8_t[kept]);
  std::memcpy(state.get(), whole, kept);
  if (kept > 0 && random->Below(2) == 0) state[random->Below(kept)] = static_cast<uint8_t>(random->engine());
  RecordState parsed;
  if (!ParseRecordState({state.get(), kept, true}, &parsed)) return;
  std::unique_ptr<RecordLayer> next = RecordLayer::Continue(pool, parsed);
  state.reset();
  if (next == nullptr) return;
  next->set_limit(RecordHeader::kMaxSequence);
  if (next->next_number() + 3 < next->limit()) Open(next.get(), Seal(random, next.get()));
}

long Round(Random* random, CipherPool* pool) {
  RecordSecrets secrets;
  secrets.suite = kSuites[random->Below(std::size(kSuites))];
  secrets.server = false;
  random->Fill(secrets.master_secret, 48);
  random->Fill(secrets.client_random, 32);
  random->Fill(secrets.server_random, 32);
  const size_t own_size = kIds[random->Below(std::size(kIds))], peer_size = kIds[random->Below(std::size(kIds))];
  Memory own(new uint8_t[own_size]), peer(new uint8_t[peer_size]);
  random->Fill(own.get(), own_size);
  random->Fill(peer.get(), peer_size);
  const Bytes own_id{own.get(), own_size, true}, peer_id{peer.get(), peer_size, true};
  const auto window = static_cast<uint32_t>(64 * (1 + random->Below(4)));
  auto client = RecordLayer::Create(pool, secrets, {own_id, peer_id, window});
  secrets.server = true;
  auto server = RecordLayer::Create(pool, secrets, {peer_id, own_id, window});
  if (client == nullptr || server == nullptr) Fail("not created");
  own.reset();
  peer.reset();
  long opened = 0;
  for (int i = 0; i < 20; i++) {
    Datagram datagram = Seal(random, client.get());
    if (random->Below(3) > 0) Damage(random, &datagram);
    opened += Open(server.get(), datagram);
    const size_t size = random->Below(300);
    Datagram noise{Memory(new uint8_t[size]), size};
    random->Fill(noise.bytes.get(), size);
    opened += Open(server.get(), noise);
    Continue(random, pool, *server);
  }
  return opened;
}

}  // namespace

int main(int count, char** arguments) {
  const long rounds = count > 1 ? std::atol(arguments[1]) : 100;
  Random random{std::mt19937(static_cast<unsigned>(count > 2 ? std::atol(arguments[2]) : 1))};
  long opened = 0;
  {
    CipherPool pool;
    for (long round = 0; round < rounds; round++) opened += Round(&random, &pool);
  }
  std::printf("%ld opened\n", opened);
  return opened > 0 ? 0 : 1;
}
