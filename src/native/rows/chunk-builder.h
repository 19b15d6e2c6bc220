// Makes a chunk of records as they come: their bytes are copied, and what can be read natively becomes a row at once.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "chunk.h"

namespace sink {

struct RawRecord {
  /** The same pointer for the same topic. */
  std::shared_ptr<const std::string> topic;
  int32_t partition = 0;
  int64_t offset = 0;
  /** ms since the epoch; negative: none. */
  int64_t timestamp = -1;
  const void* value = nullptr;
  size_t value_size = 0;
  const void* key = nullptr;
  size_t key_size = 0;
  /** As `AppendHeader` writes them. */
  std::string_view headers;
};

/** Writes a header the way that a chunk keeps it. @param value nullptr: null */
void AppendHeader(std::string& headers, std::string_view name, const void* value, size_t size);

class ChunkBuilder {
 public:
  /**
   * @param plan nullptr: nothing is read natively
   * @param arena outlives the builder; what it has begun goes on in the next chunk
   */
  ChunkBuilder(Arena& arena, std::shared_ptr<const WritePlan> plan, size_t expected);
  /** @throws std::bad_alloc, and the record is not in the chunk */
  void Add(const RawRecord& record);
  std::unique_ptr<Chunk> Finish();

 private:
  void Read(Record& record);
  Arena& arena_;
  const std::shared_ptr<const WritePlan> plan_;
  std::unique_ptr<Chunk> chunk_ = std::make_unique<Chunk>();
};

}  // namespace sink
