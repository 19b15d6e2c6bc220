// The queue of rows under a sanitizer: `rows CORPUS TLS SECONDS SEED` (the first two are not used). Random commands, with its
// invariants looked at after each. It is compiled with -fno-access-control, to count the chunks that a queue keeps.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "rows/chunk-builder.h"
#include "rows/encode.h"
#include "rows/queue.h"

namespace {

using namespace sink;

uint64_t seed = 0;

#define EXPECT(what)                                                                                         \
  do {                                                                                                       \
    if (!(what)) {                                                                                           \
      std::fprintf(stderr, "rows: seed %llu, line %d: %s\n", (unsigned long long)seed, __LINE__, #what);      \
      std::abort();                                                                                          \
    }                                                                                                        \
  } while (false)

/** Every record has its offset in its value, its key and its cells: memory of another one shows. */
std::string BytesOf(int64_t offset, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(offset * 31 + static_cast<int64_t>(i));
  return bytes;
}

class Simulation {
 public:
  explicit Simulation(uint64_t from) : random_(from) {
    plan_ = NewPlan();
    Commands();
    while (!queue_->batches_.empty()) Finish(AnyBatch());
    while (Batch* batch = queue_->Take(1000, UINT64_MAX)) Finish(batch);
    EXPECT(queue_->live_rows() == 0 && queue_->held_bytes() == 0 && queue_->waiting_bytes() == 0);
    EXPECT(queue_->chunks_.empty() && queue_->keys_.used_ == 0);
    if (!remade_)
      for (const auto& [key, offset] : last_) EXPECT(gone_ || written_[key] == offset);
  }

 private:
  size_t Below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }
  bool OneIn(size_t n) { return Below(n) == 0; }

  std::shared_ptr<WritePlan> NewPlan() {
    auto plan = std::make_shared<WritePlan>();
    plan->id = ++plans_;
    WireColumn key, filler;
    key.name = "id";
    key.tag = 0x32;
    filler.name = "filler";
    filler.tag = 0x1a;
    filler.vector = true;
    filler.optional = true;
    plan->columns = {key, filler};
    plan->key = 0;
    return plan;
  }

  void Adopt(Chunk& chunk, Record& record, uint32_t key) {
    const std::string text = "key " + std::to_string(key);
    // Now and then larger than a slab, and no multiple of eight.
    const size_t filler = OneIn(200) ? SlabPool::kSlabBytes + Below(1000) : Below(300);
    const bool absent = OneIn(10);
    const std::string bytes = text + (absent ? "" : BytesOf(record.offset, filler));
    const uint32_t lengths[] = {static_cast<uint32_t>(text.size()), absent ? Cell::kAbsent : static_cast<uint32_t>(filler)};
    // A slab of its own for some, so that what is let go of is unmapped at once.
    Arena own;
    chunk.Adopt(OneIn(3) ? own : arena_, record, *plan_, reinterpret_cast<const uint8_t*>(bytes.data()), lengths);
  }

  void Add() {
    static const auto topic = std::make_shared<const std::string>("t");
    Arena own;
    const size_t count = Below(30);
    ChunkBuilder builder(OneIn(3) ? own : arena_, nullptr, count);
    std::string headers;
    for (size_t i = 0; i < count; ++i) {
      const std::string value = BytesOf(offset_, OneIn(150) ? SlabPool::kSlabBytes + Below(4096) : Below(200));
      const std::string key = BytesOf(offset_, Below(20));
      headers.clear();
      if (OneIn(4)) AppendHeader(headers, "name", key.data(), key.size());
      RawRecord raw;
      raw.topic = topic;
      raw.partition = static_cast<int32_t>(Below(3));
      raw.offset = offset_++;
      raw.value = value.data();
      raw.value_size = value.size();
      raw.key = key.data();
      raw.key_size = key.size();
      raw.headers = headers;
      builder.Add(raw);
    }
    auto chunk = builder.Finish();
    for (Run& run : chunk->runs) {
      run.owner = 1 + static_cast<uint32_t>(run.partition);
      run.first_sequence = static_cast<double>(chunk->records[run.start].offset);
    }
    const uint32_t end = OneIn(5) ? static_cast<uint32_t>(Below(count + 1)) : static_cast<uint32_t>(count);
    uint32_t rows = 0;
    for (uint32_t i = 0; i < count; ++i) {
      Record& record = chunk->records[i];
      EXPECT(record.value() == BytesOf(record.offset, record.value_size));
      if (OneIn(8)) continue;
      const auto key = static_cast<uint32_t>(Below(keys_));
      Adopt(*chunk, record, key);
      if (i >= end || queue_->gone_.count(chunk->runs[record.run].owner)) continue;
      ++rows;
      last_[std::string(record.row_key())] = record.offset;
    }
    EXPECT(queue_->Add(std::move(chunk), end) == rows);
  }

  Batch* AnyBatch() {
    auto at = queue_->batches_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(Below(queue_->batches_.size())));
    return at->second.get();
  }

  void Take() {
    const size_t max_rows = 1 + Below(20);
    const uint64_t max_bytes = 1 + Below(4000);
    std::set<std::string> in_flight;
    for (const auto& [id, batch] : queue_->batches_)
      for (const RowRef& row : batch->rows) in_flight.emplace(row.record().row_key());
    Batch* const batch = queue_->Take(max_rows, max_bytes);
    if (!batch) return;
    EXPECT(batch->rows.size() <= max_rows && (batch->rows.size() == 1 || batch->bytes <= max_bytes));
    for (const RowRef& row : batch->rows) EXPECT(in_flight.count(std::string(row.record().row_key())) == 0);
  }

  void Finish(Batch* batch) {
    for (const RowRef& row : batch->rows) {
      const Record& record = row.record();
      int64_t& before = written_.try_emplace(std::string(record.row_key()), -1).first->second;
      EXPECT(remade_ || before < record.offset);
      before = record.offset;
    }
    queue_->Finish(batch);
  }

  /** As `remake` of rows-api.cc. */
  void Remake(Batch* batch) {
    if (OneIn(2)) plan_ = NewPlan();
    std::vector<RowRef> rows;
    if (batch) {
      rows = batch->taken;
      queue_->Unkey(batch);
    } else queue_->ForWaiting([&](const RowRef& row) { rows.push_back(row); });
    for (const RowRef& row : rows) {
      Record& record = row.record();
      if (record.plan == plan_->id) continue;
      remade_ = true;
      if (OneIn(5)) record.state = State::kOver;
      else {
        const auto before = static_cast<int64_t>(row.chunk->held_bytes);
        Adopt(*row.chunk, record, static_cast<uint32_t>(Below(keys_)));
        queue_->Account(static_cast<int64_t>(row.chunk->held_bytes) - before);
      }
    }
    batch ? queue_->Refresh(batch) : queue_->RefreshWaiting();
  }

  void Encode(const Batch& batch) {
    const uint32_t plan = batch.rows[0].record().plan;
    for (const RowRef& row : batch.rows)
      if (row.record().plan != plan || plan != plan_->id) return;
    const Bytes bytes = EncodeWrite(batch, *plan_, "head", "tail");
    const std::string_view body(reinterpret_cast<const char*>(bytes.data), bytes.size);
    EXPECT(body.starts_with("head") && body.ends_with("tail"));
    size_t at = 0;
    for (const RowRef& row : batch.rows) {
      at = body.find(row.record().row_key(), at);
      EXPECT(at != std::string_view::npos);
    }
  }

  void Commands() {
    keys_ = OneIn(4) ? 5000 : 1 + Below(40);
    for (size_t i = 20 + Below(150); i > 0; --i) {
      const size_t what = Below(20);
      const bool any = !queue_->batches_.empty();
      if (what < 6) Add();
      else if (what < 11) Take();
      else if (what == 11 && OneIn(8)) {
        gone_ = true;
        queue_->Gone(1 + static_cast<uint32_t>(Below(3)));
        queue_->RefreshWaiting();
      } else if (what == 12 && OneIn(3)) Remake(any && OneIn(2) ? AnyBatch() : nullptr);
      else if (what == 13) SlabPool::Get().Trim();
      else if (any) {
        Batch* const batch = AnyBatch();
        if (what < 15) Finish(batch);
        else if (what == 15) queue_->PutBack(batch);
        else if (what == 16 && batch->rows.size() > 1) queue_->Halve(batch);
        else if (what == 17) queue_->Refresh(batch);
        else if (what == 18 && !batch->rows.empty()) {
          gone_ = true; // what is stored is an earlier one
          queue_->Unkey(batch);
          batch->rows[0].record().state = State::kOver;
          queue_->Refresh(batch);
        } else if (what == 19 && !batch->rows.empty()) Encode(*batch);
      }
      SlabPool::Get().Trim(); // whoever reads what was let go of meets unmapped memory
      Check();
    }
  }

  void Check() {
    std::set<std::pair<const Chunk*, uint32_t>> live;
    std::map<const Chunk*, uint32_t> rows_of;
    uint64_t waiting_bytes = 0;
    size_t waiting = 0;
    const auto see = [&](const RowRef& row) {
      const Record& record = row.record();
      EXPECT(record.state == State::kRow);
      EXPECT(live.emplace(row.chunk, row.index).second);
      EXPECT(record.key() == BytesOf(record.offset, record.key_size));
      EXPECT(record.value() == BytesOf(record.offset, record.value_size));
      const Cell& filler = record.cells[1];
      if (filler.length != Cell::kAbsent)
        EXPECT(std::string_view(reinterpret_cast<const char*>(record.row()) + filler.at, filler.length) ==
               BytesOf(record.offset, filler.length));
      ++rows_of[row.chunk];
    };
    queue_->ForWaiting([&](const RowRef& row) {
      see(row);
      ++waiting;
      waiting_bytes += row.record().row_bytes;
    });
    std::set<std::string> in_flight;
    for (const auto& [id, batch] : queue_->batches_) {
      std::map<std::string, RowRef> last;
      for (const RowRef& row : batch->taken) {
        see(row);
        last.insert_or_assign(std::string(row.record().row_key()), row);
      }
      uint64_t bytes = 0;
      EXPECT(batch->keyed && last.size() == batch->rows.size() && id == batch->id);
      for (const RowRef& row : batch->rows) {
        bytes += row.record().row_bytes;
        const std::string key(row.record().row_key());
        EXPECT(last.at(key) == row);
        EXPECT(remade_ || in_flight.insert(key).second);
        in_flight.insert(key);
        EXPECT(queue_->keys_.Find(row.record()) != nullptr);
      }
      EXPECT(bytes == batch->bytes);
    }
    EXPECT(queue_->keys_.used_ == in_flight.size());
    EXPECT(waiting == queue_->waiting_rows() && waiting_bytes == queue_->waiting_bytes());
    EXPECT(live.size() == queue_->live_rows() && rows_of.size() == queue_->chunks_.size());
    uint64_t held = 0;
    for (const auto& [chunk, rows] : rows_of) {
      EXPECT(queue_->chunks_.at(const_cast<Chunk*>(chunk)).rows == rows);
      held += chunk->held_bytes;
    }
    EXPECT(held == queue_->held_bytes());
  }

  std::mt19937_64 random_;
  Arena arena_;
  std::unique_ptr<RowQueue> queue_ = std::make_unique<RowQueue>();
  std::shared_ptr<WritePlan> plan_;
  uint32_t plans_ = 0;
  size_t keys_ = 1;
  int64_t offset_ = 0;
  /** Rows have been given other keys, have gone: what is written last of a key is not what was added last. */
  bool remade_ = false, gone_ = false;
  std::map<std::string, int64_t> last_, written_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(arguments[3]));
  const uint64_t first = std::strtoull(arguments[4], nullptr, 10);
  for (seed = first; std::chrono::steady_clock::now() < end; ++seed) Simulation run(seed);
  std::printf("rows: %llu runs\n", static_cast<unsigned long long>(seed - first));
}
