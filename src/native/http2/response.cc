#include "response.h"

#include <algorithm>
#include <cstdlib>

namespace sink::http2 {

namespace {

/** As HPACK counts a field. */
constexpr size_t kFieldOverhead = 32;
/** So much is set aside before the bytes are there: a server's announcement alone takes no memory. */
constexpr size_t kFirstReserve = 64 << 10;
/** Of a server's words. */
constexpr size_t kMaxDetails = 4 << 10;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/** -1 for what is no number of at most three digits. */
int SmallNumber(std::string_view text) {
  if (text.empty() || text.size() > 3) return -1;
  int number = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

/** grpc-js' table (subchannel-call.js), so that a proxy means the same on both transports. */
int CodeOfHttpStatus(int status) {
  switch (status) {
    case 400: return kInternal;
    case 401: return kUnauthenticated;
    case 403: return kPermissionDenied;
    case 404: return kUnimplemented;
    case 429: case 502: case 503: case 504: return kUnavailable;
    default: return kUnknown;
  }
}

}  // namespace

void Response::BeginHeaders() {
  block_bytes_ = 0;
  status_ = 0;
  has_grpc_status_ = false;
  grpc_status_.clear();
  grpc_message_.clear();
  content_type_.clear();
}

bool Response::Header(std::string_view name, std::string_view value) {
  block_bytes_ += name.size() + value.size() + kFieldOverhead;
  if (block_bytes_ > kMaxHeaders) {
    Settle(kResourceExhausted, "the server's headers have more than 65536 bytes");
    return false;
  }
  if (name == ":status") {
    status_ = SmallNumber(value);
  } else if (name == "grpc-status") {
    if (!has_grpc_status_) grpc_status_ = value;
    has_grpc_status_ = true;
  } else if (name == "grpc-message") {
    if (grpc_message_.empty()) grpc_message_ = value.substr(0, kMaxDetails);
  } else if (name == "content-type") {
    content_type_ = value.substr(0, 100);
  }
  return true;
}

void Response::EndHeaders(bool end_of_stream) {
  if (informational()) return;
  if (http_status_ == 0) {
    http_status_ = status_;
    is_grpc_ = status_ == 200 && (content_type_.empty() || content_type_.starts_with("application/grpc"));
  }
  if (!end_of_stream || settled_) return;
  if (has_grpc_status_) return SettleByStatus();
  SettleByHttpStatus(http_status_);
}

void Response::Data(const uint8_t* data, size_t size) {
  if (settled_ || !is_grpc_) return;  // a proxy's page
  while (size > 0) {
    if (head_size_ < sizeof head_) {
      if (messages_ == 1) return Settle(kInternal, "the server sent more than one message");
      head_[head_size_++] = *data++;
      size--;
      if (head_size_ < sizeof head_) continue;
      if (head_[0] != 0) return Settle(kInternal, "the server sent a compressed message, which was not asked for");
      expected_ = size_t{head_[1]} << 24 | size_t{head_[2]} << 16 | size_t{head_[3]} << 8 | head_[4];
      if (expected_ > kMaxMessage) {
        return Settle(kResourceExhausted, "Received message larger than max (" + std::to_string(expected_) + " vs " +
                                              std::to_string(kMaxMessage) + ")");
      }
      message_.reserve(std::min(expected_, kFirstReserve));
    }
    size_t part = std::min(size, expected_ - message_.size());
    message_.append(reinterpret_cast<const char*>(data), part);
    data += part;
    size -= part;
    if (message_.size() < expected_) continue;
    messages_++;
    head_size_ = 0;
  }
}

void Response::EndWithoutTrailers() {
  if (settled_) return;
  if (http_status_ == 200 && !is_grpc_) {
    return Settle(kUnknown, "Received HTTP status code 200 with another content-type than application/grpc");
  }
  Reset(0, true);
}

void Response::SettleByStatus() {
  char* end = nullptr;
  const long code = std::strtol(grpc_status_.c_str(), &end, 10);
  if (end == grpc_status_.c_str() || *end != '\0' || code < 0 || code > 1'000'000) {
    return Settle(kUnknown, "the server's grpc-status is no number: " + grpc_status_.substr(0, 100));
  }
  if (code == kOk && messages_ == 0 && (head_size_ > 0 || !message_.empty())) {
    return Settle(kInternal, "the server's message is incomplete");
  }
  Settle(static_cast<int>(code), PercentDecoded(grpc_message_));
}

void Response::SettleByHttpStatus(int status) {
  Settle(CodeOfHttpStatus(status), "Received HTTP status code " + std::to_string(status));
}

void Response::Reset(uint32_t code, bool by_peer) {
  if (settled_) return;
  const std::string number = std::to_string(code);
  const std::string words = by_peer ? "Received RST_STREAM with code " + number
                                    : "the server broke HTTP/2 (stream error " + number + ")";
  // grpc-js' table (subchannel-call.js), in its words.
  switch (code) {
    case 0:
      if (http_status_ != 0 && http_status_ != 200) return SettleByHttpStatus(http_status_);
      return Settle(kInternal, words + " (Call ended without gRPC status)");
    case 2: return Settle(kInternal, by_peer ? words + " (Internal server error)" : words);
    case 7: return Settle(kUnavailable, "Stream refused by server");
    case 8: return Settle(kCancelled, "Call cancelled");
    case 11: return Settle(kResourceExhausted, "Bandwidth exhausted or memory limit exceeded");
    case 12: return Settle(kPermissionDenied, "Protocol not secure enough");
    default: return Settle(kInternal, words);
  }
}

void Response::Settle(int code, std::string_view details) noexcept {
  if (settled_) return;
  settled_ = true;
  code_ = code;
  try {
    details_ = details.substr(0, kMaxDetails);
  } catch (...) {
    details_.clear();  // the code alone tells enough to go on
  }
}

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded.push_back(static_cast<char>(high << 4 | low));
        i += 2;
        continue;
      }
    }
    decoded.push_back(text[i]);
  }
  return decoded;
}

}  // namespace sink::http2
