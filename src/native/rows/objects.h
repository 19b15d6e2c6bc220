// What of rows JavaScript holds: plans, chunks, queues and request bodies, each behind an External.
#pragma once
#include <memory>

#include "chunk.h"
#include "node-api.h"
#include "queue.h"

namespace sink {

/** A chunk in JavaScript's hands, until a queue takes it. */
struct ChunkHandle {
  std::unique_ptr<Chunk> chunk;
};

/** An External that owns a copy of `value`. */
template <class T> napi_value OwnedExternal(napi_env env, T value) {
  auto owned = std::make_unique<T>(std::move(value));
  napi_value external;
  Check(env, napi_create_external(env, owned.get(), [](napi_env, void* data, void*) { delete static_cast<T*>(data); },
                                  nullptr, &external), "an External");
  owned.release();
  return external;
}

/** @throws BadArgument when it is no External; what is in it must be a T, which only our own code sees to */
template <class T> T& InExternal(napi_env env, napi_value external) {
  void* data = nullptr;
  Check(env, napi_get_value_external(env, external, &data), "an External is expected");
  return *static_cast<T*>(data);
}

/** The chunk of an External that still has it. */
inline Chunk& ChunkOf(napi_env env, napi_value external) {
  auto& handle = InExternal<ChunkHandle>(env, external);
  if (!handle.chunk) throw BadArgument("the chunk is gone: a queue has it, or it was let go of");
  return *handle.chunk;
}

/** A chunk as JavaScript sees it: `{ handle, length, valueBytes, bytes, heldBytes, dropped, decodeMs, runs, ranges }`. */
napi_value ChunkToJs(napi_env env, std::unique_ptr<Chunk> chunk);
/** A record whole: `{ topic, partition, offset, timestamp, key, value, size, headers }`, as the official client has it. */
napi_value RecordToJs(napi_env env, const Chunk& chunk, const Record& record);

/** Puts `rows` into the addon's `sink`. */
void RegisterRows(napi_env env, napi_value sink);
/** That part of it which is about plans and chunks. */
void RegisterChunks(napi_env env, napi_value rows);

template <class T> struct View {
  T* data = nullptr;
  size_t length = 0;
};

/** A typed array's elements. @throws BadArgument when it is of another type */
template <class T> View<T> ViewOf(napi_env env, napi_value value) {
  napi_typedarray_type type;
  View<T> view;
  void* data = nullptr;
  Check(env, napi_get_typedarray_info(env, value, &type, &view.length, &data, nullptr, nullptr), "a typed array is expected");
  constexpr napi_typedarray_type wanted = std::is_same_v<T, double>     ? napi_float64_array
                                          : std::is_same_v<T, uint32_t> ? napi_uint32_array
                                                                        : napi_uint8_array;
  if (type != wanted) throw BadArgument("a typed array of another kind is expected");
  view.data = static_cast<T*>(data);
  return view;
}

inline std::string_view TextView(const View<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.length};
}

}  // namespace sink
