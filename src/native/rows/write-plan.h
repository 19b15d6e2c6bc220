// How the rows of a collection are written: what a column has around its cells on the wire, and how a record's text becomes
// cells. Made by JavaScript of the collection's plan, once for each schema; read-only from then on.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decode/decode.h"

namespace sink {

/** What of a column stands around its cells (schema.proto FieldData). */
struct WireColumn {
  std::string name;
  uint32_t type = 0;
  /** Tag of the array in ScalarField's or VectorField's oneof. */
  uint8_t tag = 0;
  bool vector = false;
  /** Has valid_data. */
  bool optional = false;
  /** `$meta`. */
  bool dynamic = false;
  /** All cells together behind one head (packed numbers, float vectors). */
  bool packed = false;
  /** Of sparse vectors, whose array says one more than the largest index. */
  bool sparse = false;
  /** VectorField's dim; 0: none. */
  uint32_t dim = 0;
  /** What the array has behind its cells in any case. */
  std::string trailer;
};

/** What is asked of a record's own key before its value is looked at. */
enum class KeyCheck : uint8_t {
  kNone,
  /** JSON of any kind: those that are not certainly so are declined. */
  kJson,
};

struct WritePlan {
  /** Tells the rows of one plan from those of another. */
  uint32_t id = 0;
  std::vector<WireColumn> columns;
  /** Index of the primary key's column; negative when the server makes the keys. */
  int key = -1;
  /** Absent: no record is read natively. */
  std::shared_ptr<const Plan> decode;
  KeyCheck keys = KeyCheck::kNone;
};

}  // namespace sink
