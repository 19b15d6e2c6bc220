// Small values on their way between JavaScript and native code.
#pragma once
#include <cstring>
#include <string_view>
#include <vector>

#include "objects.h"

namespace sink {

inline napi_value Undefined(napi_env env) {
  napi_value value;
  Check(env, napi_get_undefined(env, &value), "undefined");
  return value;
}

inline napi_value Number(napi_env env, double value) {
  napi_value number;
  Check(env, napi_create_double(env, value, &number), "a number");
  return number;
}

inline napi_value Boolean(napi_env env, bool value) {
  napi_value boolean;
  Check(env, napi_get_boolean(env, value, &boolean), "a boolean");
  return boolean;
}

/** A Float64Array. */
inline napi_value Numbers(napi_env env, const std::vector<double>& numbers) {
  void* data = nullptr;
  napi_value buffer, array;
  Check(env, napi_create_arraybuffer(env, numbers.size() * sizeof(double), &data, &buffer), "numbers");
  Check(env, napi_create_typedarray(env, napi_float64_array, numbers.size(), buffer, 0, &array), "numbers");
  if (!numbers.empty()) std::memcpy(data, numbers.data(), numbers.size() * sizeof(double));
  return array;
}

inline void Set(napi_env env, napi_value object, const char* name, napi_value value) {
  Check(env, napi_set_named_property(env, object, name, value), name);
}

/** A whole number from 0 on. */
inline uint32_t IndexOf(napi_env env, napi_value value) { return static_cast<uint32_t>(NumberOf(env, value)); }

inline uint32_t LengthOf(napi_env env, napi_value array) {
  uint32_t length = 0;
  Check(env, napi_get_array_length(env, array, &length), "an array is expected");
  return length;
}

inline napi_value ElementOf(napi_env env, napi_value array, uint32_t index) {
  napi_value element;
  Check(env, napi_get_element(env, array, index, &element), "an element is expected");
  return element;
}

/** Bytes of a Uint8Array, as long as nobody runs JavaScript. */
inline std::string_view BytesIn(napi_env env, napi_value value) { return TextView(ViewOf<uint8_t>(env, value)); }

}  // namespace sink
