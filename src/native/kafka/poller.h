// A consumer's poll on a thread of its own: it takes what librdkafka has, makes a chunk of it, and hands that over. One poll
// at a time, when it is asked for one: what is not asked for stays with librdkafka, which knows how much it may fetch.
#pragma once
#include <rdkafka.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "rows/chunk.h"
#include "rows/write-plan.h"

namespace sink {

struct PollRequest {
  size_t max_records = 1;
  /** For the first record; what else is there is taken without waiting. */
  int wait_ms = 0;
  /** nullptr: nothing is read natively. */
  std::shared_ptr<const WritePlan> plan;
};

/** What librdkafka says instead of a record. */
struct PollError {
  rd_kafka_resp_err_t code;
  std::string message;
};

struct Polled {
  /** nullptr: no record. */
  std::unique_ptr<Chunk> chunk;
  std::vector<PollError> errors;
  /** Records were taken from librdkafka and are lost to us (no memory): nothing may be committed any more. */
  std::string failure;
  /** The thread has ended, and the queue is no longer held. */
  bool ended = false;
};

class Poller {
 public:
  /**
   * @param queue the consumer's, which the poller destroys when it ends; it must end before the consumer is closed
   * @param done called on the poller's thread after each poll, and once more when it has ended
   * @throws std::system_error when there is no thread to be had
   */
  Poller(rd_kafka_queue_t* queue, std::function<void(std::unique_ptr<Polled>)> done);
  ~Poller() { Stop(); }
  Poller(const Poller&) = delete;
  /** False when a poll is under way, or the poller has been stopped. */
  bool Ask(PollRequest request);
  /** Ends the poll that is under way at once, with what it has, and then the thread. */
  void Stop();

 private:
  struct Inside;
  static void Run(std::shared_ptr<Inside> inside);
  static void Poll(Inside& inside, const PollRequest& request, Polled& polled);
  std::shared_ptr<Inside> inside_;
};

}  // namespace sink
