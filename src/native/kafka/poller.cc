#include "poller.h"

#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <optional>

#include "rows/chunk-builder.h"

namespace sink {

namespace {

/** Taken from librdkafka in one call; more would only make the array larger. */
constexpr size_t kAtOnce = 4096;

void DestroyAll(std::vector<rd_kafka_message_t*>& messages) {
  for (rd_kafka_message_t* message : messages) rd_kafka_message_destroy(message);
  messages.clear();
}

/** What carries an answer home has to be had, or nobody would hear that there is no memory. */
std::unique_ptr<Polled> MakePolled() {
  for (;;) {
    if (auto* polled = new (std::nothrow) Polled) return std::unique_ptr<Polled>(polled);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

std::string_view HeadersOf(const rd_kafka_message_t* message, std::string& into) {
  into.clear();
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const char* name;
  const void* value;
  size_t size;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    AppendHeader(into, name, value, size);
  return into;
}

}  // namespace

/** Shared with the thread, which may outlive whoever made it. */
struct Poller::Inside {
  rd_kafka_queue_t* queue;
  std::function<void(std::unique_ptr<Polled>)> done;
  std::mutex mutex;
  std::condition_variable asked;
  std::optional<PollRequest> request;
  bool busy = false;
  std::atomic<bool> stopping{false};
  // Of the thread alone:
  Arena arena;
  std::vector<rd_kafka_message_t*> messages;
  std::string headers;
  rd_kafka_topic_t* topic_handle = nullptr;
  std::shared_ptr<const std::string> topic;
};

Poller::Poller(rd_kafka_queue_t* queue, std::function<void(std::unique_ptr<Polled>)> done) : inside_(std::make_shared<Inside>()) {
  inside_->queue = queue;
  inside_->done = std::move(done);
  std::thread(Run, inside_).detach();
}

bool Poller::Ask(PollRequest request) {
  std::lock_guard<std::mutex> lock(inside_->mutex);
  if (inside_->busy || inside_->stopping) return false;
  inside_->busy = true;
  inside_->request = std::move(request);
  inside_->asked.notify_one();
  return true;
}

void Poller::Stop() {
  std::lock_guard<std::mutex> lock(inside_->mutex);
  if (inside_->stopping.exchange(true)) return;
  // The queue is there until the thread has seen this, and it needs the lock for that.
  if (inside_->queue) rd_kafka_queue_yield(inside_->queue);
  inside_->asked.notify_one();
}

void Poller::Run(std::shared_ptr<Inside> inside) {
  prctl(PR_SET_NAME, "kafka poll");
  for (;;) {
    PollRequest request;
    {
      std::unique_lock<std::mutex> lock(inside->mutex);
      inside->asked.wait(lock, [&] { return inside->request || inside->stopping; });
      if (!inside->request) break;
      request = std::move(*inside->request);
      inside->request.reset();
    }
    std::unique_ptr<Polled> polled = MakePolled();
    try {
      Poll(*inside, request, *polled);
    } catch (const std::exception& error) {
      DestroyAll(inside->messages);
      polled->chunk.reset();
      polled->failure = error.what();
    }
    request.plan.reset();
    {
      std::lock_guard<std::mutex> lock(inside->mutex);
      inside->busy = false;
    }
    inside->done(std::move(polled));
  }
  {
    std::lock_guard<std::mutex> lock(inside->mutex);
    rd_kafka_queue_destroy(inside->queue);
    inside->queue = nullptr;
  }
  inside->arena.Clear();
  std::unique_ptr<Polled> last = MakePolled();
  last->ended = true;
  inside->done(std::move(last));
}

void Poller::Poll(Inside& inside, const PollRequest& request, Polled& polled) {
  auto& messages = inside.messages;
  const size_t max = std::min(request.max_records, kAtOnce);
  messages.resize(max);
  // Waits for one, then takes what is there: told to wait for more, librdkafka would wait the whole time for them.
  ssize_t count = rd_kafka_consume_batch_queue(inside.queue, inside.stopping ? 0 : request.wait_ms, messages.data(), 1);
  if (count > 0 && max > 1) {
    const ssize_t more = rd_kafka_consume_batch_queue(inside.queue, 0, messages.data() + 1, max - 1);
    if (more > 0) count += more;
  }
  messages.resize(count > 0 ? static_cast<size_t>(count) : 0);
  if (count < 0) {
    const auto code = rd_kafka_last_error();
    polled.errors.push_back({code, rd_kafka_err2str(code)});
  }
  if (messages.empty()) {
    inside.arena.Clear();
    return;
  }
  ChunkBuilder builder(inside.arena, request.plan, messages.size());
  const auto started = std::chrono::steady_clock::now();
  size_t records = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    const rd_kafka_message_t* message = messages[i];
    if (message->err) {
      if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        polled.errors.push_back({message->err, rd_kafka_message_errstr(message)});
      continue;
    }
    if (message->rkt != inside.topic_handle || !inside.topic) {
      const char* name = rd_kafka_topic_name(message->rkt);
      if (!inside.topic || *inside.topic != name) inside.topic = std::make_shared<const std::string>(name);
      inside.topic_handle = message->rkt;
    }
    RawRecord raw;
    raw.topic = inside.topic;
    raw.partition = message->partition;
    raw.offset = message->offset;
    rd_kafka_timestamp_type_t type;
    raw.timestamp = rd_kafka_message_timestamp(message, &type);
    if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) raw.timestamp = -1;
    raw.value = message->payload;
    raw.value_size = message->len;
    raw.key = message->key;
    raw.key_size = message->key_len;
    raw.headers = HeadersOf(message, inside.headers);
    builder.Add(raw);
    ++records;
  }
  DestroyAll(messages);
  if (records == 0) return;
  polled.chunk = builder.Finish();
  polled.chunk->decode_ns = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - started).count());
}

}  // namespace sink
