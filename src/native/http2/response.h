// What a server's headers, data and end of stream mean as gRPC's answer to a unary call. Knows neither sockets nor nghttp2.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sink::http2 {

/** gRPC's status codes, as far as they arise here. */
enum GrpcCode : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kDeadlineExceeded = 4,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kUnauthenticated = 16,
};

class Response {
 public:
  /** Largest message that is taken, bytes. */
  static constexpr size_t kMaxMessage = 16 << 20;
  /** Most bytes of one block of headers, counted as SETTINGS_MAX_HEADER_LIST_SIZE does. */
  static constexpr size_t kMaxHeaders = 64 << 10;

  /** A block of headers begins: what is kept of it so far is forgotten. */
  void BeginHeaders();
  /** @returns false when the block has become too large; the answer is settled then */
  bool Header(std::string_view name, std::string_view value);
  /** @param end_of_stream they were trailers, or an answer that is nothing but these */
  void EndHeaders(bool end_of_stream);
  void Data(const uint8_t* data, size_t size);
  /** The server has ended the stream with its data: gRPC never does. */
  void EndWithoutTrailers();
  /** The stream was ended by RST_STREAM or by nghttp2, with an HTTP/2 error code. */
  void Reset(uint32_t code, bool by_peer);
  /** Settles the answer if nothing has yet. `details` is cut short where memory is. */
  void Settle(int code, std::string_view details) noexcept;

  /** Nothing that comes can change the answer. */
  bool settled() const { return settled_; }
  /** gRPC's code; a server may say any number. */
  int code() const { return code_; }
  const std::string& details() const { return details_; }
  bool has_message() const { return messages_ == 1; }
  const std::string& message() const { return message_; }
  /** The server's block of headers is informational (1xx). */
  bool informational() const { return status_ >= 100 && status_ < 200; }

 private:
  void SettleByStatus();
  void SettleByHttpStatus(int status);

  bool settled_ = false;
  int code_ = kUnknown;
  std::string details_;

  // The block that is being read.
  size_t block_bytes_ = 0;
  int status_ = 0;
  bool has_grpc_status_ = false;
  std::string grpc_status_, grpc_message_, content_type_;

  /** `:status` of the final response headers. */
  int http_status_ = 0;
  /** What comes is gRPC's frames, no page of a proxy's. */
  bool is_grpc_ = false;

  // The message: its head, then its bytes.
  uint8_t head_[5] = {};
  size_t head_size_ = 0;
  size_t expected_ = 0;
  int messages_ = 0;
  std::string message_;
};

/** gRPC's percent-encoding; what is not such an encoding stays as it is. */
std::string PercentDecoded(std::string_view text);

}  // namespace sink::http2
