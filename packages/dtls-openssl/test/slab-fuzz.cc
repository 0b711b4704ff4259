// Threads that take and give back blocks of any size: none overlaps another one, all are aligned, empty slabs go but
// not each time, and without memory there is null. Knows of the slabs because it provides them.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "slabs.h"

namespace {

std::atomic<long> slabs{0};
std::atomic<long> made{0};
std::atomic<bool> out_of_memory{false};

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

}  // namespace

void* operator new(size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  if (out_of_memory) return nullptr;
  slabs++;
  made++;
  return std::aligned_alloc(static_cast<size_t>(alignment), size);
}

void operator delete(void* memory, std::align_val_t) noexcept {
  slabs--;
  std::free(memory);
}

namespace {

struct Block {
  uint8_t* at;
  size_t size;
  uint8_t fill;
};

Block Take(std::mt19937* random) {
  const size_t size = (*random)() % 100 == 0 ? (*random)() % 1200 : (*random)() % 100;
  Block block{static_cast<uint8_t*>(dtls_openssl::SlabAllocate(size)), size, static_cast<uint8_t>((*random)())};
  if (block.at == nullptr && size > 0) Fail("no memory");
  if (reinterpret_cast<uintptr_t>(block.at) % alignof(std::max_align_t) != 0) Fail("not aligned");
  if (size > 0) std::memset(block.at, block.fill, size);
  return block;
}

void Give(const Block& block) {
  for (size_t i = 0; i < block.size; i++) {
    if (block.at[i] != block.fill) Fail("overlaps");
  }
  dtls_openssl::SlabFree(block.at, block.size);
}

// Grows to `most` blocks, then shrinks to none, with some coming and going all the time.
void Work(unsigned seed, size_t most) {
  std::mt19937 random(seed);
  std::vector<Block> blocks;
  for (bool grows = true; grows || !blocks.empty(); grows = grows && blocks.size() < most) {
    if (random() % 3 == 0 ? !grows : grows) {
      blocks.push_back(Take(&random));
    } else if (!blocks.empty()) {
      std::swap(blocks[random() % blocks.size()], blocks.back());
      Give(blocks.back());
      blocks.pop_back();
    }
  }
}

// A single peer that comes and goes.
void ComeAndGo() {
  const long before = made;
  for (int i = 0; i < 100; i++) dtls_openssl::SlabFree(dtls_openssl::SlabAllocate(512), 512);
  if (made > before + 1) Fail("a slab each time");
}

void RunOut() {
  constexpr size_t kSize = 512;
  out_of_memory = true;
  std::vector<Block> blocks;
  for (void* block; (block = dtls_openssl::SlabAllocate(kSize)) != nullptr;) {
    if (blocks.size() > 1 << 20) Fail("blocks of nothing");
    blocks.push_back({static_cast<uint8_t*>(block), kSize, 1});
    std::memset(block, 1, kSize);
  }
  for (const Block& block : blocks) Give(block);
  out_of_memory = false;
  Give({static_cast<uint8_t*>(std::memset(dtls_openssl::SlabAllocate(kSize), 2, kSize)), kSize, 2});
}

}  // namespace

int main(int count, char** arguments) {
  const auto seed = static_cast<unsigned>(count > 1 ? std::atol(arguments[1]) : 1);
  constexpr size_t kMost = 200000;
  std::thread other(Work, seed + 1000, kMost);
  Work(seed, kMost);
  other.join();
  RunOut();
  ComeAndGo();
  // One of each class stays.
  if (slabs > 1024 / static_cast<long>(alignof(std::max_align_t))) Fail("slabs stay behind");
  std::printf("%ld slabs\n", made.load());
}
