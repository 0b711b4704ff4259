#include "arguments.h"

#include <cmath>
#include <cstdio>

#include "connection.h"
#include "context.h"

namespace dtls_openssl {

Arguments::Arguments(napi_env env, napi_callback_info info, const char* entry, size_t count)
    : env_(env), entry_(entry), environment_(Environment::From(env)) {
  size_t given = kMaxCount;
  // Fills what was not given with undefined.
  if (napi_get_cb_info(env, info, &given, values_, nullptr, nullptr) != napi_ok || environment_ == nullptr) {
    refused_ = true;
    napi_throw_error(env, "EINVAL", "dtls-openssl: called outside of its environment");
  } else if (given > count) {
    RefuseType("arguments", "not so many");
  }
}

uint32_t Arguments::Number(size_t index, const char* name, uint32_t min, uint32_t max) {
  return static_cast<uint32_t>(WholeBetween(index, name, min, max));
}

double Arguments::Whole(size_t index, const char* name, double max) { return WholeBetween(index, name, 0, max); }

double Arguments::WholeBetween(size_t index, const char* name, double min, double max) {
  double value = 0;
  if (!Has(index, name, napi_number, "a number")) return 0;
  napi_get_value_double(env_, values_[index], &value);
  // Also refuses NaN.
  if (value >= min && value <= max && value == std::floor(value)) return value;
  char expected[80];
  std::snprintf(expected, sizeof expected, "an integer of %.0f to %.0f", min, max);
  RefuseRange(name, expected);
  return 0;
}

bool Arguments::Boolean(size_t index, const char* name) {
  bool value = false;
  if (Has(index, name, napi_boolean, "a boolean")) napi_get_value_bool(env_, values_[index], &value);
  return value;
}

std::string Arguments::Text(size_t index, const char* name, size_t max) {
  size_t size = 0;
  if (!Has(index, name, napi_string, "a string")) return {};
  if (napi_get_value_string_utf8(env_, values_[index], nullptr, 0, &size) != napi_ok || size > max) {
    RefuseSize(name, 0, max, size);
    return {};
  }
  std::string text(size + 1, '\0');
  napi_get_value_string_utf8(env_, values_[index], text.data(), text.size(), &size);
  text.resize(size);
  if (text.find('\0') == std::string::npos) return text;
  RefuseRange(name, "without NUL");
  return {};
}

std::unique_ptr<std::string> Arguments::OptionalText(size_t index, const char* name, size_t max) {
  if (refused_ || IsUndefined(index)) return nullptr;
  return std::make_unique<std::string>(Text(index, name, max));
}

Bytes Arguments::Data(size_t index, const char* name, size_t min, size_t max) {
  if (refused_) return {};
  napi_typedarray_type type;
  void* data = nullptr;
  size_t size = 0;
  if (napi_get_typedarray_info(env_, values_[index], &type, &size, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    RefuseType(name, "a Uint8Array");
    return {};
  }
  if (size < min || size > max) {
    RefuseSize(name, min, max, size);
    return {};
  }
  return {static_cast<const uint8_t*>(data), size, true};
}

Bytes Arguments::OptionalData(size_t index, const char* name, size_t min, size_t max) {
  return refused_ || IsUndefined(index) ? Bytes{} : Data(index, name, min, max);
}

std::vector<uint16_t> Arguments::Numbers(size_t index, const char* name, size_t max) {
  bool is_array = false;
  uint32_t count = 0;
  if (refused_) return {};
  if (napi_is_array(env_, values_[index], &is_array) != napi_ok || !is_array ||
      napi_get_array_length(env_, values_[index], &count) != napi_ok) {
    RefuseType(name, "an array of numbers");
    return {};
  }
  if (count == 0 || count > max) {
    RefuseSize(name, 1, max, count);
    return {};
  }
  std::vector<uint16_t> numbers;
  for (uint32_t i = 0; i < count; i++) {
    napi_value element;
    double value = -1;
    const bool is_number = napi_get_element(env_, values_[index], i, &element) == napi_ok &&
                           napi_get_value_double(env_, element, &value) == napi_ok;
    if (!is_number || !(value >= 0 && value <= UINT16_MAX) || value != std::floor(value)) {
      bool pending = false;
      napi_is_exception_pending(env_, &pending);
      refused_ = true;
      if (!pending) RefuseRange(name, "an array of integers of 0 to 65535");
      return {};
    }
    numbers.push_back(static_cast<uint16_t>(value));
  }
  return numbers;
}

FrameWriter Arguments::Arena(size_t index) {
  const Bytes memory = Data(index, "arena", FrameWriter::kMinArena, FrameWriter::kMaxArena);
  if (refused_) return FrameWriter();
  return FrameWriter(const_cast<uint8_t*>(memory.data), memory.size);
}

std::shared_ptr<Context> Arguments::ContextAt(size_t index) {
  const uint32_t handle = Handle(index, "context");
  if (refused_) return nullptr;
  std::shared_ptr<Context> context = environment_->contexts.Share(handle);
  if (context == nullptr) RefuseRange("context", "the handle of a context that was not destroyed");
  return context;
}

Connection* Arguments::AssociationAt(size_t index) {
  const uint32_t handle = Handle(index, "association");
  if (refused_) return nullptr;
  Connection* connection = environment_->connections.Find(handle);
  if (connection == nullptr) RefuseRange("association", "the handle of an association that was not destroyed");
  return connection;
}

uint32_t Arguments::Handle(size_t index, const char* name) { return Number(index, name, 0, INT32_MAX); }

bool Arguments::Has(size_t index, const char* name, napi_valuetype wanted, const char* expected) {
  if (refused_) return false;
  napi_valuetype type;
  if (napi_typeof(env_, values_[index], &type) == napi_ok && type == wanted) return true;
  RefuseType(name, expected);
  return false;
}

bool Arguments::IsUndefined(size_t index) const {
  napi_valuetype type;
  return napi_typeof(env_, values_[index], &type) == napi_ok && type == napi_undefined;
}

void Arguments::RefuseType(const char* name, const char* expected) {
  if (refused_) return;
  refused_ = true;
  char message[200];
  std::snprintf(message, sizeof message, "%s: %s must be %s", entry_, name, expected);
  napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", message);
}

void Arguments::RefuseRange(const char* name, const char* expected) {
  refused_ = true;
  char message[200];
  std::snprintf(message, sizeof message, "%s: %s must be %s", entry_, name, expected);
  napi_throw_range_error(env_, "ERR_OUT_OF_RANGE", message);
}

void Arguments::RefuseSize(const char* name, size_t min, size_t max, size_t size) {
  char expected[120];
  std::snprintf(expected, sizeof expected, "of %zu to %zu elements, received %zu", min, max, size);
  RefuseRange(name, expected);
}

}  // namespace dtls_openssl
