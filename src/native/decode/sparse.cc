#include "sparse.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "number.h"
#include "scan.h"

namespace sink {

namespace {

/** Milvus takes no larger one. */
constexpr int64_t kMaxIndex = int64_t{UINT32_MAX} - 1;

/** As in the cell, at any place. */
struct Pair {
  uint8_t bytes[8];
  uint32_t Index() const {
    uint32_t index;
    std::memcpy(&index, bytes, sizeof index);
    return index;
  }
};
static_assert(sizeof(Pair) == 8 && alignof(Pair) == 1);

const char* ReadIndex(const char* p, const char* end, uint8_t* out) {
  int64_t value;
  p = ReadInteger(p, end, 0, kMaxIndex, value);
  if (p == nullptr) return nullptr;
  const auto index = static_cast<uint32_t>(value);
  std::memcpy(out, &index, sizeof index);
  return p;
}

/** No sign at all: of `-1e-50` the float would not say any more that it is negative. */
const char* ReadWeight(const char* p, const char* end, uint8_t* out) {
  if (p < end && *p == '-') return nullptr;
  float weight;
  p = ReadFloat(p, end, weight);
  if (p != nullptr) std::memcpy(out, &weight, sizeof weight);
  return p;
}

/**
 * What stands between brackets of either kind, with commas between.
 * @param p behind the opening one
 * @param each reads one of them, for which its number is told
 */
template <typename Each> const char* ReadItems(const char* p, const char* end, char close, size_t& count, Each each) {
  count = 0;
  p = SkipSpace(p, end);
  if (p < end && *p == close) return p + 1;
  for (;;) {
    p = each(p, count);
    if (p == nullptr) return nullptr;
    ++count;
    p = SkipSpace(p, end);
    if (p == end) return nullptr;
    if (*p == close) return p + 1;
    if (*p != ',') return nullptr;
    p = SkipSpace(p + 1, end);
  }
}

/** One character, with blanks before and behind. */
const char* Expect(const char* p, const char* end, char c) {
  p = SkipSpace(p, end);
  return p < end && *p == c ? SkipSpace(p + 1, end) : nullptr;
}

/** `[[index,weight],...]`: eight bytes for at least six of the text, `[0,1],`. */
const char* ReadPairs(const char* p, const char* end, uint8_t* out, size_t& count) {
  return ReadItems(p + 1, end, ']', count, [=](const char* item, size_t i) -> const char* {
    item = Expect(item, end, '[');
    if (item != nullptr) item = ReadIndex(item, end, out + 8 * i);
    if (item != nullptr) item = Expect(item, end, ',');
    if (item != nullptr) item = ReadWeight(item, end, out + 8 * i + 4);
    if (item != nullptr) item = SkipSpace(item, end);
    return item != nullptr && item < end && *item == ']' ? item + 1 : nullptr;
  });
}

/** `{"index":weight,...}`: eight bytes for at least six of the text, `"0":1,`. */
const char* ReadByIndex(const char* p, const char* end, uint8_t* out, size_t& count) {
  return ReadItems(p + 1, end, '}', count, [=](const char* item, size_t i) -> const char* {
    if (item == end || *item != '"') return nullptr;
    item = ReadIndex(item + 1, end, out + 8 * i);
    if (item == nullptr || item == end || *item != '"') return nullptr;
    item = Expect(item + 1, end, ':');
    return item == nullptr ? nullptr : ReadWeight(item, end, out + 8 * i + 4);
  });
}

/** `{"indices":[...],"values":[...]}`, in either order: each goes to its places among the pairs at once. */
const char* ReadLists(const char* p, const char* end, uint8_t* out, size_t& count) {
  bool indices = false, values = false;
  size_t members = 0;
  p = ReadItems(p + 1, end, '}', members, [&](const char* item, size_t member) -> const char* {
    const bool is_indices = IsWord(item, end, "\"indices\"", 9);
    if (!is_indices && !IsWord(item, end, "\"values\"", 8)) return nullptr;
    bool& seen = is_indices ? indices : values;
    if (seen) return nullptr;
    seen = true;
    item = Expect(item + (is_indices ? 9 : 8), end, ':');
    if (item == nullptr || item == end || *item != '[') return nullptr;
    size_t found;
    item = ReadItems(item + 1, end, ']', found, [&](const char* one, size_t i) -> const char* {
      // An item has two bytes of the text: of the first list twice as many are taken as were read, if there is room in the
      // text for as many of the second one.
      if (member == 0 ? static_cast<size_t>(end - one) < 2 * (i + 1) : i >= count) return nullptr;
      return is_indices ? ReadIndex(one, end, out + 8 * i) : ReadWeight(one, end, out + 8 * i + 4);
    });
    if (item == nullptr || (member == 1 && found != count)) return nullptr;
    count = found;
    return item;
  });
  return indices && values ? p : nullptr;
}

/** @returns false when an index is there twice */
bool Sort(uint8_t* out, size_t count) {
  auto* const first = reinterpret_cast<Pair*>(out);
  auto* const last = first + count;
  const auto not_above = [](const Pair& a, const Pair& b) { return a.Index() >= b.Index(); };
  if (std::adjacent_find(first, last, not_above) == last) return true;  // as most are written
  std::sort(first, last, [](const Pair& a, const Pair& b) { return a.Index() < b.Index(); });
  return std::adjacent_find(first, last, not_above) == last;
}

}  // namespace

const char* ReadSparse(const char* p, const char* end, uint8_t*& out) {
  if (p == end) return nullptr;
  size_t count = 0;
  if (*p == '[') {
    p = ReadPairs(p, end, out, count);
  } else if (*p == '{') {
    const char* const first = SkipSpace(p + 1, end);
    const bool lists = end - first >= 2 && (first[1] == 'i' || first[1] == 'v');
    p = lists ? ReadLists(p, end, out, count) : ReadByIndex(p, end, out, count);
  } else {
    return nullptr;
  }
  if (p == nullptr || !Sort(out, count)) return nullptr;
  out += 8 * count;
  return p;
}

}  // namespace sink
