// What JavaScript asks of plans and chunks: src/record/native-rows.ts has the same functions with their types.
#include "chunk-builder.h"
#include "decode/plan-of.h"
#include "objects.h"
#include "values.h"

namespace sink {

namespace {

using Plan = std::shared_ptr<const WritePlan>;

bool Flag(napi_env env, napi_value object, const char* name) { return BooleanOf(env, Property(env, object, name)); }

/** makePlan({ id, key, jsonKeys, columns: [{ name, type, tag, vector, optional, dynamic, packed, sparse, dim }], decode }) */
napi_value MakePlan(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  auto plan = std::make_shared<WritePlan>();
  plan->id = IndexOf(env, Property(env, args[0], "id"));
  plan->key = static_cast<int>(NumberOf(env, Property(env, args[0], "key")));
  plan->keys = Flag(env, args[0], "jsonKeys") ? KeyCheck::kJson : KeyCheck::kNone;
  napi_value columns = Property(env, args[0], "columns");
  const uint32_t count = LengthOf(env, columns);
  if (count > INT16_MAX) throw BadArgument("a collection has too many columns");
  for (uint32_t i = 0; i < count; ++i) {
    napi_value from = ElementOf(env, columns, i);
    WireColumn column;
    column.name = TextOf(env, Property(env, from, "name"));
    column.type = IndexOf(env, Property(env, from, "type"));
    column.tag = static_cast<uint8_t>(IndexOf(env, Property(env, from, "tag")));
    column.vector = Flag(env, from, "vector");
    column.optional = Flag(env, from, "optional");
    column.dynamic = Flag(env, from, "dynamic");
    column.packed = Flag(env, from, "packed");
    column.sparse = Flag(env, from, "sparse");
    column.dim = IndexOf(env, Property(env, from, "dim"));
    column.trailer = BytesIn(env, Property(env, from, "trailer"));
    plan->columns.push_back(std::move(column));
  }
  napi_value decode = Property(env, args[0], "decode");
  if (!IsMissing(env, decode)) {
    plan->decode = PlanOf(env, decode);
    if (plan->decode->columns.size() != plan->columns.size()) throw BadArgument("two plans of one collection differ");
  }
  return OwnedExternal<Plan>(env, std::move(plan));
}

/** makeChunk(records, plan | null): as a poll's, of records as RecordToJs gives them, but for their headers. */
napi_value MakeChunk(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const uint32_t count = LengthOf(env, args[0]);
  ChunkBuilder builder(LocalArena(), IsMissing(env, args[1]) ? nullptr : InExternal<Plan>(env, args[1]), count);
  std::shared_ptr<const std::string> topic;
  for (uint32_t i = 0; i < count; ++i) {
    napi_value from = ElementOf(env, args[0], i);
    RawRecord record;
    const std::string name = TextOf(env, Property(env, from, "topic"));
    if (!topic || *topic != name) topic = std::make_shared<const std::string>(name);
    record.topic = topic;
    record.partition = static_cast<int32_t>(NumberOf(env, Property(env, from, "partition")));
    record.offset = static_cast<int64_t>(NumberOf(env, Property(env, from, "offset")));
    napi_value timestamp = Property(env, from, "timestamp"), value = Property(env, from, "value"), key = Property(env, from, "key");
    if (!IsMissing(env, timestamp)) record.timestamp = static_cast<int64_t>(NumberOf(env, timestamp));
    if (!IsMissing(env, value)) {
      const auto bytes = BytesIn(env, value);
      record.value = bytes.data() ? bytes.data() : "";
      record.value_size = bytes.size();
    }
    if (!IsMissing(env, key)) {
      const auto bytes = BytesIn(env, key);
      record.key = bytes.data() ? bytes.data() : "";
      record.key_size = bytes.size();
    }
    builder.Add(record);
  }
  return ChunkToJs(env, builder.Finish());
}

/** recordAt(chunk, place) */
napi_value RecordAt(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const Chunk& chunk = ChunkOf(env, args[0]);
  const uint32_t place = IndexOf(env, args[1]);
  if (place >= chunk.records.size()) throw BadArgument("the chunk has no such record");
  return RecordToJs(env, chunk, chunk.records[place]);
}

/** notRows(chunk): places of the records that are no rows; those that are to be read in JavaScript as they are, tombstones as
 * -1 - place. */
napi_value NotRows(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const Chunk& chunk = ChunkOf(env, args[0]);
  size_t count = 0;
  for (const Record& record : chunk.records) count += record.state == State::kDeclined || record.state == State::kTombstone;
  void* data = nullptr;
  napi_value buffer, array;
  Check(env, napi_create_arraybuffer(env, count * sizeof(double), &data, &buffer), "places");
  Check(env, napi_create_typedarray(env, napi_float64_array, count, buffer, 0, &array), "places");
  auto* out = static_cast<double*>(data);
  for (size_t i = 0; i < chunk.records.size(); ++i) {
    const State state = chunk.records[i].state;
    if (state == State::kDeclined) *out++ = static_cast<double>(i);
    else if (state == State::kTombstone) *out++ = -1.0 - static_cast<double>(i);
  }
  return array;
}

/** adopt(chunk, plan, places: Uint32Array, lengths: Uint32Array, bytes: Uint8Array): rows that JavaScript has read. */
napi_value Adopt(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  Chunk& chunk = ChunkOf(env, args[0]);
  const WritePlan& plan = *InExternal<Plan>(env, args[1]);
  const auto places = ViewOf<uint32_t>(env, args[2]);
  const auto lengths = ViewOf<uint32_t>(env, args[3]);
  const auto bytes = ViewOf<uint8_t>(env, args[4]);
  const size_t columns = plan.columns.size();
  if (lengths.length < places.length * columns) throw BadArgument("adopt: lengths are missing");
  size_t at = 0;
  for (size_t i = 0; i < places.length; ++i) {
    const uint32_t* own = lengths.data + i * columns;
    size_t total = 0;
    for (size_t c = 0; c < columns; ++c) total += own[c] == Cell::kAbsent ? 0 : own[c];
    if (places.data[i] >= chunk.records.size() || at + total > bytes.length) throw BadArgument("adopt: out of range");
    chunk.Adopt(LocalArena(), chunk.records[places.data[i]], plan, bytes.data + at, own);
    at += total;
  }
  return Undefined(env);
}

/** release(chunk): without a queue, when nothing is to be made of it. */
napi_value Release(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  InExternal<ChunkHandle>(env, args[0]).chunk.reset();
  return Undefined(env);
}

}  // namespace

void RegisterChunks(napi_env env, napi_value rows) {
  Method<MakePlan>(env, rows, "makePlan");
  Method<MakeChunk>(env, rows, "makeChunk");
  Method<RecordAt>(env, rows, "recordAt");
  Method<NotRows>(env, rows, "notRows");
  Method<Adopt>(env, rows, "adopt");
  Method<Release>(env, rows, "release");
}

}  // namespace sink
