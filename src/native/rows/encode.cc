#include "encode.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace sink {

namespace {

// --- request bodies are as large as a batch, and used again: new memory of that size costs a page fault every 4 KB.

class BodyPool {
 public:
  static BodyPool& Get() {
    static BodyPool* pool = new BodyPool;
    return *pool;
  }
  std::shared_ptr<std::vector<uint8_t>> Take(size_t size) {
    std::unique_ptr<std::vector<uint8_t>> body;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      // The smallest that is large enough.
      size_t best = free_.size();
      for (size_t i = 0; i < free_.size(); ++i) {
        if (free_[i]->size() >= size && (best == free_.size() || free_[i]->size() < free_[best]->size())) best = i;
      }
      if (best < free_.size()) {
        body = std::move(free_[best]);
        free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(best));
      }
    }
    if (!body) body = std::make_unique<std::vector<uint8_t>>((size + kRound - 1) / kRound * kRound);
    return {body.release(), [](std::vector<uint8_t>* used) { Get().Return(used); }};
  }

  void Trim() {
    std::vector<std::unique_ptr<std::vector<uint8_t>>> all;
    std::lock_guard<std::mutex> lock(mutex_);
    all.swap(free_);
  }

 private:
  static constexpr size_t kRound = 64 << 10, kKept = 4, kLargest = 8 << 20;
  void Return(std::vector<uint8_t>* used) noexcept {
    std::unique_ptr<std::vector<uint8_t>> body(used);
    if (body->size() > kLargest) return;
    try {
      std::lock_guard<std::mutex> lock(mutex_);
      if (free_.size() == kKept) free_.erase(free_.begin());
      free_.push_back(std::move(body));
    } catch (const std::bad_alloc&) {  // then it is freed
    }
  }
  std::mutex mutex_;
  std::vector<std::unique_ptr<std::vector<uint8_t>>> free_;
};

size_t VarintLength(uint64_t n) {
  size_t length = 1;
  for (; n > 0x7f; n >>= 7) ++length;
  return length;
}

class Writer {
 public:
  explicit Writer(uint8_t* at) : at_(at) {}
  void Byte(uint8_t byte) { *at_++ = byte; }
  void Varint(uint64_t n) {
    for (; n > 0x7f; n >>= 7) *at_++ = static_cast<uint8_t>(n) | 0x80;
    *at_++ = static_cast<uint8_t>(n);
  }
  void Head(uint8_t tag, uint64_t length) {
    Byte(tag);
    Varint(length);
  }
  void Put(const void* from, size_t size) {
    if (size > 0) std::memcpy(at_, from, size);
    at_ += size;
  }
  uint8_t* at() const { return at_; }

 private:
  uint8_t* at_;
};

/** One more than the largest index of a sparse vector's cell (pairs of a uint32 and a float, sorted); 0: it is empty. */
uint64_t SparseDim(const uint8_t* cell, uint32_t length) {
  if (length < 10) return 0;  // the head and one pair
  uint32_t last;
  std::memcpy(&last, cell + length - 8, 4);
  return uint64_t{last} + 1;
}

struct Sizes {
  size_t cells = 0;  // all of them
  size_t inner = 0;  // the array message
  size_t body = 0;   // ScalarField or VectorField
  size_t all = 0;    // FieldData
  uint64_t sparse_dim = 0;
};

Sizes Measure(const Batch& batch, const WireColumn& column, size_t c) {
  Sizes sizes;
  size_t present = 0;
  for (const RowRef& row : batch.rows) {
    const Record& record = row.record();
    const Cell& cell = record.cells[c];
    if (cell.length == Cell::kAbsent) continue;
    ++present;
    sizes.cells += cell.length;
    if (column.sparse) sizes.sparse_dim = std::max(sizes.sparse_dim, SparseDim(record.row() + cell.at, cell.length));
  }
  if (present < batch.rows.size() && !column.optional)
    throw std::logic_error("column \"" + column.name + "\" lacks a value that its rows must have");
  sizes.inner = sizes.cells;
  if (column.packed && sizes.cells > 0) sizes.inner += 1 + VarintLength(sizes.cells);
  if (sizes.sparse_dim > 0) sizes.inner += 1 + VarintLength(sizes.sparse_dim);
  sizes.inner += column.trailer.size();
  sizes.body = 1 + VarintLength(sizes.inner) + sizes.inner;
  if (column.dim > 0) sizes.body += 1 + VarintLength(column.dim);
  sizes.all = 1 + VarintLength(column.type) + 1 + VarintLength(column.name.size()) + column.name.size() + 1 +
              VarintLength(sizes.body) + sizes.body;
  if (column.dynamic) sizes.all += 2;
  if (column.optional) sizes.all += 1 + VarintLength(batch.rows.size()) + batch.rows.size();
  return sizes;
}

void WriteColumn(Writer& out, const Batch& batch, const WireColumn& column, size_t c, const Sizes& sizes) {
  out.Head(0x2a, sizes.all);
  out.Head(0x08, column.type);
  out.Head(0x12, column.name.size());
  out.Put(column.name.data(), column.name.size());
  out.Head(column.vector ? 0x22 : 0x1a, sizes.body);
  if (column.dim > 0) out.Head(0x08, column.dim);
  out.Head(column.tag, sizes.inner);
  if (column.packed && sizes.cells > 0) out.Head(0x0a, sizes.cells);
  for (const RowRef& row : batch.rows) {
    const Record& record = row.record();
    const Cell& cell = record.cells[c];
    if (cell.length != Cell::kAbsent) out.Put(record.row() + cell.at, cell.length);
  }
  if (sizes.sparse_dim > 0) out.Head(0x10, sizes.sparse_dim);
  out.Put(column.trailer.data(), column.trailer.size());
  if (column.dynamic) out.Head(0x30, 1);
  if (!column.optional) return;
  out.Head(0x3a, batch.rows.size());
  for (const RowRef& row : batch.rows) out.Byte(row.record().cells[c].length != Cell::kAbsent);
}

}  // namespace

void TrimBodies() { BodyPool::Get().Trim(); }

Bytes EncodeWrite(const Batch& batch, const WritePlan& plan, std::string_view head, std::string_view tail) {
  for (const RowRef& row : batch.rows) {
    if (row.record().plan != plan.id) throw std::logic_error("a row of the request was made for another schema");
  }
  std::vector<Sizes> sizes(plan.columns.size());
  size_t size = head.size() + 1 + VarintLength(batch.rows.size()) + tail.size();
  for (size_t c = 0; c < plan.columns.size(); ++c) {
    sizes[c] = Measure(batch, plan.columns[c], c);
    size += 1 + VarintLength(sizes[c].all) + sizes[c].all;
  }
  const auto body = BodyPool::Get().Take(size);
  Writer out(body->data());
  out.Put(head.data(), head.size());
  for (size_t c = 0; c < plan.columns.size(); ++c) WriteColumn(out, batch, plan.columns[c], c, sizes[c]);
  out.Head(0x38, batch.rows.size());
  out.Put(tail.data(), tail.size());
  if (out.at() != body->data() + size) throw std::logic_error("a request has another size than was measured");
  return {body->data(), size, body};
}

}  // namespace sink
