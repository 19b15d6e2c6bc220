// What one poll brought: its records with their raw bytes, and the rows that were made of them. A chunk lives as long as
// one of its rows waits to be acknowledged; from the poll on it belongs to the JavaScript thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "slab.h"
#include "write-plan.h"

namespace sink {

constexpr uint32_t kNull = UINT32_MAX;

enum class State : uint8_t {
  /** To be read in JavaScript. */
  kDeclined,
  /** No value: nothing is written. */
  kTombstone,
  /** Has cells. */
  kRow,
  /** Acknowledged, skipped, rejected, or not ours any more. */
  kOver,
};

struct Record {
  /** Value, key, headers, one behind the other. */
  const uint8_t* raw = nullptr;
  /** One for each column of its plan; the cells' bytes stand behind them. */
  Cell* cells = nullptr;
  int64_t offset = 0;
  /** ms since the epoch; negative: none. */
  int64_t timestamp = -1;
  uint64_t key_hash = 0;
  uint32_t value_size = kNull;
  uint32_t key_size = kNull;
  /** 0: none. */
  uint32_t headers_size = 0;
  /** Bytes of the cells. */
  uint32_t row_bytes = 0;
  /** WritePlan::id. */
  uint32_t plan = 0;
  uint16_t run = 0;
  uint16_t columns = 0;
  /** Of the plan's key column; negative: none. */
  int16_t key_column = -1;
  State state = State::kDeclined;

  std::string_view value() const { return {reinterpret_cast<const char*>(raw), value_size == kNull ? 0 : value_size}; }
  std::string_view key() const {
    return {reinterpret_cast<const char*>(raw) + value().size(), key_size == kNull ? 0 : key_size};
  }
  std::string_view headers() const {
    return {reinterpret_cast<const char*>(raw) + value().size() + key().size(), headers_size};
  }
  const uint8_t* row() const { return reinterpret_cast<const uint8_t*>(cells + columns); }
  bool has_key() const { return key_column >= 0; }
  /** The key's cell: two rows have the same key when these bytes are the same. */
  std::string_view row_key() const {
    const Cell& cell = cells[key_column];
    return {reinterpret_cast<const char*>(row()) + cell.at, cell.length};
  }
};

/** Neighbours that are of one partition. */
struct Run {
  std::shared_ptr<const std::string> topic;
  int32_t partition = 0;
  uint32_t start = 0, end = 0;
  uint64_t value_bytes = 0;
  /** What the owner of the partition is called by JavaScript, and how it numbers the run's first record. */
  uint32_t owner = 0;
  double first_sequence = 0;
};

/** Offsets without a gap: the record at `start` has `offset`. */
struct OffsetRange {
  uint32_t start;
  int64_t offset;
};

/** For what JavaScript has read, on its thread. */
Arena& LocalArena();

class Chunk {
 public:
  std::vector<Record> records;
  std::vector<Run> runs;
  std::vector<OffsetRange> ranges;
  uint64_t value_bytes = 0;
  /** Of values, keys and headers. */
  uint64_t bytes = 0;
  /** What it keeps of memory. */
  uint64_t held_bytes = 0;
  uint32_t dropped_fields = 0;
  /** Time that reading the values took. */
  uint64_t decode_ns = 0;

  /** Keeps the memory that an arena has just given. */
  void Keep(const std::shared_ptr<Slab>& slab) {
    if (slabs_.empty() || slabs_.back() != slab) slabs_.push_back(slab);
  }
  /** Gives a record cells: `fill` has to write them. @throws std::bad_alloc */
  void Adopt(Arena& arena, Record& record, const WritePlan& plan, const uint8_t* bytes, const uint32_t* lengths);
  /** After its cells are there. */
  static void SetKey(Record& record, const WritePlan& plan);

 private:
  std::vector<std::shared_ptr<Slab>> slabs_;
};

}  // namespace sink
