// Where a server is: addresses by getaddrinfo, on a thread of its own since that blocks, and what a failed system call says.
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sink::http2 {

struct Address {
  sockaddr_storage storage = {};
  socklen_t size = 0;
  /** `127.0.0.1:19530`, `[::1]:19530` */
  std::string text;
};

/** One look-up. It outlives whoever asked, since getaddrinfo cannot be interrupted. */
class Resolution {
 public:
  /** @param wake an eventfd that is written to when the answer is there; duplicated. */
  static std::shared_ptr<Resolution> Start(const std::string& host, uint16_t port, int wake);
  ~Resolution();
  Resolution(const Resolution&) = delete;
  Resolution& operator=(const Resolution&) = delete;

  bool Done() const;
  /** Empty: `error` says why. Once, when done. */
  std::vector<Address> Take(std::string& error);

 private:
  Resolution(const std::string& host, uint16_t port, int wake);
  void Run() noexcept;

  const std::string host_;
  const uint16_t port_;
  const int wake_;
  mutable std::mutex mutex_;
  bool done_ = false;
  std::vector<Address> addresses_;
  std::string error_;
};

/** Addresses without asking anybody: for IP addresses; empty for names. */
std::vector<Address> NumericAddresses(const std::string& host, uint16_t port);

/** `ECONNREFUSED`, or the number where it has no name here. */
std::string ErrorName(int error);

}  // namespace sink::http2
