// How many objects are alive, per environment and in the whole process, so that a leak shows as a number.
#ifndef DTLS_OPENSSL_LIVE_OBJECTS_H_
#define DTLS_OPENSSL_LIVE_OBJECTS_H_

#include <atomic>
#include <cstdint>

namespace dtls_openssl {

struct LiveObjects {
  std::atomic<int64_t> contexts{0};      // SSL_CTX
  std::atomic<int64_t> connections{0};   // SSL
  std::atomic<int64_t> bios{0};          // BIO
  std::atomic<int64_t> associations{0};  // Connection, the state of ours around an SSL
};

// Shared by all environments, as the slabs are and nothing else: a worker's counts must be readable after it is gone.
LiveObjects& ProcessLiveObjects();

// Counts one object from construction to destruction.
class LiveCount {
 public:
  using Member = std::atomic<int64_t> LiveObjects::*;

  LiveCount(LiveObjects* environment, Member member) : environment_(environment), member_(member) { Add(1); }
  ~LiveCount() { Add(-1); }
  LiveCount(const LiveCount&) = delete;
  LiveCount& operator=(const LiveCount&) = delete;

 private:
  void Add(int64_t by) {
    (environment_->*member_).fetch_add(by, std::memory_order_relaxed);
    (ProcessLiveObjects().*member_).fetch_add(by, std::memory_order_relaxed);
  }

  LiveObjects* environment_;
  Member member_;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_LIVE_OBJECTS_H_
