#include "register.h"

#include <openssl/crypto.h>

#include <cmath>

#include "../node-api.h"
#include "port.h"

namespace sink::http2 {

namespace {

/** Below this a body is copied: cheaper than a reference, and JavaScript may keep so small an array where it moves. */
constexpr size_t kCopyBelow = 4 << 10;
constexpr double kMaxTimeoutMs = 1e12;

using Handle = std::shared_ptr<Port>;

Handle& HandleOf(napi_env env, napi_value value) {
  void* data = nullptr;
  Check(env, napi_get_value_external(env, value, &data), "a channel is expected");
  return *static_cast<Handle*>(data);
}

/** A PEM text that is wiped when it was read. */
struct Secret {
  std::string& text;
  ~Secret() { OPENSSL_cleanse(text.data(), text.size()); }
};

std::string OptionalText(napi_env env, napi_value object, const char* name) {
  napi_value value = Property(env, object, name);
  return IsMissing(env, value) ? "" : TextOf(env, value);
}

Time MillisecondsOf(napi_env env, napi_value object, const char* name, Time otherwise) {
  napi_value value = Property(env, object, name);
  if (IsMissing(env, value)) return otherwise;
  const double number = NumberOf(env, value);
  if (!(number >= 1 && number <= kMaxTimeoutMs)) throw BadArgument("milliseconds are expected");
  return static_cast<Time>(number) * kMillisecond;
}

std::shared_ptr<const TlsContext> TlsOf(napi_env env, napi_value options) {
  napi_value tls = Property(env, options, "tls");
  if (IsMissing(env, tls)) return nullptr;
  TlsSettings settings;
  settings.roots = TextOf(env, Property(env, tls, "roots"));
  settings.certificate = OptionalText(env, tls, "certificate");
  settings.key = OptionalText(env, tls, "key");
  Secret key{settings.key};
  settings.name = TextOf(env, Property(env, tls, "name"));
  return std::make_shared<const TlsContext>(settings);
}

ChannelSettings SettingsOf(napi_env env, napi_value options) {
  ChannelSettings settings;
  settings.host = TextOf(env, Property(env, options, "host"));
  const double port = NumberOf(env, Property(env, options, "port"));
  if (!(port >= 1 && port <= 65535) || port != std::floor(port)) throw BadArgument("a port is expected");
  settings.port = static_cast<uint16_t>(port);
  ConnectionSettings& connection = settings.connection;
  connection.authority = TextOf(env, Property(env, options, "authority"));
  connection.user_agent = TextOf(env, Property(env, options, "userAgent"));
  connection.keepalive = MillisecondsOf(env, options, "keepaliveMs", connection.keepalive);
  connection.keepalive_timeout = MillisecondsOf(env, options, "keepaliveTimeoutMs", connection.keepalive_timeout);
  settings.connect_timeout = MillisecondsOf(env, options, "connectTimeoutMs", settings.connect_timeout);
  napi_value metadata = Property(env, options, "metadata");
  uint32_t count = 0;
  Check(env, napi_get_array_length(env, metadata, &count), "metadata is an array");
  for (uint32_t i = 0; i + 1 < count; i += 2) {
    napi_value name, value;
    Check(env, napi_get_element(env, metadata, i, &name), "metadata");
    Check(env, napi_get_element(env, metadata, i + 1, &value), "metadata");
    connection.metadata.emplace_back(TextOf(env, name), TextOf(env, value));
  }
  connection.tls = TlsOf(env, options);
  return settings;
}

napi_value Open(napi_env env, napi_callback_info info) {
  Arguments<2> arguments(env, info);
  auto handle = std::make_unique<Handle>(Port::Open(env, SettingsOf(env, arguments[0]), arguments[1]));
  auto finalize = [](napi_env, void* data, void*) {
    std::unique_ptr<Handle> forgotten(static_cast<Handle*>(data));
    (*forgotten)->Close();
  };
  napi_value external;
  if (napi_create_external(env, handle.get(), finalize, nullptr, &external) != napi_ok) {
    (*handle)->Close();
    throw BadArgument("external");
  }
  (void)handle.release();
  return external;
}

/** gRPC's header: at most eight digits and a unit. */
std::string TimeoutText(double milliseconds) {
  if (milliseconds <= 99'999'999) return std::to_string(static_cast<int64_t>(milliseconds)) + "m";
  return std::to_string(std::min<int64_t>(99'999'999, static_cast<int64_t>(milliseconds / 1000))) + "S";
}

void SetBody(napi_env env, napi_value value, Port& port, Body& body) {
  bool array = false;
  Check(env, napi_is_typedarray(env, value, &array), "a body is expected");
  const uint8_t* data;
  size_t size;
  std::shared_ptr<void> owner;
  if (array) {
    napi_typedarray_type type;
    void* bytes = nullptr;
    napi_value buffer;
    size_t offset;
    Check(env, napi_get_typedarray_info(env, value, &type, &size, &bytes, &buffer, &offset), "a body is expected");
    if (type != napi_uint8_array) throw BadArgument("a body is a Uint8Array or the native encoder's bytes");
    data = static_cast<const uint8_t*>(bytes);
    if (size < kCopyBelow) {
      auto copy = std::make_shared<std::string>(reinterpret_cast<const char*>(data), size);
      data = reinterpret_cast<const uint8_t*>(copy->data());
      owner = std::move(copy);
    } else {
      owner = port.Hold(value);
    }
  } else {
    void* external = nullptr;
    Check(env, napi_get_value_external(env, value, &external), "a body is a Uint8Array or the native encoder's bytes");
    const Bytes& native = *static_cast<const Bytes*>(external);
    data = native.data;
    size = native.size;
    owner = native.owner;
  }
  if (size > UINT32_MAX) throw BadArgument("a body has at most 4 GiB");
  body.Set(data, size, std::move(owner));
}

uint64_t IdOf(napi_env env, napi_value value) { return static_cast<uint64_t>(NumberOf(env, value)); }

napi_value StartCall(napi_env env, napi_callback_info info) {
  Arguments<5> arguments(env, info);
  Handle& port = HandleOf(env, arguments[0]);
  auto call = std::make_shared<Call>();
  call->id = IdOf(env, arguments[1]);
  call->path = TextOf(env, arguments[2]);
  const double timeout = std::min(std::max(1.0, NumberOf(env, arguments[4])), kMaxTimeoutMs);
  call->started = Now();
  call->deadline = call->started + static_cast<Time>(timeout * kMillisecond);
  call->timeout = TimeoutText(std::ceil(timeout));
  SetBody(env, arguments[3], *port, call->body);
  port->Start(std::move(call));
  return nullptr;
}

napi_value CancelCall(napi_env env, napi_callback_info info) {
  Arguments<2> arguments(env, info);
  HandleOf(env, arguments[0])->Cancel(IdOf(env, arguments[1]));
  return nullptr;
}

napi_value CloseChannel(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  HandleOf(env, arguments[0])->Close();
  return nullptr;
}

}  // namespace

void Register(napi_env env, napi_value exports) {
  napi_value object;
  Check(env, napi_create_object(env, &object), "http2");
  Method<Open>(env, object, "open");
  Method<StartCall>(env, object, "call");
  Method<CancelCall>(env, object, "cancel");
  Method<CloseChannel>(env, object, "close");
  Check(env, napi_set_named_property(env, exports, "http2", object), "http2");
}

}  // namespace sink::http2
