// Reads FloatVector fields out of JSON records without making JavaScript numbers of them: JSON.parse of a long
// vector is half of the CPU of a row. JavaScript stays the reference: whatever is not plainly right is declined.
//
// A record's text is split in two: arrays of the wanted top-level fields go as float32 into `slab`; what remains,
// with `0` in an array's place and integers of 16 and more digits as marked strings, goes into `text`, one JSON
// array for all records, which JavaScript then gives to JSON.parse. So JSON.parse judges everything but the replaced
// tokens, and these are replaced only where a value may stand and after their own grammar was checked in full:
// if the remaining text is valid JSON then this scanner's idea of strings and nesting was JSON.parse's as well.
#include <node_api.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

constexpr int kMaxFields = 30;
constexpr int kMaxDepth = 1000;  // Jackson's limit; deeper records get their error from JavaScript
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

inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
inline const char* skip_space(const char* p, const char* end) {
  while (p < end && is_space(*p)) ++p;
  return p;
}

inline uint64_t load8(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}
inline bool eight_digits(uint64_t w) {
  return ((w & 0xF0F0F0F0F0F0F0F0u) | (((w + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) >> 4)) ==
         0x3333333333333333u;
}
// Little endian, as all of Bun's targets are.
inline uint32_t value_of_eight(uint64_t w) {
  w = (w & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
  w = (w & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
  return static_cast<uint32_t>((w & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32);
}

inline const char* digits(const char* p, const char* end, uint64_t& mantissa) {
  while (end - p >= 8) {
    const uint64_t word = load8(p);
    if (!eight_digits(word)) break;
    mantissa = mantissa * 100000000u + value_of_eight(word);
    p += 8;
  }
  for (; p < end && is_digit(*p); ++p) mantissa = mantissa * 10 + static_cast<uint64_t>(*p - '0');
  return p;
}

// One number by JSON's grammar, as Math.fround(JSON.parse(…)). nullptr: not a number, or not a finite float.
const char* parse_float(const char* p, const char* end, float& out) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const char* const start = p;
  const bool negative = p < end && *p == '-';
  p += negative;  // without a branch: signs are unpredictable
  uint64_t mantissa = 0;
  const char* const first = p;
  for (; p < end && is_digit(*p); ++p) mantissa = mantissa * 10 + static_cast<uint64_t>(*p - '0');
  if (p == first || (*first == '0' && p - first > 1)) return nullptr;
  int64_t count = p - first;
  int64_t exponent = 0;
  if (p < end && *p == '.') {
    const char* const fraction = ++p;
    p = digits(p, end, mantissa);
    if (p == fraction) return nullptr;
    exponent = fraction - p;
    count += p - fraction;
  }
  bool exact = count <= 19;  // the mantissa did not overflow
  if (p < end && (*p | 0x20) == 'e') {
    ++p;
    const bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) ++p;
    const char* const from = p;
    int64_t explicit_exponent = 0;
    for (; p < end && is_digit(*p); ++p) {
      if (explicit_exponent < 100000) explicit_exponent = explicit_exponent * 10 + (*p - '0');
    }
    if (p == from) return nullptr;
    exponent += minus ? -explicit_exponent : explicit_exponent;
  }
  if (exact && exponent >= -22 && exponent <= 22) {
    double value = static_cast<double>(mantissa);
    value = exponent < 0 ? value / kPowers[-exponent] : value * kPowers[exponent];
    float rounded = static_cast<float>(value);
    // Up to 2^53 the value is the nearest double (one rounding). Above, it is off by less than four units in the
    // last place: rounding is monotone, so when both ends of that interval give the same float, so does the truth.
    if (mantissa > (uint64_t{1} << 53)) {
      uint64_t bits;
      std::memcpy(&bits, &value, 8);
      const uint64_t low_bits = bits - 4, high_bits = bits + 4;
      double low, high;
      std::memcpy(&low, &low_bits, 8);
      std::memcpy(&high, &high_bits, 8);
      rounded = static_cast<float>(low);
      exact = rounded == static_cast<float>(high);
    }
    if (exact) {
      if (!std::isfinite(rounded)) return nullptr;
      out = negative ? -rounded : rounded;
      return p;
    }
  }
  double value = 0;
  const auto result = std::from_chars(start, p, value);
  if (result.ec != std::errc() || result.ptr != p) return nullptr;
  out = static_cast<float>(value);
  return std::isfinite(out) ? p : nullptr;
}

// `[` number (`,` number)* `]` with exactly `dim` numbers; returns the place after `]`.
const char* parse_vector(const char* p, const char* end, int32_t dim, float* out) {
  ++p;
  for (int32_t i = 0; i < dim; ++i) {
    p = skip_space(p, end);
    p = parse_float(p, end, out[i]);
    if (p == nullptr) return nullptr;
    p = skip_space(p, end);
    if (p == end || *p != (i + 1 < dim ? ',' : ']')) return nullptr;
    ++p;
  }
  return p;
}

// From the opening quote to the place after the closing one. `escaped`: a backslash occurs.
// nullptr: not closed, or it holds the escape \u0000 that marks integers.
const char* skip_string(const char* p, const char* end, bool& escaped) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;
  for (++p; p < end;) {
    while (end - p >= 8) {
      const uint64_t word = load8(p);
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
  while (p < end && is_digit(*p)) ++p;
  const auto count = p - first;
  const bool integer = p == end || !(*p == '.' || (*p | 0x20) == 'e' || *p == '-' || *p == '+');
  if (count < kMarkDigits || count > kMaxDigits || *first == '0' || !integer) {
    while (p < end && (is_digit(*p) || *p == '.' || (*p | 0x20) == 'e' || *p == '-' || *p == '+')) ++p;
    return p;
  }
  // A string may stand where a number may not, namely before a colon: not here.
  const char* const next = skip_space(p, end);
  if (next == end || (*next != ',' && *next != '}' && *next != ']')) return nullptr;
  out.put(copied, start);
  out.put(kMark, kMark + 7);
  out.put(start, p);
  *out.at++ = '"';
  copied = p;
  ++record.marks;
  return p;
}

bool valid_utf8(const unsigned char* p, const unsigned char* end) {
  while (p < end) {
    const unsigned char c = *p++;
    if (c < 0x80) continue;
    int more;
    unsigned char low = 0x80, high = 0xBF;
    if (c >= 0xC2 && c <= 0xDF) more = 1;
    else if (c >= 0xE0 && c <= 0xEF) {
      more = 2;
      if (c == 0xE0) low = 0xA0;
      if (c == 0xED) high = 0x9F;
    } else if (c >= 0xF0 && c <= 0xF4) {
      more = 3;
      if (c == 0xF0) low = 0x90;
      if (c == 0xF4) high = 0x8F;
    } else return false;
    if (end - p < more || *p < low || *p > high) return false;
    for (++p; --more > 0; ++p) {
      if (*p < 0x80 || *p > 0xBF) return false;
    }
  }
  return true;
}

// Any value that is not a wanted vector, copied as it is but for long integers.
const char* skip_value(const char* p, const char* end, const char*& copied, Output& out, Record& record) {
  int depth = 0;
  do {
    p = skip_space(p, end);
    if (p == end) return nullptr;
    bool escaped = false;
    const char c = *p;
    if (c == '"') p = skip_string(p, end, escaped);
    else if (c == '-' || is_digit(c)) p = skip_number(p, end, copied, out, record);
    else {
      if (c == '{' || c == '[') ++depth;
      else if (c == '}' || c == ']') --depth;
      if (depth < 0 || depth >= kMaxDepth) return nullptr;
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
  p = skip_space(p, end);
  if (p == end || *p != '{') return false;
  p = skip_space(p + 1, end);
  if (p < end && *p == '}') ++p;
  else {
    for (;;) {
      if (p == end || *p != '"') return false;
      const char* const name = p + 1;
      bool escaped = false;
      p = skip_string(p, end, escaped);
      if (p == nullptr || escaped) return false;
      const size_t length = p - 1 - name;
      p = skip_space(p, end);
      if (p == end || *p != ':') return false;
      p = skip_space(p + 1, end);
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
          p = parse_vector(p, end, fields[index].dim, row + fields[index].offset);
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
      p = skip_space(p, end);
      if (p == end) return false;
      if (*p++ == '}') break;
      if (p[-1] != ',') return false;
      p = skip_space(p, end);
    }
  }
  if (skip_space(p, end) != end) return false;
  out.put(copied, end);
  unsigned char bits = 0;
  for (const char* q = text; q < out.at; ++q) bits |= static_cast<unsigned char>(*q);
  record.ascii = bits < 0x80;
  return record.ascii ||
         valid_utf8(reinterpret_cast<unsigned char*>(text), reinterpret_cast<unsigned char*>(out.at));
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

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "extract", NAPI_AUTO_LENGTH, extract, nullptr, &function) != napi_ok ||
      napi_set_named_property(env, exports, "extract", function) != napi_ok) {
    napi_throw_error(env, nullptr, "vectors: cannot register");
  }
  return exports;
}
