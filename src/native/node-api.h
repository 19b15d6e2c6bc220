// Node-API without its ceremony: arguments, errors, and entries that let no C++ exception out.
#pragma once
#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

namespace sink {

/** Bytes that whoever holds this may read: a request's body on its way. Given to JavaScript as an External. */
struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
  std::shared_ptr<void> owner;
};

/** Thrown by what a JavaScript caller did wrong; becomes a TypeError. */
struct BadArgument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/** A JavaScript exception is pending already. */
struct Pending {};

inline void Check(napi_env env, napi_status status, const char* what) {
  if (status == napi_ok) return;
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) throw Pending{};
  throw BadArgument(what);
}

/** The arguments of a call, all of which must be there. */
template <size_t N> struct Arguments {
  napi_value at[N];
  napi_value self = nullptr;
  Arguments(napi_env env, napi_callback_info info) {
    size_t count = N;
    Check(env, napi_get_cb_info(env, info, &count, at, &self, nullptr), "arguments");
    if (count < N) throw BadArgument("too few arguments");
  }
  napi_value operator[](size_t i) const { return at[i]; }
};

/** A method: C++ exceptions become JavaScript errors. */
template <napi_value (*method)(napi_env, napi_callback_info)>
napi_value Guarded(napi_env env, napi_callback_info info) {
  try {
    return method(env, info);
  } catch (const Pending&) {
  } catch (const BadArgument& error) {
    napi_throw_type_error(env, "ERR_INVALID_ARG", error.what());
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, "ERR_NO_MEMORY", "the native code gets no more memory");
  } catch (const std::exception& error) {
    napi_throw_error(env, "ERR_NATIVE", error.what());
  } catch (...) {
    napi_throw_error(env, "ERR_NATIVE", "an unknown native error");
  }
  return nullptr;
}

template <napi_value (*method)(napi_env, napi_callback_info)>
void Method(napi_env env, napi_value object, const char* name) {
  napi_value function;
  Check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, Guarded<method>, nullptr, &function), name);
  Check(env, napi_set_named_property(env, object, name, function), name);
}

inline std::string TextOf(napi_env env, napi_value value) {
  size_t length = 0;
  Check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length), "a string is expected");
  std::string text(length, '\0');
  Check(env, napi_get_value_string_utf8(env, value, text.data(), length + 1, &length), "a string is expected");
  return text;
}

inline double NumberOf(napi_env env, napi_value value) {
  double number = 0;
  Check(env, napi_get_value_double(env, value, &number), "a number is expected");
  return number;
}

inline bool BooleanOf(napi_env env, napi_value value) {
  bool boolean = false;
  Check(env, napi_get_value_bool(env, value, &boolean), "a boolean is expected");
  return boolean;
}

inline napi_value Property(napi_env env, napi_value object, const char* name) {
  napi_value value;
  Check(env, napi_get_named_property(env, object, name, &value), name);
  return value;
}

inline bool IsMissing(napi_env env, napi_value value) {
  napi_valuetype type;
  Check(env, napi_typeof(env, value, &type), "a value is expected");
  return type == napi_undefined || type == napi_null;
}

}  // namespace sink
