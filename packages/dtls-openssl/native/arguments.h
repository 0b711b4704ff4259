// The arguments of one entry, checked. Every getter names the argument it refuses by a TypeError or RangeError; after
// the first refusal all further getters return nothing, so that an entry asks once, at the end, whether all is well.
#ifndef DTLS_OPENSSL_ARGUMENTS_H_
#define DTLS_OPENSSL_ARGUMENTS_H_

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bytes.h"
#include "environment.h"
#include "errors.h"
#include "frames.h"

namespace dtls_openssl {

class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, const char* entry, size_t count);

  bool ok() const { return !refused_; }
  napi_env env() const { return env_; }
  Environment* environment() const { return environment_; }

  uint32_t Number(size_t index, const char* name, uint32_t min, uint32_t max);
  // Of 0 to `max`, also where 32 bits are too few.
  double Whole(size_t index, const char* name, double max);
  bool Boolean(size_t index, const char* name);
  // Without NUL, of at most `max` bytes of UTF-8.
  std::string Text(size_t index, const char* name, size_t max);
  // Null for undefined.
  std::unique_ptr<std::string> OptionalText(size_t index, const char* name, size_t max);
  // A Uint8Array of `min` to `max` bytes, valid during the call.
  Bytes Data(size_t index, const char* name, size_t min, size_t max);
  // Not present for undefined.
  Bytes OptionalData(size_t index, const char* name, size_t min, size_t max);
  // An array of numbers 0..65535.
  std::vector<uint16_t> Numbers(size_t index, const char* name, size_t max);
  // The memory that frames are written into.
  FrameWriter Arena(size_t index);
  std::shared_ptr<Context> ContextAt(size_t index);
  Connection* AssociationAt(size_t index);
  // The handle itself, for removal.
  uint32_t Handle(size_t index, const char* name);

  // For what only the entry can judge.
  void RefuseRange(const char* name, const char* expected);

 private:
  static constexpr size_t kMaxCount = 8;

  double WholeBetween(size_t index, const char* name, double min, double max);
  bool Has(size_t index, const char* name, napi_valuetype wanted, const char* expected);
  bool IsUndefined(size_t index) const;
  void RefuseType(const char* name, const char* expected);
  void RefuseSize(const char* name, size_t min, size_t max, size_t size);

  napi_env env_;
  const char* entry_;
  Environment* environment_;
  bool refused_ = false;
  EmptyErrorQueue error_queue_;
  napi_value values_[kMaxCount];
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_ARGUMENTS_H_
