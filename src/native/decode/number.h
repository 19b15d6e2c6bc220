// Numbers of JSON, as JavaScript would have them. Each function gives the place after the number, or nullptr when there is
// none by JSON's grammar, or not one that it can tell the exact value of. What follows the number is the caller's to check.
#pragma once
#include <cstdint>

namespace sink {

/** Digits only, within min..max. No fraction, no exponent, no `-0`. */
const char* ReadInteger(const char* p, const char* end, int64_t min, int64_t max, int64_t& value);

/** `Math.fround(JSON.parse(text))`, finite. */
const char* ReadFloat(const char* p, const char* end, float& value);

/** `JSON.parse(text)`, finite. */
const char* ReadDouble(const char* p, const char* end, double& value);

/** `[` number (`,` number)* `]` with exactly `dim` numbers, each as ReadFloat's. `out` may lie anywhere. */
const char* ReadVector(const char* p, const char* end, uint32_t dim, uint8_t* out);

/**
 * Writes a number as `JSON.stringify(JSON.parse(text))` does.
 * @param out room for as many bytes as the text has; moved behind what was written
 */
const char* CopyNumber(const char* p, const char* end, uint8_t*& out);

}  // namespace sink
