// The rows of one task that are not acknowledged yet: those that wait, and the batches that are on their way. When a batch
// goes is the batcher's to say (src/deliver/batcher.ts); which rows it takes is decided here, by the rules that keep the
// order of a key: a key is in one batch at a time, and in a batch its last row wins.
#pragma once
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "chunk.h"

namespace sink {

struct RowRef {
  Chunk* chunk;
  uint32_t index;
  Record& record() const { return chunk->records[index]; }
  bool operator==(const RowRef& other) const { return chunk == other.chunk && index == other.index; }
};

struct Batch {
  uint32_t id = 0;
  /** Its keys are among those in flight; not while its rows are made anew. */
  bool keyed = true;
  /** What is sent: one row a key, the last. */
  std::vector<RowRef> rows;
  /** All rows that it answers for, in their order: `rows` and those that a later one replaced. */
  std::vector<RowRef> taken;
  uint64_t bytes = 0;
};

/** Which batch a key is in, and where in its rows: open addressing, since it is asked for every row. */
class KeysInFlight {
 public:
  struct Entry {
    Batch* batch = nullptr;
    uint32_t index = 0;
    uint64_t hash = 0;
  };
  /** nullptr: in none. */
  Entry* Find(const Record& record);
  /** The key is in none yet. @throws std::bad_alloc */
  void Add(const Record& record, Batch* batch, uint32_t index);
  /** Nothing happens when another batch has the key. */
  void Remove(const Record& record, const Batch* batch);

 private:
  static constexpr size_t kFirst = 1024;
  size_t PlaceOf(const Record& record) const;
  void Grow();
  std::vector<Entry> entries_;
  size_t used_ = 0;
};

class RowQueue {
 public:
  /** Bounds the search behind a hot key. */
  static constexpr size_t kMaxPassedOver = 10000;
  /** JavaScript is asked about its rows, one by one. */
  bool busy = false;

  /** What a row costs in the queue, in a batch, and among the keys, about. */
  static constexpr uint64_t kRowBytes = 80;

  /** Takes the chunk's rows before `end`, in their order. @returns how many */
  uint32_t Add(std::unique_ptr<Chunk> chunk, uint32_t end);
  /** The next batch of at most so many rows and bytes; nullptr when every row that waits has its key in flight. */
  Batch* Take(size_t max_rows, uint64_t max_bytes);
  /** The batch is over: its keys are free, its rows are let go of. */
  void Finish(Batch* batch);
  /** Its rows wait again, before all others. */
  void PutBack(Batch* batch);
  /** Another one beside it: each with half of its keys and all rows of these. @returns the second half */
  Batch* Halve(Batch* batch);
  /** Its rows are about to be made anew, with other keys perhaps: `Refresh` must follow. */
  void Unkey(Batch* batch);
  /** Takes out what is no row any more, and what is of owners that have gone; the next best row of a key takes its place.
   * @returns how many rows of owners that have gone */
  uint32_t Refresh(Batch* batch);
  /** The same of what waits. */
  uint32_t RefreshWaiting();

  /** nullptr: there is none of this number. */
  Batch* Find(uint32_t id) const {
    const auto found = batches_.find(id);
    return found == batches_.end() ? nullptr : found->second.get();
  }
  void Gone(uint32_t owner) { gone_.insert(owner); }
  bool IsGone(const RowRef& row) const;
  size_t waiting_rows() const { return held_.size() + queue_.size() - head_; }
  uint64_t waiting_bytes() const { return waiting_bytes_; }
  uint64_t held_bytes() const { return held_bytes_; }
  uint32_t live_rows() const { return live_rows_; }
  void Account(int64_t bytes) { held_bytes_ += bytes; }
  template <class F> void ForWaiting(F&& each) {
    for (RowRef& row : held_) each(row);
    for (size_t i = head_; i < queue_.size(); ++i) each(queue_[i]);
  }
  /** A row of this task is over. */
  void Release(const RowRef& row);

 private:
  bool Offer(const RowRef& row, Batch& batch, std::vector<RowRef>& passed_over, size_t max_rows, uint64_t max_bytes);
  void Put(Batch& batch, const RowRef& row);
  /** Keys that two batches had, and that one of them has let go of, are the other's now. */
  void Unshadow(const Batch* gone);
  Batch* Keep(std::unique_ptr<Batch> batch);
  /** Where in the batch's rows the row of this one's key is. */
  size_t IndexOf(const Batch& batch, const RowRef& row);

  struct Kept {
    std::unique_ptr<Chunk> chunk;
    uint32_t rows;
  };
  std::unordered_map<Chunk*, Kept> chunks_;
  /** Rows passed over since their key is in flight; older than everything in `queue_`. */
  std::vector<RowRef> held_;
  std::vector<RowRef> queue_;
  size_t head_ = 0;
  uint64_t waiting_bytes_ = 0;
  uint64_t held_bytes_ = 0;
  uint32_t live_rows_ = 0;
  std::unordered_map<uint32_t, std::unique_ptr<Batch>> batches_;
  uint32_t last_batch_ = 0;
  std::unordered_set<uint32_t> gone_;
  /** Rows of batches whose key is in flight by another batch as well: by batch and index. Only rows that were made anew. */
  std::vector<std::pair<Batch*, uint32_t>> shadowed_;
  KeysInFlight keys_;
};

}  // namespace sink
