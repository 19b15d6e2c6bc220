#include "chunk.h"

#include <cstring>
#include <functional>
#include <stdexcept>

namespace sink {

Arena& LocalArena() {
  thread_local Arena arena;
  return arena;
}

void Chunk::Adopt(Arena& arena, Record& record, const WritePlan& plan, const uint8_t* bytes, const uint32_t* lengths) {
  const size_t columns = plan.columns.size();
  if (plan.key >= 0 && lengths[plan.key] == Cell::kAbsent)
    throw std::logic_error("column \"" + plan.columns[static_cast<size_t>(plan.key)].name +
                           "\" lacks a value that its rows must have");
  size_t total = 0;
  for (size_t i = 0; i < columns; ++i) {
    if (lengths[i] != Cell::kAbsent) total += lengths[i];
  }
  const size_t size = columns * sizeof(Cell) + total;
  auto* cells = reinterpret_cast<Cell*>(arena.Reserve(size));
  Keep(arena.slab());
  arena.Commit(size);
  held_bytes += size;
  uint32_t at = 0;
  for (size_t i = 0; i < columns; ++i) {
    cells[i] = {at, lengths[i]};
    if (lengths[i] != Cell::kAbsent) at += lengths[i];
  }
  if (total > 0) std::memcpy(cells + columns, bytes, total);
  record.cells = cells;
  record.columns = static_cast<uint16_t>(columns);
  record.row_bytes = static_cast<uint32_t>(total);
  record.state = State::kRow;
  SetKey(record, plan);
}

void Chunk::SetKey(Record& record, const WritePlan& plan) {
  record.plan = plan.id;
  record.key_column = static_cast<int16_t>(plan.key);
  if (plan.key >= 0) record.key_hash = std::hash<std::string_view>{}(record.row_key());
}

}  // namespace sink
