// What JavaScript asks of queues and request bodies: src/record/native-rows.ts has the same functions with their types.
#include "encode.h"
#include "memory.h"
#include "objects.h"
#include "values.h"

namespace sink {

namespace {

using Plan = std::shared_ptr<const WritePlan>;

napi_value MakeQueue(napi_env env, napi_callback_info) { return OwnedExternal<std::unique_ptr<RowQueue>>(env, std::make_unique<RowQueue>()); }

RowQueue& QueueOf(napi_env env, napi_value value) {
  RowQueue& queue = *InExternal<std::unique_ptr<RowQueue>>(env, value);
  if (queue.busy) throw BadArgument("the queue makes rows anew: it cannot be asked for anything meanwhile");
  return queue;
}

Batch& BatchOf(napi_env env, RowQueue& queue, napi_value id) {
  Batch* batch = queue.Find(IndexOf(env, id));
  if (!batch) throw BadArgument("the batch is over");
  return *batch;
}

/** @param facts rows, taken rows, bytes of the batch; rows and bytes that wait, bytes that are held, live rows */
void Tell(napi_env env, napi_value facts, const RowQueue& queue, const Batch* batch) {
  const auto view = ViewOf<double>(env, facts);
  if (view.length < 7) throw BadArgument("facts are seven numbers");
  if (batch) {
    view.data[0] = static_cast<double>(batch->rows.size());
    view.data[1] = static_cast<double>(batch->taken.size());
    view.data[2] = static_cast<double>(batch->bytes);
  }
  view.data[3] = static_cast<double>(queue.waiting_rows());
  view.data[4] = static_cast<double>(queue.waiting_bytes());
  view.data[5] = static_cast<double>(queue.held_bytes());
  view.data[6] = queue.live_rows();
}

/** add(queue, chunk, owners: Uint32Array, sequences: Float64Array, end, facts): the rows before `end`. */
napi_value Add(napi_env env, napi_callback_info info) {
  Arguments<6> args(env, info);
  RowQueue& queue = QueueOf(env, args[0]);
  Chunk& chunk = ChunkOf(env, args[1]);
  const auto owners = ViewOf<uint32_t>(env, args[2]);
  const auto sequences = ViewOf<double>(env, args[3]);
  if (owners.length < chunk.runs.size() || sequences.length < chunk.runs.size()) throw BadArgument("add: a run has no owner");
  for (size_t i = 0; i < chunk.runs.size(); ++i) {
    chunk.runs[i].owner = owners.data[i];
    chunk.runs[i].first_sequence = sequences.data[i];
  }
  const uint32_t end = IndexOf(env, args[4]);
  const uint32_t rows = queue.Add(std::move(InExternal<ChunkHandle>(env, args[1]).chunk), end);
  Tell(env, args[5], queue, nullptr);
  return Number(env, rows);
}

/** take(queue, maxRows, maxBytes, facts): the batch's number, 0 when there is none. */
napi_value Take(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  RowQueue& queue = QueueOf(env, args[0]);
  const Batch* batch = queue.Take(static_cast<size_t>(NumberOf(env, args[1])), static_cast<uint64_t>(NumberOf(env, args[2])));
  Tell(env, args[3], queue, batch);
  return Number(env, batch ? batch->id : 0);
}

/** finish(queue, batch, facts): the batch is over. */
napi_value Finish(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  RowQueue& queue = QueueOf(env, args[0]);
  queue.Finish(&BatchOf(env, queue, args[1]));
  Tell(env, args[2], queue, nullptr);
  return Undefined(env);
}

/**
 * answersFor(queue, batch): `{ ranges, times }` of all rows that the batch answers for. Ranges: owner, first sequence, one past
 * the last; times: timestamp, how many rows have it.
 */
napi_value AnswersFor(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  RowQueue& queue = QueueOf(env, args[0]);
  const Batch& batch = BatchOf(env, queue, args[1]);
  std::vector<double> ranges, times;
  for (const RowRef& row : batch.taken) {
    const Record& record = row.record();
    const Run& run = row.chunk->runs[record.run];
    const double sequence = run.first_sequence + (row.index - run.start);
    const size_t last = ranges.size();
    if (last > 0 && ranges[last - 3] == run.owner && ranges[last - 1] == sequence) ranges[last - 1] = sequence + 1;
    else ranges.insert(ranges.end(), {static_cast<double>(run.owner), sequence, sequence + 1});
    if (record.timestamp <= 0) continue;
    const auto time = static_cast<double>(record.timestamp);
    if (!times.empty() && times[times.size() - 2] == time) times.back() += 1;
    else times.insert(times.end(), {time, 1});
  }
  napi_value object;
  Check(env, napi_create_object(env, &object), "an answer");
  Check(env, napi_set_named_property(env, object, "ranges", Numbers(env, ranges)), "ranges");
  Check(env, napi_set_named_property(env, object, "times", Numbers(env, times)), "times");
  return object;
}

/** putBack(queue, batch, facts): its rows wait again, before all others. */
napi_value PutBack(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  RowQueue& queue = QueueOf(env, args[0]);
  queue.PutBack(&BatchOf(env, queue, args[1]));
  Tell(env, args[2], queue, nullptr);
  return Undefined(env);
}

/** halve(queue, batch, facts of it, facts of the other): the number of the other. */
napi_value Halve(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  RowQueue& queue = QueueOf(env, args[0]);
  Batch& batch = BatchOf(env, queue, args[1]);
  const Batch* other = queue.Halve(&batch);
  Tell(env, args[2], queue, &batch);
  Tell(env, args[3], queue, other);
  return Number(env, other->id);
}

/** gone(queue, owners: Uint32Array): their rows are nobody's from now on. */
napi_value Gone(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  RowQueue& queue = QueueOf(env, args[0]);
  const auto owners = ViewOf<uint32_t>(env, args[1]);
  for (size_t i = 0; i < owners.length; ++i) queue.Gone(owners.data[i]);
  return Undefined(env);
}

/** dropGone(queue, batch | 0: what waits, facts): takes rows of owners out that have gone; how many. */
napi_value DropGone(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  RowQueue& queue = QueueOf(env, args[0]);
  const uint32_t id = IndexOf(env, args[1]);
  Batch* const batch = id == 0 ? nullptr : &BatchOf(env, queue, args[1]);
  const uint32_t gone = batch ? queue.Refresh(batch) : queue.RefreshWaiting();
  Tell(env, args[2], queue, batch);
  return Number(env, gone);
}

/** hasGone(queue, batch): it has rows of owners that have gone. */
napi_value HasGone(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const RowQueue& queue = QueueOf(env, args[0]);
  bool found = false;
  for (const RowRef& row : BatchOf(env, QueueOf(env, args[0]), args[1]).taken) found = found || queue.IsGone(row);
  return Boolean(env, found);
}

/** isStale(queue, batch, plan id): it has rows of another plan. */
napi_value IsStale(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  const uint32_t plan = IndexOf(env, args[2]);
  bool found = false;
  for (const RowRef& row : BatchOf(env, QueueOf(env, args[0]), args[1]).taken) found = found || row.record().plan != plan;
  return Boolean(env, found);
}

/** `{ record, owner, sequence }` of a row. */
napi_value RowToJs(napi_env env, const RowRef& row) {
  const Run& run = row.chunk->runs[row.record().run];
  napi_value object;
  Check(env, napi_create_object(env, &object), "a row");
  Check(env, napi_set_named_property(env, object, "record", RecordToJs(env, *row.chunk, row.record())), "record");
  Check(env, napi_set_named_property(env, object, "owner", Number(env, run.owner)), "owner");
  Check(env, napi_set_named_property(env, object, "sequence", Number(env, run.first_sequence + (row.index - run.start))), "sequence");
  return object;
}

/** Closed in any case: left open by an exception, it makes Bun abort. */
class Scope {
 public:
  explicit Scope(napi_env env) : env_(env) { Check(env, napi_open_handle_scope(env, &scope_), "a scope"); }
  ~Scope() { napi_close_handle_scope(env_, scope_); }
  Scope(const Scope&) = delete;

 private:
  const napi_env env_;
  napi_handle_scope scope_;
};

/** Other calls would free rows that are gone through. */
class Busy {
 public:
  explicit Busy(RowQueue& queue) : queue_(queue) { queue_.busy = true; }
  ~Busy() { queue_.busy = false; }
  Busy(const Busy&) = delete;

 private:
  RowQueue& queue_;
};

/**
 * remake(queue, batch | 0: what waits, plan, make(row) → { lengths, bytes } | undefined, facts): the rows of other plans, made
 * anew one by one; those of which nothing is made are over.
 */
napi_value Remake(napi_env env, napi_callback_info info) {
  Arguments<5> args(env, info);
  RowQueue& queue = QueueOf(env, args[0]);
  const uint32_t id = IndexOf(env, args[1]);
  Batch* const batch = id == 0 ? nullptr : &BatchOf(env, queue, args[1]);
  const Plan plan = InExternal<Plan>(env, args[2]);
  std::vector<RowRef> rows;
  const Busy busy(queue);
  if (batch) {
    rows = batch->taken;
    queue.Unkey(batch);
  } else queue.ForWaiting([&](const RowRef& row) { rows.push_back(row); });
  const auto refresh = [&] { batch ? queue.Refresh(batch) : queue.RefreshWaiting(); };
  try {
    for (const RowRef& row : rows) {
      Record& record = row.record();
      if (record.plan == plan->id || record.state != State::kRow) continue;
      const Scope scope(env);
      napi_value given = RowToJs(env, row), made;
      Check(env, napi_call_function(env, Undefined(env), args[3], 1, &given, &made), "make");
      if (IsMissing(env, made)) record.state = State::kOver;
      else {
        const auto lengths = ViewOf<uint32_t>(env, Property(env, made, "lengths"));
        const auto bytes = ViewOf<uint8_t>(env, Property(env, made, "bytes"));
        size_t total = 0;
        for (size_t c = 0; c < lengths.length; ++c) total += lengths.data[c] == Cell::kAbsent ? 0 : lengths.data[c];
        if (lengths.length != plan->columns.size() || total > bytes.length) throw BadArgument("remake: out of range");
        const auto before = static_cast<int64_t>(row.chunk->held_bytes);
        row.chunk->Adopt(LocalArena(), record, *plan, bytes.data, lengths.data);
        queue.Account(static_cast<int64_t>(row.chunk->held_bytes) - before);
      }
    }
  } catch (...) {
    refresh();
    throw;
  }
  refresh();
  Tell(env, args[4], queue, batch);
  return Undefined(env);
}

/** first(queue, batch): its first row as RowToJs gives it. */
napi_value First(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  const Batch& batch = BatchOf(env, QueueOf(env, args[0]), args[1]);
  if (batch.rows.empty()) throw BadArgument("the batch has no rows");
  return RowToJs(env, batch.rows[0]);
}

/** dropFirst(queue, batch, facts): its first row is over; an earlier one of its key takes its place. */
napi_value DropFirst(napi_env env, napi_callback_info info) {
  Arguments<3> args(env, info);
  RowQueue& queue = QueueOf(env, args[0]);
  Batch& batch = BatchOf(env, queue, args[1]);
  if (batch.rows.empty()) throw BadArgument("the batch has no rows");
  queue.Unkey(&batch);
  batch.rows[0].record().state = State::kOver;
  queue.Refresh(&batch);
  Tell(env, args[2], queue, &batch);
  return Undefined(env);
}

/** encode(queue, batch, plan, head, tail, size: Float64Array(1)): the request's body as an External of Bytes. */
napi_value Encode(napi_env env, napi_callback_info info) {
  Arguments<6> args(env, info);
  const Batch& batch = BatchOf(env, QueueOf(env, args[0]), args[1]);
  Bytes bytes = EncodeWrite(batch, *InExternal<Plan>(env, args[2]), BytesIn(env, args[3]), BytesIn(env, args[4]));
  ViewOf<double>(env, args[5]).data[0] = static_cast<double>(bytes.size);
  return OwnedExternal<Bytes>(env, std::move(bytes));
}

/** bytesOf(body): a copy, for who cannot take an External. */
napi_value BytesOf(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  const Bytes& bytes = InExternal<Bytes>(env, args[0]);
  napi_value buffer;
  Check(env, napi_create_buffer_copy(env, bytes.size, bytes.data, nullptr, &buffer), "a Buffer");
  return buffer;
}

/** letGo(body): its memory may be used again; without it, when the External is collected. */
napi_value LetGo(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  InExternal<Bytes>(env, args[0]) = {};
  return Undefined(env);
}

/** trim(): free memory, and pages of files that are not looked at, go back to the kernel. */
napi_value Trim(napi_env env, napi_callback_info) {
  LocalArena().Clear();
  SlabPool::Get().Trim();
  TrimBodies();
  TrimAllocator();
  ReleaseFilePages();
  return Undefined(env);
}

}  // namespace

void RegisterRows(napi_env env, napi_value exports) {
  napi_value rows;
  Check(env, napi_create_object(env, &rows), "rows");
  RegisterChunks(env, rows);
  Method<MakeQueue>(env, rows, "makeQueue");
  Method<Add>(env, rows, "add");
  Method<Take>(env, rows, "take");
  Method<Finish>(env, rows, "finish");
  Method<AnswersFor>(env, rows, "answersFor");
  Method<PutBack>(env, rows, "putBack");
  Method<Halve>(env, rows, "halve");
  Method<Gone>(env, rows, "gone");
  Method<DropGone>(env, rows, "dropGone");
  Method<HasGone>(env, rows, "hasGone");
  Method<IsStale>(env, rows, "isStale");
  Method<Remake>(env, rows, "remake");
  Method<First>(env, rows, "first");
  Method<DropFirst>(env, rows, "dropFirst");
  Method<Encode>(env, rows, "encode");
  Method<BytesOf>(env, rows, "bytesOf");
  Method<LetGo>(env, rows, "letGo");
  Method<Trim>(env, rows, "trim");
  Check(env, napi_set_named_property(env, exports, "rows", rows), "rows");
}

}  // namespace sink
