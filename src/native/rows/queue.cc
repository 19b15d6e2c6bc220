#include "queue.h"

#include <utility>

namespace sink {

// --- KeysInFlight

size_t KeysInFlight::PlaceOf(const Record& record) const {
  const size_t mask = entries_.size() - 1;
  size_t place = (record.key_hash * 0x9E3779B97F4A7C15ull >> 20) & mask;
  for (;; place = (place + 1) & mask) {
    const Entry& entry = entries_[place];
    if (!entry.batch) return place;
    if (entry.hash == record.key_hash && entry.batch->rows[entry.index].record().row_key() == record.row_key()) return place;
  }
}

KeysInFlight::Entry* KeysInFlight::Find(const Record& record) {
  if (entries_.empty()) return nullptr;
  Entry& entry = entries_[PlaceOf(record)];
  return entry.batch ? &entry : nullptr;
}

void KeysInFlight::Add(const Record& record, Batch* batch, uint32_t index) {
  if ((used_ + 1) * 2 > entries_.size()) Grow();
  entries_[PlaceOf(record)] = {batch, index, record.key_hash};
  ++used_;
}

void KeysInFlight::Remove(const Record& record, const Batch* batch) {
  if (entries_.empty()) return;
  const size_t mask = entries_.size() - 1;
  size_t hole = PlaceOf(record);
  if (entries_[hole].batch != batch) return;
  --used_;
  entries_[hole] = {};
  // Those behind it that were pushed away from their place by it move up.
  for (size_t place = (hole + 1) & mask; entries_[place].batch; place = (place + 1) & mask) {
    const size_t home = (entries_[place].hash * 0x9E3779B97F4A7C15ull >> 20) & mask;
    if (((place - home) & mask) >= ((place - hole) & mask)) {
      entries_[hole] = entries_[place];
      entries_[place] = {};
      hole = place;
    }
  }
}

void KeysInFlight::Grow() {
  std::vector<Entry> before(entries_.empty() ? kFirst : entries_.size() * 2);
  before.swap(entries_);
  for (const Entry& entry : before) {
    if (entry.batch) entries_[PlaceOf(entry.batch->rows[entry.index].record())] = entry;
  }
}

// --- RowQueue

uint32_t RowQueue::Add(std::unique_ptr<Chunk> chunk, uint32_t end) {
  uint32_t rows = 0;
  Chunk* const at = chunk.get();
  for (const Run& run : chunk->runs) {
    // What is not taken goes with the chunk: nobody asks for its state.
    if (gone_.count(run.owner)) continue;
    for (uint32_t i = run.start; i < run.end && i < end; ++i) {
      if (chunk->records[i].state != State::kRow) continue;
      queue_.push_back({at, i});
      waiting_bytes_ += chunk->records[i].row_bytes;
      ++rows;
    }
  }
  if (rows == 0) return 0;
  at->held_bytes += rows * kRowBytes;
  live_rows_ += rows;
  held_bytes_ += chunk->held_bytes;
  chunks_.emplace(at, Kept{std::move(chunk), rows});
  return rows;
}

void RowQueue::Release(const RowRef& row) {
  row.record().state = State::kOver;
  --live_rows_;
  const auto kept = chunks_.find(row.chunk);
  if (kept == chunks_.end() || --kept->second.rows > 0) return;
  held_bytes_ -= row.chunk->held_bytes;
  chunks_.erase(kept);
}

bool RowQueue::IsGone(const RowRef& row) const {
  return !gone_.empty() && gone_.count(row.chunk->runs[row.record().run].owner) > 0;
}

Batch* RowQueue::Take(size_t max_rows, uint64_t max_bytes) {
  auto made = std::make_unique<Batch>();
  Batch& batch = *made;
  std::vector<RowRef> passed_over;
  size_t held_at = 0;
  while (held_at < held_.size() && Offer(held_[held_at], batch, passed_over, max_rows, max_bytes)) ++held_at;
  if (held_at == held_.size()) {
    while (head_ < queue_.size() && passed_over.size() < kMaxPassedOver &&
           Offer(queue_[head_], batch, passed_over, max_rows, max_bytes))
      ++head_;
  }
  passed_over.insert(passed_over.end(), held_.begin() + static_cast<std::ptrdiff_t>(held_at), held_.end());
  held_.swap(passed_over);
  if (head_ == queue_.size()) {
    queue_.clear();
    head_ = 0;
  } else if (head_ > 4096 && head_ * 2 > queue_.size()) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  if (batch.taken.empty()) return nullptr;
  for (const RowRef& row : batch.taken) waiting_bytes_ -= row.record().row_bytes;
  return Keep(std::move(made));
}

Batch* RowQueue::Keep(std::unique_ptr<Batch> batch) {
  batch->id = ++last_batch_ == 0 ? ++last_batch_ : last_batch_;
  Batch* const kept = batch.get();
  batches_[kept->id] = std::move(batch);
  return kept;
}

bool RowQueue::Offer(const RowRef& row, Batch& batch, std::vector<RowRef>& passed_over, size_t max_rows,
                     uint64_t max_bytes) {
  const Record& record = row.record();
  if (record.has_key()) {
    if (const auto* entry = keys_.Find(record)) {
      if (entry->batch != &batch) {
        passed_over.push_back(row);
        return true;
      }
      const uint64_t before = batch.rows[entry->index].record().row_bytes;
      // A value that outgrows the batch waits behind the one that it would have replaced.
      if (record.row_bytes > before && batch.rows.size() > 1 && batch.bytes - before + record.row_bytes > max_bytes)
        return false;
      batch.taken.push_back(row);
      batch.bytes = batch.bytes - before + record.row_bytes;
      batch.rows[entry->index] = row;
      return true;
    }
  }
  if (batch.rows.size() >= max_rows || (!batch.rows.empty() && batch.bytes + record.row_bytes > max_bytes)) return false;
  batch.taken.push_back(row);
  Put(batch, row);
  return true;
}

void RowQueue::Put(Batch& batch, const RowRef& row) {
  const Record& record = row.record();
  batch.rows.push_back(row);
  batch.bytes += record.row_bytes;
  if (!record.has_key()) return;
  const auto index = static_cast<uint32_t>(batch.rows.size() - 1);
  // Rows that were made anew may have a key that another batch has by now: it is in flight until both are over.
  if (keys_.Find(record)) shadowed_.emplace_back(&batch, index);
  else keys_.Add(record, &batch, index);
}

void RowQueue::Unkey(Batch* batch) {
  if (!batch->keyed) return;
  batch->keyed = false;
  for (const RowRef& row : batch->rows) {
    if (row.record().has_key()) keys_.Remove(row.record(), batch);
  }
  if (!shadowed_.empty()) Unshadow(batch);
}

void RowQueue::Unshadow(const Batch* gone) {
  std::vector<std::pair<Batch*, uint32_t>> before;
  before.swap(shadowed_);
  for (const auto& [batch, index] : before) {
    if (batch == gone) continue;
    const Record& record = batch->rows[index].record();
    if (keys_.Find(record)) shadowed_.emplace_back(batch, index);
    else keys_.Add(record, batch, index);
  }
}

void RowQueue::Finish(Batch* batch) {
  Unkey(batch);
  for (const RowRef& row : batch->taken) Release(row);
  batches_.erase(batch->id);
}

void RowQueue::PutBack(Batch* batch) {
  Unkey(batch);
  for (const RowRef& row : batch->taken) waiting_bytes_ += row.record().row_bytes;
  batch->taken.insert(batch->taken.end(), held_.begin(), held_.end());
  held_.swap(batch->taken);
  batches_.erase(batch->id);
}

size_t RowQueue::IndexOf(const Batch& batch, const RowRef& row) {
  const Record& record = row.record();
  if (record.has_key()) {
    const KeysInFlight::Entry* entry = keys_.Find(record);
    if (entry && entry->batch == &batch) return entry->index;
  }
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    if (batch.rows[i] == row) return i;
    const Record& other = batch.rows[i].record();
    if (record.has_key() && other.has_key() && other.row_key() == record.row_key()) return i;
  }
  return batch.rows.size();
}

Batch* RowQueue::Halve(Batch* batch) {
  auto made = std::make_unique<Batch>();
  const size_t middle = batch->rows.size() / 2;
  std::vector<RowRef> first_taken;
  if (batch->rows.size() == batch->taken.size()) {
    first_taken.assign(batch->rows.begin(), batch->rows.begin() + static_cast<std::ptrdiff_t>(middle));
    made->taken.assign(batch->rows.begin() + static_cast<std::ptrdiff_t>(middle), batch->rows.end());
  } else {
    for (const RowRef& row : batch->taken) (IndexOf(*batch, row) < middle ? first_taken : made->taken).push_back(row);
  }
  Unkey(batch);
  std::vector<RowRef> rows;
  rows.swap(batch->rows);
  batch->taken.swap(first_taken);
  batch->bytes = 0;
  batch->keyed = true;
  for (size_t i = 0; i < rows.size(); ++i) Put(i < middle ? *batch : *made, rows[i]);
  return Keep(std::move(made));
}

uint32_t RowQueue::Refresh(Batch* batch) {
  uint32_t gone = 0;
  Unkey(batch);
  batch->rows.clear();
  batch->bytes = 0;
  batch->keyed = true;
  std::vector<RowRef> taken;
  taken.swap(batch->taken);
  for (const RowRef& row : taken) {
    const bool is_row = row.record().state == State::kRow;
    if (!is_row || IsGone(row)) {
      gone += is_row;
      Release(row);
      continue;
    }
    const bool known = row.record().has_key() && keys_.Find(row.record()) != nullptr;
    const size_t index = known ? IndexOf(*batch, row) : batch->rows.size();
    if (index == batch->rows.size()) Put(*batch, row);
    else {
      batch->bytes += row.record().row_bytes;
      batch->bytes -= batch->rows[index].record().row_bytes;
      batch->rows[index] = row;
    }
    batch->taken.push_back(row);
  }
  return gone;
}

uint32_t RowQueue::RefreshWaiting() {
  uint32_t gone = 0;
  waiting_bytes_ = 0;
  const auto refresh = [&](std::vector<RowRef>& rows, size_t from) {
    std::vector<RowRef> kept;
    kept.reserve(rows.size() - from);
    for (size_t i = from; i < rows.size(); ++i) {
      const RowRef& row = rows[i];
      const bool is_row = row.record().state == State::kRow;
      if (is_row && !IsGone(row)) {
        waiting_bytes_ += row.record().row_bytes;
        kept.push_back(row);
        continue;
      }
      gone += is_row;
      Release(row);
    }
    rows.swap(kept);
  };
  refresh(held_, 0);
  refresh(queue_, head_);
  head_ = 0;
  return gone;
}

}  // namespace sink
