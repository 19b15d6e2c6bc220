// JSON text as `JSON.stringify(JSON.parse(text))` gives it, where that can be told without making values.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sink {

/** The names of the objects that a place in a text is in, so that none has a name twice. */
struct Keys {
  /** Of all open objects together, and of one. */
  static constexpr size_t kMost = 256, kMostOfOne = 64;
  const char* at[kMost];
  uint32_t length[kMost];
  size_t count = 0;

  /**
   * @param from where the object's own names begin
   * @returns false for a name that JSON.parse would treat in a way of its own, or that is there already
   */
  bool Add(const char* name, size_t length, size_t from);
};

/**
 * Writes a value. Declined: names with an escape, names twice in one object or more than 64, integers as names (JSON.parse
 * puts them first), `__proto__`, lone surrogates, numbers that JSON.stringify writes in another form.
 * @param out room for as many bytes as the text has; moved behind what was written
 * @param depth how many levels of arrays and objects there may be
 * @returns the place after the value, or nullptr
 */
const char* CopyValue(const char* p, const char* end, uint8_t*& out, Keys& keys, int depth);

/**
 * The characters of a string in UTF-8, from behind its opening quote; its grammar has been checked.
 * @param close the closing quote
 * @param out room for as many bytes as the text has; moved behind what was written
 * @returns false when there is a lone surrogate
 */
bool Unescape(const char* p, const char* close, uint8_t*& out);

}  // namespace sink
