// One pass over a record's text: each member goes where its name says, by its column's kind.
#include <algorithm>
#include <cstring>

#include "decode.h"
#include "json-text.h"
#include "number.h"
#include "scan.h"
#include "sparse.h"

namespace sink {

namespace {

/** Of a plan: its bits of what a record has had lie on the stack. */
constexpr size_t kMaxNames = 4096;
/** Tag and the longest varint of a 32-bit length. */
constexpr size_t kHead = 6;
constexpr size_t kVarint = 10;
/** What an array has before its elements: its own head, the ScalarField's, and that of packed numbers. */
constexpr size_t kArrayHeads = 3 * kHead;
/** What a row takes has to fit into 32 bits, with the text twice. */
constexpr size_t kMaxText = UINT32_MAX / 4, kMaxFixed = UINT32_MAX / 4;
constexpr uint8_t kTag = 0x0a;

inline uint8_t* PutVarint(uint8_t* out, uint64_t value) {
  for (; value > 0x7f; value >>= 7) *out++ = static_cast<uint8_t>(value | 0x80);
  *out++ = static_cast<uint8_t>(value);
  return out;
}

inline size_t VarintLength(uint64_t value) {
  size_t length = 1;
  for (; value > 0x7f; value >>= 7) ++length;
  return length;
}

/** What an array's element may need beside its text. */
size_t MaxItemBytes(ColumnKind element) {
  switch (element) {
    case ColumnKind::kBool: return 1;
    case ColumnKind::kInteger: return kVarint;
    case ColumnKind::kFloat: return sizeof(float);
    case ColumnKind::kDouble: return sizeof(double);
    default: return kHead;
  }
}

/**
 * Bytes that cells need, without the dynamic field's. Each has its head, or all of its bytes, in `fixed_bytes`; the content
 * of texts is never longer than what stood in the record. An array's elements take what MaxItemBytes says beside their
 * text, and at most four times their text in any case, since each has a comma or a bracket of its own: a double has 8 of at
 * least 2 bytes (`0,`), an integer 10 of 3 (`-1,`) or its digits, a text of n bytes 6 + n of n + 3. That holds for each
 * part of a record as well, and so at each place while it is read. A sparse vector's pairs take at most twice what its
 * text, and what follows, have (ReadSparse).
 */
size_t CellRoom(const Plan& plan, size_t text_length) {
  return text_length + std::min(3 * text_length, plan.array_bytes) + (plan.sparse ? text_length : 0) + plan.fixed_bytes;
}

class RowReader {
 public:
  RowReader(const Plan& plan, std::string_view text, uint8_t* out, Cell* cells)
      : plan_(plan), end_(text.data() + text.size()), start_(out), out_(out), cells_(cells) {
    if (plan.dynamic != Plan::kNoColumn) {
      // Its members come in between the others: gathered behind all that these can need, and moved up at the end.
      meta_start_ = meta_ = out + CellRoom(plan, text.size());
    }
    std::memset(seen_, 0, (plan.names.size() + 63) / 64 * sizeof *seen_);
  }

  bool Read(const char* p, DecodedRow& row) {
    p = SkipSpace(p, end_);
    if (p == end_ || *p != '{') return false;
    p = SkipSpace(p + 1, end_);
    if (p < end_ && *p == '}') ++p;
    else {
      for (;;) {
        p = Member(p);
        if (p == nullptr) return false;
        p = SkipSpace(p, end_);
        if (p == end_) return false;
        if (*p == '}') break;
        if (*p != ',') return false;
        p = SkipSpace(p + 1, end_);
      }
      ++p;
    }
    if (SkipSpace(p, end_) != end_ || !Missing() || !PutMeta()) return false;
    row = {static_cast<uint32_t>(out_ - start_), dropped_};
    return true;
  }

 private:
  const char* Member(const char* p) {
    const char* name = p;
    size_t length = 0;
    uint32_t id = next_;
    if (!plan_.names.StandsAt(id, p, end_, p)) {
      if (p == end_ || *p != '"') return nullptr;
      ++name;
      bool escaped = false;
      p = SkipCharacters(name, end_, escaped);
      if (p == nullptr || escaped) return nullptr;
      length = static_cast<size_t>(p - name);
      id = plan_.names.Find({name, length});
      ++p;
    }
    if (p < end_ && *p == ':') ++p;
    else {
      p = SkipSpace(p, end_);
      if (p == end_ || *p != ':') return nullptr;
      ++p;
    }
    p = SkipSpace(p, end_);
    if (p == end_) return nullptr;
    if (id == Names::kNone) return Unknown(p, name, length);
    next_ = id + 1;
    const uint64_t bit = uint64_t{1} << (id & 63);
    if (seen_[id >> 6] & bit) return nullptr;
    seen_[id >> 6] |= bit;
    if (id < plan_.columns.size()) {
      if (id == plan_.dynamic) return nullptr;  // a record may give an object for it, with rules of its own
      ++found_;
      return Value(p, id);
    }
    if (id - plan_.columns.size() >= plan_.dropped.size()) return nullptr;
    ++dropped_;
    return SkipValue(p, end_, kMaxDepth - 1);
  }

  /** A name that the plan does not know. */
  const char* Unknown(const char* p, const char* name, size_t length) {
    if (meta_ == nullptr || !keys_.Add(name, length, 0)) return nullptr;
    *meta_++ = members_ == 0 ? '{' : ',';
    std::memcpy(meta_, name - 1, length + 2);
    meta_ += length + 2;
    *meta_++ = ':';
    ++members_;
    return CopyValue(p, end_, meta_, keys_, kMaxDepth - 1);
  }

  const char* Value(const char* p, uint32_t id) {
    const Column& column = plan_.columns[id];
    if (*p == 'n') return IsNull(p, end_) && Absent(column, id) ? p + 4 : nullptr;
    uint8_t* const from = out_;
    switch (column.kind) {
      case ColumnKind::kBool: p = Scalar<ColumnKind::kBool>(p, column); break;
      case ColumnKind::kInteger: p = Scalar<ColumnKind::kInteger>(p, column); break;
      case ColumnKind::kFloat: p = Scalar<ColumnKind::kFloat>(p, column); break;
      case ColumnKind::kDouble: p = Scalar<ColumnKind::kDouble>(p, column); break;
      case ColumnKind::kText: p = Text(p, column.max_bytes); break;
      case ColumnKind::kJson: p = Json(p, column); break;
      case ColumnKind::kFloatVector:
        if (*p != '[') return nullptr;
        p = ReadVector(p, end_, column.dim, out_);
        out_ += size_t{4} * column.dim;
        break;
      case ColumnKind::kSparse: p = Sparse(p); break;
      case ColumnKind::kArray: p = Array(p, column); break;
    }
    if (p != nullptr) Put(id, from);
    return p;
  }

  /** A value of the column's kind, or an element of it, of which only the bytes are written. */
  template <ColumnKind kind> inline __attribute__((always_inline)) const char* Scalar(const char* p, const Column& column) {
    if constexpr (kind == ColumnKind::kBool) {
      const bool yes = IsTrue(p, end_);
      if (!yes && !IsFalse(p, end_)) return nullptr;
      *out_++ = yes;
      return p + (yes ? 4 : 5);
    } else if constexpr (kind == ColumnKind::kInteger) {
      int64_t value;
      p = ReadInteger(p, end_, column.min, column.max, value);
      if (p != nullptr) out_ = PutVarint(out_, static_cast<uint64_t>(value));
      return p;
    } else if constexpr (kind == ColumnKind::kFloat) {
      float value;
      p = ReadFloat(p, end_, value);
      if (p != nullptr) PutBytes(value);
      return p;
    } else if constexpr (kind == ColumnKind::kDouble) {
      double value;
      p = ReadDouble(p, end_, value);
      if (p != nullptr) PutBytes(value);
      return p;
    } else {
      static_assert(kind == ColumnKind::kText);
      return Text(p, column.max_bytes);
    }
  }

  template <typename Number> void PutBytes(Number value) {
    std::memcpy(out_, &value, sizeof value);
    out_ += sizeof value;
  }

  const char* Sparse(const char* p) {
    uint8_t* content = out_ + kHead;
    p = ReadSparse(p, end_, content);
    return p != nullptr && Close(content, UINT32_MAX) ? p : nullptr;
  }

  /** Elements are written behind room for the heads, and moved up when their length is known. */
  const char* Array(const char* p, const Column& column) {
    if (*p++ != '[') return nullptr;
    uint8_t* const from = out_;
    const uint8_t* const content = out_ += kArrayHeads;
    switch (column.element) {
      case ColumnKind::kBool: p = Items<ColumnKind::kBool>(p, column); break;
      case ColumnKind::kInteger: p = Items<ColumnKind::kInteger>(p, column); break;
      case ColumnKind::kFloat: p = Items<ColumnKind::kFloat>(p, column); break;
      case ColumnKind::kDouble: p = Items<ColumnKind::kDouble>(p, column); break;
      case ColumnKind::kText: p = Items<ColumnKind::kText>(p, column); break;
      default: return nullptr;
    }
    if (p == nullptr) return nullptr;
    const auto length = static_cast<size_t>(out_ - content);
    const bool packed = column.element != ColumnKind::kText && length > 0;
    const size_t inner = length + (packed ? 1 + VarintLength(length) : 0);
    out_ = from;
    PutHead(kTag, 1 + VarintLength(inner) + inner);
    PutHead(column.element_tag, inner);
    if (packed) PutHead(kTag, length);
    std::memmove(out_, content, length);
    out_ += length;
    return p;
  }

  /** From behind the opening bracket. */
  template <ColumnKind kind> const char* Items(const char* p, const Column& column) {
    p = SkipSpace(p, end_);
    if (p < end_ && *p == ']') return p + 1;
    for (uint32_t left = column.max_items; left > 0; --left) {
      if (p == end_) return nullptr;
      p = Scalar<kind>(p, column);
      if (p == nullptr) return nullptr;
      p = SkipSpace(p, end_);
      if (p == end_) return nullptr;
      if (*p == ']') return p + 1;
      if (*p != ',') return nullptr;
      p = SkipSpace(p + 1, end_);
    }
    return nullptr;
  }

  void PutHead(uint8_t tag, uint64_t length) {
    *out_++ = tag;
    out_ = PutVarint(out_, length);
  }

  void Put(uint32_t id, const uint8_t* from) {
    cells_[id] = {static_cast<uint32_t>(from - start_), static_cast<uint32_t>(out_ - from)};
  }

  const char* Text(const char* p, uint32_t max_bytes) {
    if (*p++ != '"') return nullptr;
    bool escaped = false;
    const char* const close = SkipCharacters(p, end_, escaped);
    if (close == nullptr) return nullptr;
    if (!escaped) {
      const auto length = static_cast<size_t>(close - p);
      if (length > max_bytes) return nullptr;
      *out_++ = kTag;
      out_ = PutVarint(out_, length);
      std::memcpy(out_, p, length);
      out_ += length;
    } else {
      uint8_t* content = out_ + kHead;
      if (!Unescape(p, close, content) || !Close(content, max_bytes)) return nullptr;
    }
    return close + 1;
  }

  const char* Json(const char* p, const Column& column) {
    if (column.objects_only && *p != '{') return nullptr;
    uint8_t* content = out_ + kHead;
    p = CopyValue(p, end_, content, keys_, kMaxDepth - 1);
    return p != nullptr && Close(content, column.max_bytes) ? p : nullptr;
  }

  /** Puts the head before what was written behind the room for it. */
  bool Close(const uint8_t* content, uint32_t max_bytes) {
    const auto length = static_cast<size_t>(content - (out_ + kHead));
    if (length > max_bytes) return false;
    const uint8_t* const from = out_ + kHead;
    *out_++ = kTag;
    out_ = PutVarint(out_, length);
    std::memmove(out_, from, length);
    out_ += length;
    return true;
  }

  bool Absent(const Column& column, uint32_t id) {
    if (column.has_fallback) {
      const uint8_t* const from = out_;
      std::memcpy(out_, column.fallback.data(), column.fallback.size());
      out_ += column.fallback.size();
      Put(id, from);
      return true;
    }
    cells_[id] = {};
    return column.optional;
  }

  /** Columns that the record does not name. */
  bool Missing() {
    const bool dynamic = plan_.dynamic != Plan::kNoColumn;
    if (found_ + dynamic == plan_.columns.size()) return true;
    for (uint32_t id = 0; id < plan_.columns.size(); ++id) {
      if (id == plan_.dynamic || (seen_[id >> 6] >> (id & 63) & 1) != 0) continue;
      if (!Absent(plan_.columns[id], id)) return false;
    }
    return true;
  }

  bool PutMeta() {
    if (plan_.dynamic == Plan::kNoColumn) return true;
    uint8_t* const from = out_;
    if (members_ == 0) {
      std::memcpy(out_, "\x0a\x02{}", 4);
      out_ += 4;
    } else {
      *meta_++ = '}';
      const auto length = static_cast<size_t>(meta_ - meta_start_);
      if (length > plan_.columns[plan_.dynamic].max_bytes) return false;
      *out_++ = kTag;
      out_ = PutVarint(out_, length);
      std::memmove(out_, meta_start_, length);
      out_ += length;
    }
    Put(plan_.dynamic, from);
    return true;
  }

  const Plan& plan_;
  const char* const end_;
  uint8_t* const start_;
  uint8_t* out_;
  Cell* const cells_;
  uint8_t *meta_start_ = nullptr, *meta_ = nullptr;
  /** The name that is expected next. */
  uint32_t next_ = 0;
  uint32_t found_ = 0, dropped_ = 0, members_ = 0;
  Keys keys_;
  /** By a name's id. */
  uint64_t seen_[kMaxNames / 64];
};

}  // namespace

void Prepare(Plan& plan) {
  plan.names = {};
  plan.dynamic = Plan::kNoColumn;
  plan.fixed_bytes = 16;
  plan.array_bytes = 0;
  plan.sparse = false;
  for (uint32_t id = 0; id < plan.columns.size(); ++id) {
    const Column& column = plan.columns[id];
    plan.names.Add(column.name);
    if (column.dynamic) plan.dynamic = id;
    plan.fixed_bytes += kHead + kVarint + column.fallback.size() + size_t{4} * column.dim;
    if (column.kind == ColumnKind::kSparse) plan.sparse = true;
    if (column.kind != ColumnKind::kArray) continue;
    plan.fixed_bytes += kArrayHeads;
    plan.array_bytes += MaxItemBytes(column.element) * column.max_items;
  }
  // At most five times the text, and the dynamic field's once more.
  plan.max_text = plan.array_bytes == 0 && !plan.sparse ? kMaxText : kMaxText / 4;
  for (const std::string& name : plan.dropped) plan.names.Add(name);
  for (const std::string& name : plan.declined) plan.names.Add(name);
  plan.prepared = plan.names.size() <= kMaxNames && plan.fixed_bytes <= kMaxFixed;
}

size_t MaxCellBytes(const Plan& plan, size_t text_length) {
  // The dynamic field is gathered in room of its own.
  return CellRoom(plan, text_length) + (plan.dynamic == Plan::kNoColumn ? 0 : text_length) + kHead;
}

bool DecodeRow(const Plan& plan, std::string_view text, uint8_t* out, Cell* cells, DecodedRow& row) {
  if (!plan.prepared || text.empty() || text.size() > plan.max_text) return false;
  return RowReader(plan, text, out, cells).Read(text.data(), row);
}

bool IsPlainJsonKey(std::string_view key) {
  if (key.empty()) return true;
  const char* p = key.data();
  const char* const end = p + key.size();
  // Arrays and objects are left to JSON.parse, as are blanks around a value.
  return *p != '{' && *p != '[' && SkipValue(p, end, 0) == end;
}

}  // namespace sink
