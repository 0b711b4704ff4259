#include "slabs.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace dtls_openssl {
namespace {

// AddressSanitizer is to see every block by itself.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kOnlyHeap = true;
#else
constexpr bool kOnlyHeap = false;
#endif

constexpr size_t kLargest = 1024;
constexpr size_t kStep = alignof(std::max_align_t);
// Aligned to its own size, so that a block tells which slab it is in. Pages that no peer needs yet are not touched.
constexpr size_t kSlab = 1 << 18;

struct Slab {
  // Blocks that were given back; each begins with the next one.
  void* free = nullptr;
  // Where those begin that were never given out.
  size_t fresh = 0;
  size_t used = 0;
  // Others of the class that have room.
  Slab* before = nullptr;
  Slab* after = nullptr;
};

constexpr size_t RoundUp(size_t size) { return (size + kStep - 1) / kStep * kStep; }

Slab* SlabOf(void* block) {
  return reinterpret_cast<Slab*>(reinterpret_cast<uintptr_t>(block) & ~uintptr_t{kSlab - 1});
}

// Blocks of one size.
class SizeClass {
 public:
  void* Take(size_t size) {
    Slab* slab = roomy_ == nullptr ? Grow() : roomy_;
    if (slab == nullptr) return nullptr;
    void* block = slab->free;
    if (block == nullptr) {
      block = reinterpret_cast<char*>(slab) + slab->fresh;
      slab->fresh += size;
    } else {
      slab->free = *static_cast<void**>(block);
    }
    slab->used++;
    if (IsFull(slab, size)) Unlink(slab);
    return block;
  }

  void Give(void* block, size_t size) {
    Slab* slab = SlabOf(block);
    if (IsFull(slab, size)) Link(slab);
    *static_cast<void**>(block) = slab->free;
    slab->free = block;
    slab->used--;
    // The last with room stays: otherwise a peer that comes and goes would cost a slab each time.
    if (slab->used > 0 || (slab->before == nullptr && slab->after == nullptr)) return;
    Unlink(slab);
    ::operator delete(slab, std::align_val_t{kSlab});
  }

 private:
  static bool IsFull(const Slab* slab, size_t size) { return slab->free == nullptr && slab->fresh + size > kSlab; }

  Slab* Grow() {
    void* memory = ::operator new(kSlab, std::align_val_t{kSlab}, std::nothrow);
    if (memory == nullptr) return nullptr;
    auto* slab = new (memory) Slab;
    slab->fresh = RoundUp(sizeof(Slab));
    Link(slab);
    return slab;
  }

  void Link(Slab* slab) {
    slab->before = nullptr;
    slab->after = roomy_;
    if (roomy_ != nullptr) roomy_->before = slab;
    roomy_ = slab;
  }

  void Unlink(Slab* slab) {
    (slab->before == nullptr ? roomy_ : slab->before->after) = slab->after;
    if (slab->after != nullptr) slab->after->before = slab->before;
  }

  Slab* roomy_ = nullptr;
};

struct Slabs {
  std::mutex mutex;
  std::array<SizeClass, kLargest / kStep> classes;

  SizeClass& ClassOf(size_t whole) { return classes[whole / kStep - 1]; }
};

// Of the process, because an object does not say whose it is. Never destroyed: a thread may still give something back
// while the process ends.
Slabs& TheSlabs() {
  static auto& slabs = *new Slabs;
  return slabs;
}

bool IsOfHeap(size_t size) { return kOnlyHeap || size == 0 || size > kLargest; }

}  // namespace

void* SlabAllocate(size_t size) {
  if (IsOfHeap(size)) return std::malloc(size);
  const size_t whole = RoundUp(size);
  Slabs& slabs = TheSlabs();
  const std::lock_guard lock(slabs.mutex);
  return slabs.ClassOf(whole).Take(whole);
}

void SlabFree(void* block, size_t size) {
  if (block == nullptr) return;
  if (IsOfHeap(size)) return std::free(block);
  const size_t whole = RoundUp(size);
  Slabs& slabs = TheSlabs();
  const std::lock_guard lock(slabs.mutex);
  slabs.ClassOf(whole).Give(block, whole);
}

}  // namespace dtls_openssl
