#include "number.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "scan.h"

namespace sink {

namespace {

constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

constexpr uint64_t kTens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/** The high bit of each byte of w that is no digit, given as w ^ "00000000"; of those above the first hit, of any. */
inline uint64_t NoDigits(uint64_t x) { return (x | (x + 0x7676767676767676u)) & 0x8080808080808080u; }

// Little endian, as all of Bun's targets are.
inline uint32_t ValueOfEight(uint64_t x) {
  x = (x * 2561) >> 8;
  x = (x & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
  return static_cast<uint32_t>((x & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32);
}

/** Eight digits at a time, and the last of them without a loop, whose length no branch predictor could know. */
inline const char* Digits(const char* p, const char* end, uint64_t& mantissa) {
  while (end - p >= 8) {
    const uint64_t x = Load8(p) ^ 0x3030303030303030u;
    const uint64_t others = NoDigits(x);
    if (others != 0) {
      const int count = __builtin_ctzll(others) >> 3;
      // What is no digit is shifted out; zeros come in at the front.
      mantissa = mantissa * kTens[count] + ValueOfEight(x << 8 << (56 - 8 * count));
      return p + count;
    }
    mantissa = mantissa * kTens[8] + ValueOfEight(x);
    p += 8;
  }
  for (; p < end && IsDigit(*p); ++p) mantissa = mantissa * 10 + static_cast<uint64_t>(*p - '0');
  return p;
}

struct Decimal {
  uint64_t mantissa = 0;
  int64_t exponent = 0;
  bool negative = false;
  /** The mantissa has all the digits. */
  bool whole = true;
};

/** A number by its grammar. */
inline const char* ReadDecimal(const char* p, const char* end, Decimal& decimal) {
  const bool negative = p < end && *p == '-';
  p += negative;  // without a branch: signs are unpredictable
  uint64_t mantissa = 0;
  const char* const first = p;
  for (; p < end && IsDigit(*p); ++p) mantissa = mantissa * 10 + static_cast<uint64_t>(*p - '0');
  if (p == first || (*first == '0' && p - first > 1)) return nullptr;
  int64_t count = p - first;
  int64_t exponent = 0;
  if (p < end && *p == '.') {
    const char* const fraction = ++p;
    p = Digits(p, end, mantissa);
    if (p == fraction) return nullptr;
    exponent = fraction - p;
    count += p - fraction;
  }
  if (p < end && (*p | 0x20) == 'e') {
    ++p;
    const bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) ++p;
    const char* const from = p;
    int64_t written = 0;
    for (; p < end && IsDigit(*p); ++p) {
      if (written < 100000) written = written * 10 + (*p - '0');
    }
    if (p == from) return nullptr;
    exponent += minus ? -written : written;
  }
  decimal = {mantissa, exponent, negative, count <= 19};
  return p;
}

/** The nearest double (one rounding) for mantissas up to 2^53, else one that is off by less than four units. */
inline double Scaled(const Decimal& d) {
  const double value = static_cast<double>(d.mantissa);
  return d.exponent < 0 ? value / kPowers[-d.exponent] : value * kPowers[d.exponent];
}

inline bool Scalable(const Decimal& d) { return d.whole && d.exponent >= -22 && d.exponent <= 22; }

/** gcc's own, which is fast_float's: for what a power of ten cannot tell. */
inline bool SlowDouble(const char* start, const char* end, double& value) {
  const auto result = std::from_chars(start, end, value);
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

const char* ReadInteger(const char* p, const char* end, int64_t min, int64_t max, int64_t& value) {
  const bool negative = p < end && *p == '-';
  if (negative) ++p;
  const char* const first = p;
  uint64_t magnitude = 0;
  for (; p < end && IsDigit(*p); ++p) magnitude = magnitude * 10 + static_cast<uint64_t>(*p - '0');
  const auto count = p - first;
  // 19 digits fit into 64 bits unsigned, and 2^63 has no more.
  if (count == 0 || count > 19 || (*first == '0' && (count > 1 || negative))) return nullptr;
  if (p < end && (*p == '.' || (*p | 0x20) == 'e')) return nullptr;
  if (magnitude > static_cast<uint64_t>(INT64_MAX) + negative) return nullptr;
  value = static_cast<int64_t>(negative ? uint64_t{0} - magnitude : magnitude);
  return value >= min && value <= max ? p : nullptr;
}

const char* ReadFloat(const char* p, const char* end, float& out) {
  const char* const start = p;
  Decimal decimal;
  p = ReadDecimal(p, end, decimal);
  if (p == nullptr) return nullptr;
  if (Scalable(decimal)) {
    const double value = Scaled(decimal);
    uint64_t bits;
    std::memcpy(&bits, &value, 8);
    // A float has 29 bits less. Rounding is monotone: but for values next to the middle of two floats, being off by less
    // than four units does not matter. (No value here is so small that its float would have fewer bits.)
    constexpr uint64_t kRest = (uint64_t{1} << 29) - 1, kMiddle = uint64_t{1} << 28;
    const bool near_middle = ((bits - (kMiddle - 4)) & kRest) <= 8;
    if (!near_middle || decimal.mantissa <= (uint64_t{1} << 53)) {
      const float rounded = static_cast<float>(value);
      // Signs are unpredictable: a branch would cost a third of the whole (10.5 us instead of 7.4 for 768 components).
      uint32_t sign;
      std::memcpy(&sign, &rounded, 4);
      sign |= static_cast<uint32_t>(decimal.negative) << 31;
      std::memcpy(&out, &sign, 4);
      return std::isfinite(rounded) ? p : nullptr;
    }
  }
  double value = 0;
  if (!SlowDouble(start, p, value)) return nullptr;
  out = static_cast<float>(value);
  return std::isfinite(out) ? p : nullptr;
}

const char* ReadDouble(const char* p, const char* end, double& out) {
  const char* const start = p;
  Decimal decimal;
  p = ReadDecimal(p, end, decimal);
  if (p == nullptr) return nullptr;
  if (Scalable(decimal) && decimal.mantissa <= (uint64_t{1} << 53)) {
    const double value = Scaled(decimal);
    out = decimal.negative ? -value : value;
    return p;
  }
  return SlowDouble(start, p, out) && std::isfinite(out) ? p : nullptr;
}

const char* ReadVector(const char* p, const char* end, uint32_t dim, uint8_t* out) {
  ++p;
  for (uint32_t i = 0; i < dim; ++i) {
    p = SkipSpace(p, end);
    float value;
    p = ReadFloat(p, end, value);
    if (p == nullptr) return nullptr;
    std::memcpy(out + size_t{4} * i, &value, 4);
    p = SkipSpace(p, end);
    if (p == end || *p != (i + 1 < dim ? ',' : ']')) return nullptr;
    ++p;
  }
  return p;
}

// What JSON.stringify writes is the shortest text of the number, without an exponent from 1e-6 up to 1e21.
const char* CopyNumber(const char* p, const char* end, uint8_t*& out) {
  constexpr int kSureDigits = 15;       // a decimal of so many digits is the shortest of its double
  constexpr int kMaxIntegerDigits = 300;  // below 1.8e308; the general way keeps the digits of integers, as BigInt
  const char* const start = p;
  const bool negative = p < end && *p == '-';
  if (negative) ++p;
  const char* const first = p;
  while (p < end && IsDigit(*p)) ++p;
  const auto integers = p - first;
  if (integers == 0 || (*first == '0' && integers > 1)) return nullptr;
  const char* last = p;
  if (p < end && *p == '.') {
    const char* const fraction = ++p;
    while (p < end && IsDigit(*p)) ++p;
    if (p == fraction) return nullptr;
    last = p;
    while (last > fraction && last[-1] == '0') --last;
    if (last == fraction) --last;
  }
  if (p < end && (*p | 0x20) == 'e') return nullptr;
  const bool fractional = last - first > integers;
  // `1.0` is 1; but with 16 digits and more such an integer would be read as BigInt only when it is written as one.
  if (!fractional && (last != p ? integers > kSureDigits : integers > kMaxIntegerDigits)) return nullptr;
  if (!fractional && negative && *first == '0') return nullptr;
  if (fractional) {
    const char* digit = first;
    int leading = 0;
    if (*first == '0') {
      for (digit = first + 2; *digit == '0'; ++digit) ++leading;
    }
    if (leading > 5) return nullptr;  // below 1e-6
    const auto significant = last - digit - (digit == first ? 1 : 0);
    if (significant > kSureDigits) {
      // As many digits as languages print of a random double: the text is the shortest, or another one.
      double value;
      char shortest[40];
      if (significant > 17 || !SlowDouble(start, last, value)) return nullptr;
      const auto written = std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::fixed);
      if (written.ec != std::errc() || written.ptr - shortest != last - start ||
          std::memcmp(shortest, start, static_cast<size_t>(last - start)) != 0) return nullptr;
    }
  }
  std::memcpy(out, start, static_cast<size_t>(last - start));
  out += last - start;
  return p;
}

}  // namespace sink
