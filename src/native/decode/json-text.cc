#include "json-text.h"

#include <cstring>

#include "number.h"
#include "scan.h"

namespace sink {

namespace {

constexpr char kHex[] = "0123456789abcdef";

inline void Put(uint8_t*& out, const char* from, const char* to) {
  std::memcpy(out, from, static_cast<size_t>(to - from));
  out += to - from;
}

inline void PutUtf8(uint8_t*& out, uint32_t c) {
  if (c < 0x80) {
    *out++ = static_cast<uint8_t>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<uint8_t>(0xC0 | c >> 6);
    *out++ = static_cast<uint8_t>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *out++ = static_cast<uint8_t>(0xE0 | c >> 12);
    *out++ = static_cast<uint8_t>(0x80 | (c >> 6 & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (c & 0x3F));
  } else {
    *out++ = static_cast<uint8_t>(0xF0 | c >> 18);
    *out++ = static_cast<uint8_t>(0x80 | (c >> 12 & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (c >> 6 & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (c & 0x3F));
  }
}

/**
 * The character that the escape at p stands for; its grammar has been checked.
 * @returns the place after it, or nullptr for a lone surrogate
 */
const char* ReadEscape(const char* p, const char* close, uint32_t& c) {
  switch (p[1]) {
    case 'b': c = '\b'; return p + 2;
    case 'f': c = '\f'; return p + 2;
    case 'n': c = '\n'; return p + 2;
    case 'r': c = '\r'; return p + 2;
    case 't': c = '\t'; return p + 2;
    case 'u': break;
    default: c = static_cast<unsigned char>(p[1]); return p + 2;
  }
  if (!HexDigits(p + 2, close, c)) return nullptr;
  p += 6;
  if (c < 0xD800 || c > 0xDFFF) return p;
  uint32_t low;
  if (c > 0xDBFF || close - p < 6 || p[0] != '\\' || p[1] != 'u' || !HexDigits(p + 2, close, low) || low < 0xDC00 ||
      low > 0xDFFF) return nullptr;
  c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
  return p + 6;
}

/** As JSON.stringify escapes, which never is longer than what stood in the text. */
void PutEscaped(uint8_t*& out, uint32_t c) {
  if (c >= 0x20 && c != '"' && c != '\\') return PutUtf8(out, c);
  *out++ = '\\';
  switch (c) {
    case '\b': *out++ = 'b'; return;
    case '\f': *out++ = 'f'; return;
    case '\n': *out++ = 'n'; return;
    case '\r': *out++ = 'r'; return;
    case '\t': *out++ = 't'; return;
    case '"': case '\\': *out++ = static_cast<uint8_t>(c); return;
    default:
      std::memcpy(out, "u00", 3);
      out[3] = static_cast<uint8_t>(kHex[c >> 4]);
      out[4] = static_cast<uint8_t>(kHex[c & 15]);
      out += 5;
  }
}

/** Copies what lies between escapes. */
template <void (*put)(uint8_t*&, uint32_t)> bool CopyEscaped(const char* p, const char* close, uint8_t*& out) {
  while (p < close) {
    const auto* next = static_cast<const char*>(std::memchr(p, '\\', static_cast<size_t>(close - p)));
    if (next == nullptr) next = close;
    Put(out, p, next);
    if (next == close) return true;
    uint32_t c;
    p = ReadEscape(next, close, c);
    if (p == nullptr) return false;
    put(out, c);
  }
  return true;
}

const char* CopyString(const char* p, const char* end, uint8_t*& out) {
  bool escaped = false;
  const char* const close = SkipCharacters(p + 1, end, escaped);
  if (close == nullptr) return nullptr;
  if (!escaped) {
    Put(out, p, close + 1);
  } else {
    *out++ = '"';
    if (!CopyEscaped<PutEscaped>(p + 1, close, out)) return nullptr;
    *out++ = '"';
  }
  return close + 1;
}

const char* CopyArray(const char* p, const char* end, uint8_t*& out, Keys& keys, int depth) {
  *out++ = '[';
  p = SkipSpace(p + 1, end);
  if (p < end && *p == ']') {
    *out++ = ']';
    return p + 1;
  }
  for (;;) {
    p = CopyValue(p, end, out, keys, depth);
    if (p == nullptr) return nullptr;
    p = SkipSpace(p, end);
    if (p == end || (*p != ',' && *p != ']')) return nullptr;
    *out++ = static_cast<uint8_t>(*p);
    if (*p++ == ']') return p;
    p = SkipSpace(p, end);
  }
}

const char* CopyObject(const char* p, const char* end, uint8_t*& out, Keys& keys, int depth) {
  const size_t from = keys.count;
  *out++ = '{';
  p = SkipSpace(p + 1, end);
  if (p < end && *p == '}') {
    *out++ = '}';
    return p + 1;
  }
  for (;;) {
    if (p == end || *p != '"') return nullptr;
    const char* const name = p + 1;
    bool escaped = false;
    p = SkipCharacters(name, end, escaped);
    if (p == nullptr || escaped || !keys.Add(name, static_cast<size_t>(p - name), from)) return nullptr;
    Put(out, name - 1, ++p);
    p = SkipSpace(p, end);
    if (p == end || *p != ':') return nullptr;
    *out++ = ':';
    p = CopyValue(SkipSpace(p + 1, end), end, out, keys, depth);
    if (p == nullptr) return nullptr;
    p = SkipSpace(p, end);
    if (p == end || (*p != ',' && *p != '}')) return nullptr;
    *out++ = static_cast<uint8_t>(*p);
    if (*p++ == '}') break;
    p = SkipSpace(p, end);
  }
  keys.count = from;
  return p;
}

}  // namespace

bool Keys::Add(const char* name, size_t size, size_t from) {
  if (count == kMost || count - from == kMostOfOne) return false;
  if (size == 9 && std::memcmp(name, "__proto__", 9) == 0) return false;
  if (size > 0 && IsDigit(*name)) {
    size_t digits = 1;
    while (digits < size && IsDigit(name[digits])) ++digits;
    if (digits == size) return false;
  }
  for (size_t i = from; i < count; ++i) {
    if (length[i] == size && std::memcmp(at[i], name, size) == 0) return false;
  }
  at[count] = name;
  length[count] = static_cast<uint32_t>(size);
  ++count;
  return true;
}

bool Unescape(const char* p, const char* close, uint8_t*& out) { return CopyEscaped<PutUtf8>(p, close, out); }

const char* CopyValue(const char* p, const char* end, uint8_t*& out, Keys& keys, int depth) {
  if (p == end) return nullptr;
  size_t word = 4;
  switch (*p) {
    case '"': return CopyString(p, end, out);
    case '{': return depth > 0 ? CopyObject(p, end, out, keys, depth - 1) : nullptr;
    case '[': return depth > 0 ? CopyArray(p, end, out, keys, depth - 1) : nullptr;
    case 't':
      if (!IsTrue(p, end)) return nullptr;
      break;
    case 'f':
      if (!IsFalse(p, end)) return nullptr;
      word = 5;
      break;
    case 'n':
      if (!IsNull(p, end)) return nullptr;
      break;
    default: return CopyNumber(p, end, out);
  }
  Put(out, p, p + word);
  return p + word;
}

}  // namespace sink
