// What libFuzzer calls: the native decoder on texts that end where their memory ends, since records have no room behind
// them. The sanitizers watch the memory; here it is checked that a row's cells are what decode.h says of them.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "decode.h"

namespace {

using sink::Cell;
using sink::Column;
using sink::ColumnKind;
using sink::Plan;

Column ColumnOf(const char* name, ColumnKind kind, bool optional = false) {
  Column column;
  column.name = name;
  column.kind = kind;
  column.optional = optional;
  return column;
}

Column ArrayOf(const char* name, ColumnKind element, uint8_t tag) {
  Column column = ColumnOf(name, ColumnKind::kArray, true);
  column.element = element;
  column.element_tag = tag;
  return column;
}

/** One of all kinds: the low bits choose what is optional, limited, dynamic. */
Plan PlanOf(unsigned choice) {
  const bool optional = choice & 1;
  Plan plan;
  plan.columns.push_back(ColumnOf("id", ColumnKind::kInteger));
  plan.columns.push_back(ColumnOf("t", ColumnKind::kText, optional));
  plan.columns.push_back(ColumnOf("v", ColumnKind::kFloatVector, optional));
  plan.columns.back().dim = 3;
  plan.columns.push_back(ColumnOf("j", ColumnKind::kJson, true));
  plan.columns.push_back(ColumnOf("b", ColumnKind::kBool, optional));
  plan.columns.push_back(ColumnOf("f", ColumnKind::kFloat, true));
  plan.columns.push_back(ColumnOf("d", ColumnKind::kDouble, true));
  plan.columns.push_back(ColumnOf("i", ColumnKind::kInteger, true));
  plan.columns.back().min = -128;
  plan.columns.back().max = 127;
  plan.columns.back().has_fallback = true;
  plan.columns.back().fallback = "\x07";
  plan.columns.push_back(ColumnOf("s", ColumnKind::kSparse, true));
  plan.columns.push_back(ArrayOf("a0", ColumnKind::kDouble, 0x2a));
  plan.columns.push_back(ArrayOf("a1", ColumnKind::kText, 0x32));
  plan.columns.push_back(ArrayOf("a2", ColumnKind::kInteger, 0x1a));
  if (choice & 2) {
    // Few elements and many: the room for them is bounded by their number, or by the text.
    for (size_t i = 9; i < 12; ++i) plan.columns[i].max_items = 3;
    plan.columns[10].max_bytes = 8;
    plan.columns[1].max_bytes = 8;
    plan.columns[3].max_bytes = 16;
    plan.columns[3].objects_only = true;
  }
  if (choice & 4) {
    plan.columns.push_back(ColumnOf("$meta", ColumnKind::kJson));
    plan.columns.back().dynamic = true;
    if (choice & 2) plan.columns.back().max_bytes = 24;
  } else {
    plan.dropped = {"x", "größe", ""};
  }
  plan.declined = {"fn"};
  sink::Prepare(plan);
  return plan;
}

void Expect(bool is) {
  if (!is) std::abort();
}

/** What stands behind a tag and a length, which must be to the end of it. */
std::string_view ContentOf(uint8_t tag, std::string_view message) {
  Expect(message.size() >= 2 && static_cast<uint8_t>(message[0]) == tag);
  uint64_t content = 0;
  size_t at = 1;
  for (int shift = 0;; shift += 7) {
    Expect(at < message.size() && shift < 35);
    const auto byte = static_cast<uint8_t>(message[at++]);
    content |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) break;
  }
  Expect(content == message.size() - at);
  return message.substr(at);
}

void CheckCell(const Column& column, const uint8_t* bytes, uint32_t length) {
  const std::string_view cell(reinterpret_cast<const char*>(bytes), length);
  switch (column.kind) {
    case ColumnKind::kBool: return Expect(length == 1 && bytes[0] <= 1);
    case ColumnKind::kFloat: return Expect(length == 4);
    case ColumnKind::kDouble: return Expect(length == 8);
    case ColumnKind::kFloatVector: return Expect(length == 4 * column.dim);
    case ColumnKind::kInteger: return Expect(length >= 1 && length <= 10 && bytes[length - 1] < 0x80);
    case ColumnKind::kText:
    case ColumnKind::kJson: return Expect(ContentOf(0x0a, cell).size() <= column.max_bytes);
    case ColumnKind::kSparse: {
      const std::string_view pairs = ContentOf(0x0a, cell);
      Expect(pairs.size() % 8 == 0);
      int64_t previous = -1;
      for (size_t at = 0; at < pairs.size(); at += 8) {
        uint32_t index, weight;
        std::memcpy(&index, pairs.data() + at, 4);
        std::memcpy(&weight, pairs.data() + at + 4, 4);
        // A float that is neither negative, not even -0, nor infinite.
        Expect(index > previous && index < UINT32_MAX && weight < 0x7f800000);
        previous = index;
      }
      return;
    }
    case ColumnKind::kArray: {
      const std::string_view elements = ContentOf(column.element_tag, ContentOf(0x0a, cell));
      if (column.element == ColumnKind::kText || elements.empty()) return;
      const size_t size = ContentOf(0x0a, elements).size();
      Expect(size > 0);
      if (column.element == ColumnKind::kDouble) Expect(size % 8 == 0 && size / 8 <= column.max_items);
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<const Plan[]> plans = [] {
    auto all = std::make_unique<Plan[]>(8);
    for (unsigned choice = 0; choice < 8; ++choice) all[choice] = PlanOf(choice);
    return all;
  }();
  if (size == 0) return 0;
  const Plan& plan = plans[data[0] & 7];
  // Of the very size: what reads one byte more is found.
  const size_t length = size - 1;
  const std::unique_ptr<char[]> text(new char[length]);
  std::memcpy(text.get(), data + 1, length);
  const std::unique_ptr<uint8_t[]> out(new uint8_t[sink::MaxCellBytes(plan, length)]);
  const std::unique_ptr<Cell[]> cells(new Cell[plan.columns.size()]);
  sink::DecodedRow row;
  sink::IsPlainJsonKey({text.get(), length});
  if (!sink::DecodeRow(plan, {text.get(), length}, out.get(), cells.get(), row)) return 0;
  uint64_t bytes = 0;
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    const Cell& cell = cells[i];
    if (cell.length == Cell::kAbsent) {
      Expect(plan.columns[i].optional && !plan.columns[i].has_fallback);
      continue;
    }
    Expect(uint64_t{cell.at} + cell.length <= row.bytes);
    bytes += cell.length;
    CheckCell(plan.columns[i], out.get() + cell.at, cell.length);
  }
  // Cells do not overlap, and nothing lies between them.
  Expect(bytes == row.bytes);
  return 0;
}
