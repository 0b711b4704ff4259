// Memory of what every peer keeps for as long as it is there: blocks of one size side by side (slabs, Bonwick 1994),
// apart from the heap. In the heap they would stand scattered among what the handshakes freed, and whoever allocates
// next has to search the gaps; node:dgram does, 64 KiB for each datagram.
#ifndef DTLS_OPENSSL_SLABS_H_
#define DTLS_OPENSSL_SLABS_H_

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

#include "bytes.h"

namespace dtls_openssl {

// Aligned for everything; null: no memory. From any thread; what is larger than 1 KiB comes from the heap.
void* SlabAllocate(size_t size);
// `size` as it was asked for; null is nothing to free.
void SlabFree(void* block, size_t size);

// A base for classes whose objects live as long as a peer.
class InSlab {
 public:
  static void* operator new(size_t size, const std::nothrow_t&) noexcept { return SlabAllocate(size); }
  static void operator delete(void* block, size_t size) { SlabFree(block, size); }
};

// For strings and containers. Without memory the process ends, as with those of the heap where exceptions are off.
template <class T>
class SlabAllocator {
 public:
  using value_type = T;

  SlabAllocator() = default;
  template <class U>
  SlabAllocator(const SlabAllocator<U>&) {}

  T* allocate(size_t count) {
    void* block = SlabAllocate(count * sizeof(T));
    if (block == nullptr) std::abort();
    return static_cast<T*>(block);
  }
  void deallocate(T* block, size_t count) { SlabFree(block, count * sizeof(T)); }

  template <class U>
  bool operator==(const SlabAllocator<U>&) const {
    return true;
  }
  template <class U>
  bool operator!=(const SlabAllocator<U>&) const {
    return false;
  }
};

using SlabString = std::basic_string<char, std::char_traits<char>, SlabAllocator<char>>;

inline SlabString SlabStringOf(Bytes bytes) {
  return bytes.size == 0 ? SlabString() : SlabString(reinterpret_cast<const char*>(bytes.data), bytes.size);
}

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_SLABS_H_
