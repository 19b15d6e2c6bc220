#include "address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace sink::http2 {

namespace {

std::string TextOf(const sockaddr* address, uint16_t port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(port);
  }
  inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  return std::string(text) + ":" + std::to_string(port);
}

/** @returns getaddrinfo's code */
int LookUp(const std::string& host, uint16_t port, int flags, std::vector<Address>& addresses) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code != 0) return code;
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(list, freeaddrinfo);
  for (const addrinfo* one = list; one; one = one->ai_next) {
    if (one->ai_addrlen > sizeof(sockaddr_storage)) continue;
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    Address address;
    memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    address.text = TextOf(one->ai_addr, port);
    addresses.push_back(std::move(address));
  }
  return 0;
}

}  // namespace

std::shared_ptr<Resolution> Resolution::Start(const std::string& host, uint16_t port, int wake) {
  const int own = fcntl(wake, F_DUPFD_CLOEXEC, 0);
  if (own < 0) throw std::system_error(errno, std::generic_category(), "dup");
  std::shared_ptr<Resolution> resolution;
  try {
    resolution.reset(new Resolution(host, port, own));
  } catch (...) {
    close(own);
    throw;
  }
  std::thread([resolution] { resolution->Run(); }).detach();
  return resolution;
}

Resolution::Resolution(const std::string& host, uint16_t port, int wake) : host_(host), port_(port), wake_(wake) {}

Resolution::~Resolution() { close(wake_); }

void Resolution::Run() noexcept {
  std::vector<Address> addresses;
  std::string error;
  try {
    const int code = LookUp(host_, port_, AI_ADDRCONFIG, addresses);
    if (addresses.empty()) {
      error = "Name resolution failed for " + host_ + ": " + (code == 0 ? "no addresses" : gai_strerror(code));
    }
  } catch (...) {
    addresses.clear();
    error.clear();
  }
  {
    std::lock_guard lock(mutex_);
    addresses_ = std::move(addresses);
    error_ = std::move(error);
    done_ = true;
  }
  const uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(wake_, &one, sizeof one);
}

bool Resolution::Done() const {
  std::lock_guard lock(mutex_);
  return done_;
}

std::vector<Address> Resolution::Take(std::string& error) {
  std::lock_guard lock(mutex_);
  error = error_.empty() ? "Name resolution failed: no memory" : error_;
  return std::move(addresses_);
}

std::vector<Address> NumericAddresses(const std::string& host, uint16_t port) {
  std::vector<Address> addresses;
  LookUp(host, port, AI_NUMERICHOST, addresses);
  return addresses;
}

std::string ErrorName(int error) {
  switch (error) {
    case ECONNREFUSED: return "ECONNREFUSED";
    case ECONNRESET: return "ECONNRESET";
    case ECONNABORTED: return "ECONNABORTED";
    case EPIPE: return "EPIPE";
    case ETIMEDOUT: return "ETIMEDOUT";
    case EHOSTUNREACH: return "EHOSTUNREACH";
    case ENETUNREACH: return "ENETUNREACH";
    case ENETDOWN: return "ENETDOWN";
    case EHOSTDOWN: return "EHOSTDOWN";
    case EADDRNOTAVAIL: return "EADDRNOTAVAIL";
    case EACCES: return "EACCES";
    case EPERM: return "EPERM";
    case EMFILE: return "EMFILE";
    case ENFILE: return "ENFILE";
    case ENOBUFS: return "ENOBUFS";
    case ENOMEM: return "ENOMEM";
    default: return "errno " + std::to_string(error);
  }
}

}  // namespace sink::http2
