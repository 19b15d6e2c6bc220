// Sparse vectors of JSON, in the three forms of src/milvus/field/sparse-float-vector.ts.
#pragma once
#include <cstdint>

namespace sink {

/**
 * `{"7":0.5}`, `{"indices":[7],"values":[0.5]}` or `[[7,0.5]]`, as pairs of a uint32 and a float, little-endian, sorted by
 * index. Declined: what is no vector, and of those that are one indices and weights that are no plain numbers, keys with
 * leading zeros, any further member beside `indices` and `values`, `-0`.
 * @param out room for twice as many bytes as the text has from p to `end`; moved behind what was written
 * @returns the place after the vector, or nullptr
 */
const char* ReadSparse(const char* p, const char* end, uint8_t*& out);

}  // namespace sink
