// JSON's grammar (RFC 8259, as JSON.parse has it), checked without making values. Each function takes the place where
// something begins and gives the place after it, or nullptr. Nothing is read beyond `end`.
#pragma once
#include <cstdint>
#include <cstring>

namespace sink {

/** Deeper texts are declined: what reads them here recurses, on threads with small stacks. */
constexpr int kMaxDepth = 64;

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

inline const char* SkipSpace(const char* p, const char* end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) ++p;
  return p;
}

inline uint64_t Load8(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

inline uint32_t Load4(const char* p) {
  uint32_t word;
  std::memcpy(&word, p, 4);
  return word;
}

/** The value of a hexadecimal digit; 16 and more for any other character. */
inline uint32_t HexDigit(char c) {
  if (IsDigit(c)) return static_cast<uint32_t>(c - '0');
  const uint32_t letter = static_cast<unsigned char>((c | 0x20) - 'a');
  return letter < 6 ? letter + 10 : 16;
}

/** The four digits behind `\u`. */
inline bool HexDigits(const char* p, const char* end, uint32_t& unit) {
  if (end - p < 4) return false;
  const uint32_t a = HexDigit(p[0]), b = HexDigit(p[1]), c = HexDigit(p[2]), d = HexDigit(p[3]);
  unit = (a & 15) << 12 | (b & 15) << 8 | (c & 15) << 4 | (d & 15);
  return (a | b | c | d) < 16;
}

/**
 * As far as a string's characters need no look: not to the closing quote, a backslash, a control character or anything
 * that is no ASCII.
 */
inline const char* SkipPlain(const char* p, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;
  while (end - p >= 8) {
    const uint64_t word = Load8(p);
    const uint64_t quote = word ^ (kOnes * '"'), slash = word ^ (kOnes * '\\');
    // Little endian, as all of Bun's targets are: a borrow can only spoil what lies above the first hit.
    const uint64_t hits = (((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash) | (word - kOnes * 0x20) | word) & kHighs;
    if (hits != 0) return p + (__builtin_ctzll(hits) >> 3);
    p += 8;
  }
  while (p < end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) - 0x20u < 0x60u) ++p;
  return p;
}

/** One character of two bytes and more, by the Unicode Standard's table 3-7. */
inline const char* SkipWide(const char* at, const char* end) {
  const auto* p = reinterpret_cast<const unsigned char*>(at);
  const unsigned char c = *p;
  const auto left = end - at;
  const auto tail = [&](int i) { return (p[i] & 0xC0) == 0x80; };
  if (c < 0xE0) return c >= 0xC2 && left >= 2 && tail(1) ? at + 2 : nullptr;
  if (c < 0xF0) {
    if (left < 3 || !tail(1) || !tail(2)) return nullptr;
    // No overlong form, no surrogate.
    if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F)) return nullptr;
    return at + 3;
  }
  if (c > 0xF4 || left < 4 || !tail(1) || !tail(2) || !tail(3)) return nullptr;
  if ((c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F)) return nullptr;
  return at + 4;
}

/**
 * From the first character to the closing quote (not behind it), with its escapes and its UTF-8 checked.
 * @param escaped set when a backslash occurs
 */
inline const char* SkipCharacters(const char* p, const char* end, bool& escaped) {
  for (;;) {
    p = SkipPlain(p, end);
    if (p == end) return nullptr;
    const unsigned char c = static_cast<unsigned char>(*p);
    if (c == '"') return p;
    if (c >= 0x80) {
      do p = SkipWide(p, end);
      while (p != nullptr && p < end && static_cast<unsigned char>(*p) >= 0x80);
      if (p == nullptr) return nullptr;
      continue;
    }
    if (c != '\\' || end - p < 2) return nullptr;
    escaped = true;
    const char kind = p[1];
    p += 2;
    switch (kind) {
      case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': break;
      case 'u': {
        uint32_t unit;
        if (!HexDigits(p, end, unit)) return nullptr;
        p += 4;
        break;
      }
      default: return nullptr;
    }
  }
}

/** A number, whatever its size. What follows it is the caller's to check. */
inline const char* SkipNumber(const char* p, const char* end) {
  if (p < end && *p == '-') ++p;
  if (p == end || !IsDigit(*p)) return nullptr;
  if (*p == '0') ++p;
  else while (p < end && IsDigit(*p)) ++p;
  if (p < end && *p == '.') {
    const char* const fraction = ++p;
    while (p < end && IsDigit(*p)) ++p;
    if (p == fraction) return nullptr;
  }
  if (p < end && (*p | 0x20) == 'e') {
    ++p;
    if (p < end && (*p == '-' || *p == '+')) ++p;
    const char* const exponent = p;
    while (p < end && IsDigit(*p)) ++p;
    if (p == exponent) return nullptr;
  }
  return p;
}

inline bool IsWord(const char* p, const char* end, const char* word, size_t length) {
  return static_cast<size_t>(end - p) >= length && std::memcmp(p, word, length) == 0;
}
inline bool IsNull(const char* p, const char* end) { return IsWord(p, end, "null", 4); }
inline bool IsTrue(const char* p, const char* end) { return IsWord(p, end, "true", 4); }
inline bool IsFalse(const char* p, const char* end) { return IsWord(p, end, "false", 5); }

/** Any value. @param depth how many levels of arrays and objects there may be */
const char* SkipValue(const char* p, const char* end, int depth);

}  // namespace sink
