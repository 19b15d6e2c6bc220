// Reads FloatVector fields out of JSON records without making JavaScript numbers of them: JSON.parse of a long
// vector is half of the CPU of a row. JavaScript stays the reference: whatever is not plainly right is declined.
//
// A record's text is split in two: arrays of the wanted top-level fields go as float32 into `slab`; what remains,
// with `0` in an array's place and integers of 16 and more digits as marked strings, goes into `text`, one JSON
// array for all records, which JavaScript then gives to JSON.parse. So JSON.parse judges everything but the replaced
// tokens, and these are replaced only where a value may stand and after their own grammar was checked in full:
// if the remaining text is valid JSON then this scanner's idea of strings and nesting was JSON.parse's as well.
#include "vectors.h"

#include <cstdint>
#include <cstring>

#include "../node-api.h"
#include "number.h"
#include "scan.h"

namespace sink {

namespace {

constexpr int kMaxFields = 30;
constexpr int kMaxLevels = 1000;  // Jackson's limit; deeper records get their error from JavaScript
constexpr int kMarkDigits = 16;  // 2^53 has 16 digits
constexpr int kMaxDigits = 1000;  // Jackson's limit; BigInt() of a million digits takes seconds
constexpr char kMark[] = "\"\\u0000";

struct Field {
  const char* name;
  size_t name_length;
  int32_t dim;
  int32_t offset;  // floats from the start of a row's slot
};

struct Output {
  char* at;
  void put(const char* from, const char* to) {
    std::memcpy(at, from, to - from);
    at += to - from;
  }
};

struct Record {
  uint32_t found = 0;  // bit i: field i is in the slab
  int32_t marks = 0;
  bool ascii = true;
};

// From the opening quote to the place after the closing one. `escaped`: a backslash occurs.
// nullptr: not closed, or it holds the escape \u0000 that marks integers.
const char* skip_string(const char* p, const char* end, bool& escaped) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;
  for (++p; p < end;) {
    while (end - p >= 8) {
      const uint64_t word = Load8(p);
      const uint64_t quote = word ^ (kOnes * '"'), slash = word ^ (kOnes * '\\');
      if ((((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash)) & kHighs) break;
      p += 8;
    }
    if (p == end) break;
    if (*p == '"') return p + 1;
    if (*p == '\\') {
      escaped = true;
      if (end - p >= 6 && std::memcmp(p, kMark + 1, 6) == 0) return nullptr;
      if (++p == end) break;
    }
    ++p;
  }
  return nullptr;
}

// A number at p (`-` or a digit). An integer of 16 digits and more goes out as a marked string; anything else stays
// for JSON.parse to judge. Returns the place after it, or nullptr.
const char* skip_number(const char* p, const char* end, const char*& copied, Output& out, Record& record) {
  const char* const start = p;
  if (*p == '-') ++p;
  const char* const first = p;
  while (p < end && IsDigit(*p)) ++p;
  const auto count = p - first;
  const bool integer = p == end || !(*p == '.' || (*p | 0x20) == 'e' || *p == '-' || *p == '+');
  if (count < kMarkDigits || count > kMaxDigits || *first == '0' || !integer) {
    while (p < end && (IsDigit(*p) || *p == '.' || (*p | 0x20) == 'e' || *p == '-' || *p == '+')) ++p;
    return p;
  }
  // A string may stand where a number may not, namely before a colon: not here.
  const char* const next = SkipSpace(p, end);
  if (next == end || (*next != ',' && *next != '}' && *next != ']')) return nullptr;
  out.put(copied, start);
  out.put(kMark, kMark + 7);
  out.put(start, p);
  *out.at++ = '"';
  copied = p;
  ++record.marks;
  return p;
}

bool valid_utf8(const char* p, const char* end) {
  while (p != nullptr && p < end) p = static_cast<unsigned char>(*p) < 0x80 ? p + 1 : SkipWide(p, end);
  return p != nullptr;
}

// Any value that is not a wanted vector, copied as it is but for long integers.
const char* skip_value(const char* p, const char* end, const char*& copied, Output& out, Record& record) {
  int depth = 0;
  do {
    p = SkipSpace(p, end);
    if (p == end) return nullptr;
    bool escaped = false;
    const char c = *p;
    if (c == '"') p = skip_string(p, end, escaped);
    else if (c == '-' || IsDigit(c)) p = skip_number(p, end, copied, out, record);
    else {
      if (c == '{' || c == '[') ++depth;
      else if (c == '}' || c == ']') --depth;
      if (depth < 0 || depth >= kMaxLevels) return nullptr;
      ++p;
    }
    if (p == nullptr) return nullptr;
    // A literal (true, false, null) goes on until something else begins.
    if (c >= 'a' && c <= 'z') while (p < end && *p >= 'a' && *p <= 'z') ++p;
  } while (depth > 0);
  return p;
}

bool split(const char* p, const char* end, const Field* fields, int field_count, float* row, Output& out,
           Record& record) {
  const char* copied = p;
  char* const text = out.at;
  uint32_t seen = 0;
  p = SkipSpace(p, end);
  if (p == end || *p != '{') return false;
  p = SkipSpace(p + 1, end);
  if (p < end && *p == '}') ++p;
  else {
    for (;;) {
      if (p == end || *p != '"') return false;
      const char* const name = p + 1;
      bool escaped = false;
      p = skip_string(p, end, escaped);
      if (p == nullptr || escaped) return false;
      const size_t length = p - 1 - name;
      p = SkipSpace(p, end);
      if (p == end || *p != ':') return false;
      p = SkipSpace(p + 1, end);
      if (p == end) return false;
      bool taken = false;
      int index = 0;
      while (index < field_count && (fields[index].name_length != length ||
                                     std::memcmp(fields[index].name, name, length) != 0)) ++index;
      if (index < field_count) {
        const uint32_t bit = uint32_t{1} << index;
        if (seen & bit) return false;
        seen |= bit;
        if (*p == '[') {
          const char* const array = p;
          auto* const floats = reinterpret_cast<uint8_t*>(row + fields[index].offset);
          p = ReadVector(p, end, static_cast<uint32_t>(fields[index].dim), floats);
          if (p == nullptr) return false;
          out.put(copied, array);
          *out.at++ = '0';
          copied = p;
          record.found |= bit;
          taken = true;
        }
      }
      if (!taken) {
        p = skip_value(p, end, copied, out, record);
        if (p == nullptr) return false;
      }
      p = SkipSpace(p, end);
      if (p == end) return false;
      if (*p++ == '}') break;
      if (p[-1] != ',') return false;
      p = SkipSpace(p, end);
    }
  }
  if (SkipSpace(p, end) != end) return false;
  out.put(copied, end);
  unsigned char bits = 0;
  for (const char* q = text; q < out.at; ++q) bits |= static_cast<unsigned char>(*q);
  record.ascii = bits < 0x80;
  return record.ascii || valid_utf8(text, out.at);
}

// --- Node-API ---

// Bytes of a typed array, or false.
bool view(napi_env env, napi_value value, napi_typedarray_type wanted, void** data, size_t* length) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, length, data, nullptr, nullptr) == napi_ok && type == wanted;
}

// extract(records: Buffer[], from, names: Uint8Array, layout: Int32Array, slab: Float32Array, text: Uint8Array,
//         meta: Int32Array): number of records handled, from `from` on, as far as slab, text and meta reach.
// names: the fields' names, one after the other. layout: per field the end of its name, dim, offset in the row's
// slot; last the floats per slot. meta: two words first: bytes of text, 1 if all of it is ASCII; then three per record:
// -1 declined (text has `0` in its place) or the bits of the fields found; how many integers were marked; end in text.
napi_value extract(napi_env env, napi_callback_info info) {
  size_t argc = 7;
  napi_value args[7];
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  void *names_data, *layout_data, *slab_data, *text_data, *meta_data;
  size_t names_length, layout_length, slab_length, text_length, meta_length;
  uint32_t from = 0, total = 0;
  bool ok = argc == 7 && napi_get_array_length(env, args[0], &total) == napi_ok &&
            napi_get_value_uint32(env, args[1], &from) == napi_ok &&
            view(env, args[2], napi_uint8_array, &names_data, &names_length) &&
            view(env, args[3], napi_int32_array, &layout_data, &layout_length) &&
            view(env, args[4], napi_float32_array, &slab_data, &slab_length) &&
            view(env, args[5], napi_uint8_array, &text_data, &text_length) &&
            view(env, args[6], napi_int32_array, &meta_data, &meta_length) && layout_length % 3 == 1 &&
            layout_length / 3 <= kMaxFields && text_length >= 4 && meta_length >= 2;
  Field fields[kMaxFields];
  const int field_count = ok ? static_cast<int>(layout_length / 3) : 0;
  const auto* layout = static_cast<const int32_t*>(layout_data);
  const int64_t slot = ok ? layout[layout_length - 1] : 0;
  int32_t name_at = 0;
  for (int i = 0; i < field_count && ok; ++i) {
    const int32_t name_end = layout[3 * i], dim = layout[3 * i + 1], offset = layout[3 * i + 2];
    ok = name_end >= name_at && static_cast<size_t>(name_end) <= names_length && dim > 0 && offset >= 0 &&
         int64_t{offset} + dim <= slot;
    fields[i] = {static_cast<const char*>(names_data) + name_at, static_cast<size_t>(name_end - name_at), dim, offset};
    name_at = name_end;
  }
  if (!ok) {
    napi_throw_type_error(env, "ERR_INVALID_ARG", "vectors.extract: wrong arguments");
    return nullptr;
  }
  uint32_t rows = total > from ? total - from : 0;
  if (slot > 0 && rows > slab_length / slot) rows = static_cast<uint32_t>(slab_length / slot);
  if (rows > (meta_length - 2) / 3) rows = static_cast<uint32_t>((meta_length - 2) / 3);
  auto* const meta = static_cast<int32_t*>(meta_data);
  char* const text = static_cast<char*>(text_data);
  Output out{text};
  *out.at++ = '[';
  bool ascii = true;
  uint32_t done = 0;
  for (; done < rows; ++done) {
    napi_handle_scope scope;
    napi_open_handle_scope(env, &scope);
    napi_value value;
    void* data = nullptr;
    size_t length = 0;
    const bool bytes = napi_get_element(env, args[0], from + done, &value) == napi_ok &&
                       view(env, value, napi_uint8_array, &data, &length);
    napi_close_handle_scope(env, scope);
    // Marked integers grow by 8 characters of at least 16; beside the record stand `,` and `]`.
    const size_t room = text_length - (out.at - text), needed = 2 * length + 2;
    const bool fits = needed <= room;
    if (room < 3 || (!fits && done > 0 && needed < text_length)) break;
    if (done > 0) *out.at++ = ',';
    char* const start = out.at;
    Record record;
    int32_t* const facts = meta + 2 + 3 * done;
    float* const row = static_cast<float*>(slab_data) + slot * done;
    const auto* const from_byte = static_cast<const char*>(data);
    if (bytes && fits && length > 0 && split(from_byte, from_byte + length, fields, field_count, row, out, record)) {
      facts[0] = static_cast<int32_t>(record.found);
      facts[1] = record.marks;
      ascii &= record.ascii;
    } else {
      out.at = start;
      *out.at++ = '0';
      facts[0] = -1;
      facts[1] = 0;
    }
    facts[2] = static_cast<int32_t>(out.at - text);
  }
  *out.at++ = ']';
  meta[0] = static_cast<int32_t>(out.at - text);
  meta[1] = ascii ? 1 : 0;
  napi_value result;
  napi_create_uint32(env, done, &result);
  return result;
}

}  // namespace

void RegisterVectors(napi_env env, napi_value sink) {
  napi_value vectors, function;
  Check(env, napi_create_object(env, &vectors), "vectors");
  Check(env, napi_create_function(env, "extract", NAPI_AUTO_LENGTH, extract, nullptr, &function), "extract");
  Check(env, napi_set_named_property(env, vectors, "extract", function), "extract");
  Check(env, napi_set_named_property(env, sink, "vectors", vectors), "vectors");
}

}  // namespace sink
