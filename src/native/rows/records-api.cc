// Records and chunks on their way into JavaScript.
#include <cstring>

#include "objects.h"
#include "values.h"

namespace sink {

namespace {

napi_value Buffer(napi_env env, std::string_view bytes) {
  napi_value buffer;
  Check(env, napi_create_buffer_copy(env, bytes.size(), bytes.data() ? bytes.data() : "", nullptr, &buffer), "a Buffer");
  return buffer;
}

napi_value Text(napi_env env, std::string_view text) {
  napi_value string;
  Check(env, napi_create_string_utf8(env, text.data() ? text.data() : "", text.size(), &string), "a string");
  return string;
}

napi_value NullValue(napi_env env) {
  napi_value null;
  Check(env, napi_get_null(env, &null), "null");
  return null;
}

/** One object a header, as the official client has them. */
napi_value HeadersToJs(napi_env env, std::string_view headers) {
  napi_value array;
  Check(env, napi_create_array(env, &array), "headers");
  const auto size = [&] {
    uint32_t read;
    std::memcpy(&read, headers.data(), sizeof read);
    headers.remove_prefix(sizeof read);
    return read;
  };
  for (uint32_t i = 0; !headers.empty(); ++i) {
    const uint32_t name_size = size();
    const std::string name(headers.substr(0, name_size));
    headers.remove_prefix(name_size);
    const uint32_t value_size = size();
    napi_value object, value = value_size == kNull ? NullValue(env) : Buffer(env, headers.substr(0, value_size));
    if (value_size != kNull) headers.remove_prefix(value_size);
    Check(env, napi_create_object(env, &object), "a header");
    napi_value key = Text(env, name);
    Check(env, napi_set_property(env, object, key, value), "a header");
    Check(env, napi_set_element(env, array, i, object), "a header");
  }
  return array;
}

napi_value RunToJs(napi_env env, const Run& run) {
  napi_value object;
  Check(env, napi_create_object(env, &object), "a run");
  Set(env, object, "topic", Text(env, *run.topic));
  Set(env, object, "partition", Number(env, run.partition));
  Set(env, object, "start", Number(env, run.start));
  Set(env, object, "end", Number(env, run.end));
  Set(env, object, "valueBytes", Number(env, static_cast<double>(run.value_bytes)));
  return object;
}

}  // namespace

napi_value RecordToJs(napi_env env, const Chunk& chunk, const Record& record) {
  const Run& run = chunk.runs[record.run];
  napi_value object;
  Check(env, napi_create_object(env, &object), "a record");
  Set(env, object, "topic", Text(env, *run.topic));
  Set(env, object, "partition", Number(env, run.partition));
  Set(env, object, "offset", Number(env, static_cast<double>(record.offset)));
  if (record.timestamp >= 0) Set(env, object, "timestamp", Number(env, static_cast<double>(record.timestamp)));
  Set(env, object, "key", record.key_size == kNull ? NullValue(env) : Buffer(env, record.key()));
  Set(env, object, "value", record.value_size == kNull ? NullValue(env) : Buffer(env, record.value()));
  Set(env, object, "size", Number(env, static_cast<double>(record.value().size())));
  if (record.headers_size > 0) Set(env, object, "headers", HeadersToJs(env, record.headers()));
  return object;
}

napi_value ChunkToJs(napi_env env, std::unique_ptr<Chunk> owned) {
  const Chunk& chunk = *owned;
  napi_value object, runs;
  Check(env, napi_create_object(env, &object), "a chunk");
  Check(env, napi_create_array_with_length(env, chunk.runs.size(), &runs), "runs");
  for (uint32_t i = 0; i < chunk.runs.size(); ++i)
    Check(env, napi_set_element(env, runs, i, RunToJs(env, chunk.runs[i])), "a run");
  std::vector<double> ranges;
  ranges.reserve(chunk.ranges.size() * 2);
  for (const OffsetRange& range : chunk.ranges) {
    ranges.push_back(range.start);
    ranges.push_back(static_cast<double>(range.offset));
  }
  uint32_t rows = 0;
  for (const Record& record : chunk.records) rows += record.state == State::kRow;
  Set(env, object, "length", Number(env, static_cast<double>(chunk.records.size())));
  Set(env, object, "rows", Number(env, rows));
  Set(env, object, "valueBytes", Number(env, static_cast<double>(chunk.value_bytes)));
  Set(env, object, "bytes", Number(env, static_cast<double>(chunk.bytes)));
  Set(env, object, "dropped", Number(env, chunk.dropped_fields));
  Set(env, object, "decodeMs", Number(env, static_cast<double>(chunk.decode_ns) / 1e6));
  Set(env, object, "runs", runs);
  Set(env, object, "ranges", Numbers(env, ranges));
  Set(env, object, "handle", OwnedExternal(env, ChunkHandle{std::move(owned)}));
  return object;
}

}  // namespace sink
