// Numbers for native objects. JavaScript holds a number, never a pointer: a stale or invented one is refused, not
// followed.
#ifndef DTLS_OPENSSL_HANDLE_TABLE_H_
#define DTLS_OPENSSL_HANDLE_TABLE_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace dtls_openssl {

// A handle is 1..2^31-1, so that V8 keeps it in a register: slot number, and above it how often the slot was reused.
template <class T, class Pointer = std::unique_ptr<T>>
class HandleTable {
 public:
  // 0: full.
  uint32_t Add(Pointer object) {
    uint32_t slot;
    if (free_.empty()) {
      if (slots_.size() >= kMaxSlots) return 0;
      slot = static_cast<uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    slots_[slot].object = std::move(object);
    return HandleOf(slot);
  }

  // Null: no such object, or not any more.
  T* Find(uint32_t handle) const {
    const uint32_t slot = SlotOf(handle);
    return slot < slots_.size() && HandleOf(slot) == handle ? slots_[slot].object.get() : nullptr;
  }

  // Where the table is not the only owner.
  Pointer Share(uint32_t handle) const {
    return Find(handle) == nullptr ? nullptr : slots_[SlotOf(handle)].object;
  }

  bool Remove(uint32_t handle) {
    if (Find(handle) == nullptr) return false;
    const uint32_t slot = SlotOf(handle);
    slots_[slot].generation = (slots_[slot].generation + 1) & kGenerationMask;
    free_.push_back(slot);
    // Last, because destroying the object may run code that looks into the table.
    Pointer last = std::move(slots_[slot].object);
    return true;
  }

  void Clear() {
    slots_.clear();
    free_.clear();
  }

 private:
  static constexpr uint32_t kSlotBits = 22;
  static constexpr uint32_t kMaxSlots = (1u << kSlotBits) - 1;
  static constexpr uint32_t kGenerationMask = (1u << (31 - kSlotBits)) - 1;

  struct Slot {
    Pointer object;
    uint32_t generation = 0;
  };

  static uint32_t SlotOf(uint32_t handle) { return (handle & ((1u << kSlotBits) - 1)) - 1; }
  uint32_t HandleOf(uint32_t slot) const { return (slots_[slot].generation << kSlotBits) | (slot + 1); }

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_HANDLE_TABLE_H_
