#include "scan.h"

namespace sink {

namespace {

const char* SkipItems(const char* p, const char* end, int depth, char close) {
  p = SkipSpace(p + 1, end);
  if (p < end && *p == close) return p + 1;
  for (;;) {
    if (close == '}') {
      if (p == end || *p != '"') return nullptr;
      bool escaped = false;
      p = SkipCharacters(p + 1, end, escaped);
      if (p == nullptr) return nullptr;
      p = SkipSpace(p + 1, end);
      if (p == end || *p != ':') return nullptr;
      p = SkipSpace(p + 1, end);
    }
    p = SkipValue(p, end, depth);
    if (p == nullptr) return nullptr;
    p = SkipSpace(p, end);
    if (p == end) return nullptr;
    if (*p == close) return p + 1;
    if (*p != ',') return nullptr;
    p = SkipSpace(p + 1, end);
  }
}

}  // namespace

const char* SkipValue(const char* p, const char* end, int depth) {
  if (p == end) return nullptr;
  switch (*p) {
    case '"': {
      bool escaped = false;
      p = SkipCharacters(p + 1, end, escaped);
      return p == nullptr ? nullptr : p + 1;
    }
    case '{': return depth > 0 ? SkipItems(p, end, depth - 1, '}') : nullptr;
    case '[': return depth > 0 ? SkipItems(p, end, depth - 1, ']') : nullptr;
    case 't': return IsTrue(p, end) ? p + 4 : nullptr;
    case 'f': return IsFalse(p, end) ? p + 5 : nullptr;
    case 'n': return IsNull(p, end) ? p + 4 : nullptr;
    default: return SkipNumber(p, end);
  }
}

}  // namespace sink
