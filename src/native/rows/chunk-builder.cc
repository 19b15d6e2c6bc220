#include "chunk-builder.h"

#include <cstring>
#include <stdexcept>

namespace sink {

namespace {

/** More than the protocol lets a record or its parts have. */
constexpr size_t kMaxBytes = INT32_MAX;

void AppendSize(std::string& to, uint32_t size) { to.append(reinterpret_cast<const char*>(&size), sizeof size); }


}  // namespace

void AppendHeader(std::string& headers, std::string_view name, const void* value, size_t size) {
  AppendSize(headers, static_cast<uint32_t>(name.size()));
  headers.append(name);
  AppendSize(headers, value ? static_cast<uint32_t>(size) : kNull);
  if (value) headers.append(static_cast<const char*>(value), size);
}

ChunkBuilder::ChunkBuilder(Arena& arena, std::shared_ptr<const WritePlan> plan, size_t expected)
    : arena_(arena), plan_(std::move(plan)) {
  chunk_->records.reserve(expected);
}

void ChunkBuilder::Add(const RawRecord& raw) {
  Chunk& chunk = *chunk_;
  const size_t key_size = raw.key ? raw.key_size : 0, value_size = raw.value ? raw.value_size : 0;
  const size_t size = value_size + key_size + raw.headers.size();
  if (size > kMaxBytes) throw std::length_error("a record has more than 2 GB");
  const bool same_run = !chunk.runs.empty() && chunk.runs.back().topic == raw.topic &&
                        chunk.runs.back().partition == raw.partition;
  const auto place = static_cast<uint32_t>(chunk.records.size());
  if (!same_run && chunk.runs.size() == UINT16_MAX) throw std::length_error("a poll changes partitions too often");

  uint8_t* const at = arena_.Reserve(size);
  chunk.Keep(arena_.slab());
  Record record;
  record.raw = at;
  record.offset = raw.offset;
  record.timestamp = raw.timestamp;
  if (raw.value) {
    record.value_size = static_cast<uint32_t>(value_size);
    if (value_size > 0) std::memcpy(at, raw.value, value_size);
  }
  if (raw.key) {
    record.key_size = static_cast<uint32_t>(key_size);
    if (key_size > 0) std::memcpy(at + value_size, raw.key, key_size);
  }
  record.headers_size = static_cast<uint32_t>(raw.headers.size());
  if (!raw.headers.empty()) std::memcpy(at + value_size + key_size, raw.headers.data(), raw.headers.size());
  if (!same_run) chunk.runs.push_back({raw.topic, raw.partition, place, place, 0, 0, 0});
  if (!same_run || chunk.records.empty() || chunk.records.back().offset + 1 != raw.offset)
    chunk.ranges.push_back({place, raw.offset});
  arena_.Commit(size);
  Run& run = chunk.runs.back();
  record.run = static_cast<uint16_t>(chunk.runs.size() - 1);
  run.end = place + 1;
  run.value_bytes += value_size;
  chunk.value_bytes += value_size;
  chunk.bytes += size;
  chunk.held_bytes += size + sizeof(Record);
  if (plan_) Read(record);
  chunk.records.push_back(record);
}

void ChunkBuilder::Read(Record& record) {
  const WritePlan& plan = *plan_;
  if (!plan.decode || (plan.keys == KeyCheck::kJson && !IsPlainJsonKey(record.key()))) return;
  if (record.value_size == kNull) {
    record.state = State::kTombstone;
    return;
  }
  const size_t columns = plan.columns.size();
  uint8_t* const at = arena_.Reserve(columns * sizeof(Cell) + MaxCellBytes(*plan.decode, record.value_size));
  auto* const cells = reinterpret_cast<Cell*>(at);
  DecodedRow row;
  if (!DecodeRow(*plan.decode, record.value(), at + columns * sizeof(Cell), cells, row)) return;
  if (plan.key >= 0 && cells[plan.key].length == Cell::kAbsent) return;
  chunk_->Keep(arena_.slab());
  const size_t size = columns * sizeof(Cell) + row.bytes;
  arena_.Commit(size);
  chunk_->held_bytes += size;
  chunk_->dropped_fields += row.dropped;
  record.cells = cells;
  record.columns = static_cast<uint16_t>(columns);
  record.row_bytes = row.bytes;
  record.state = State::kRow;
  Chunk::SetKey(record, plan);
}

std::unique_ptr<Chunk> ChunkBuilder::Finish() { return std::move(chunk_); }

}  // namespace sink
