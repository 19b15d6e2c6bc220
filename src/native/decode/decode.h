// From a record's JSON text to the cells of its row: what is plainly right is read here, all else is declined and goes the
// general way in JavaScript, which stays the reference.
//
// A cell is one value in the very bytes that it has inside of Milvus' column on the wire (schema.proto):
//   Bool                      one byte, 0 or 1
//   Int8, Int16, Int32, Int64 a varint of the value's 64 bits, negative ones in ten bytes
//   Float, Double             4 or 8 bytes, little-endian
//   VarChar, Text, JSON       0x0a, the length as a varint, UTF-8
//   FloatVector               dim * 4 bytes, little-endian
//   SparseFloatVector         0x0a, the length as a varint, pairs of a uint32 and a float, little-endian, sorted by the first
//   Array                     0x0a, length: a ScalarField, which is the element's tag, length: of numbers, when there are any,
//                             0x0a, length, and then their cells; of texts their cells
// so that a column is its cells one after the other, behind a head.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "names.h"

namespace sink {

enum class ColumnKind : uint8_t { kBool, kInteger, kFloat, kDouble, kText, kJson, kFloatVector, kSparse, kArray };

/** A column of the collection's plan, in the plan's order. */
struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::kBool;
  /** A record may lack it, or have null there: the cell is then `fallback`, or absent. */
  bool optional = false;
  bool has_fallback = false;
  std::string fallback;
  /** kInteger, and such elements. */
  int64_t min = INT64_MIN, max = INT64_MAX;
  /** kText, and such elements: bytes, without the head. kJson: of the text. */
  uint32_t max_bytes = UINT32_MAX;
  /** kFloatVector: components, above 0. */
  uint32_t dim = 0;
  /** kArray: of what kind its elements are (the first five), their tag in ScalarField, and how many there may be. */
  ColumnKind element = ColumnKind::kBool;
  uint8_t element_tag = 0;
  uint32_t max_items = UINT32_MAX;
  /** kJson: objects only. */
  bool objects_only = false;
  /** The collection's dynamic field: gets what the schema lacks, as one JSON object, `{}` when there is nothing. */
  bool dynamic = false;
};

struct Plan {
  std::vector<Column> columns;
  /** Names that are left out of rows, and of which JavaScript has said so already: counted, their values only checked. */
  std::vector<std::string> dropped;
  /** Names that the dynamic field does not get either, and of which nobody has said so yet: their texts are declined. */
  std::vector<std::string> declined;

  // What Prepare makes of the above; it is only read from then on, by any number of threads.
  /** Ids: the columns, then `dropped`, then `declined`. */
  Names names;
  /** What a row's cells may need beside its text's length. */
  size_t fixed_bytes = 0;
  /** What more its arrays may need, as long as that is not bounded by the text. */
  size_t array_bytes = 0;
  /** Has a sparse vector, which may need twice its text. */
  bool sparse = false;
  /** Longer texts are declined: a row's bytes are told in 32 bits. */
  size_t max_text = 0;
  static constexpr uint32_t kNoColumn = UINT32_MAX;
  uint32_t dynamic = kNoColumn;
  bool prepared = false;
};

/** Finishes a plan: of one that is not, every text is declined. @throws std::bad_alloc */
void Prepare(Plan& plan);

/** Where a value lies, from the start of the row's bytes. */
struct Cell {
  static constexpr uint32_t kAbsent = UINT32_MAX;
  uint32_t at = 0;
  uint32_t length = kAbsent;
};

/** What DecodeRow gives beside the cells. */
struct DecodedRow {
  /** Bytes written. */
  uint32_t bytes = 0;
  /** Fields that were left out. */
  uint32_t dropped = 0;
};

/** As many bytes may be needed for the cells of a text of this length. */
size_t MaxCellBytes(const Plan& plan, size_t text_length);

/**
 * Reads one JSON object.
 * @param out room for MaxCellBytes
 * @param cells one for each column
 * @returns false when the text is declined, for whatever reason; `out` and `cells` are then of no meaning
 */
bool DecodeRow(const Plan& plan, std::string_view text, uint8_t* out, Cell* cells, DecodedRow& row);

/** True when these bytes are certainly a key that JsonConverter without schemas takes (empty: none). */
bool IsPlainJsonKey(std::string_view key);

}  // namespace sink
