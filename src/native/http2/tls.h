// TLS between a connection's bytes and the socket's, by OpenSSL: whom we trust, how we show ourselves, what went wrong in
// OpenSSL's words. It does no I/O: bytes are given and taken.
#pragma once
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sink::http2 {

struct TlsSettings {
  /** PEM. */
  std::string roots, certificate, key;
  /** Host name or IP address that the server's certificate must have. */
  std::string name;
};

/** What the connections of a channel share. */
class TlsContext {
 public:
  /** @throws std::runtime_error in OpenSSL's words when the PEM texts are not what they have to be */
  explicit TlsContext(const TlsSettings& settings);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  SSL_CTX* get() const { return context_; }
  const std::string& name() const { return name_; }
  bool name_is_ip() const { return name_is_ip_; }

 private:
  SSL_CTX* context_;
  std::string name_;
  bool name_is_ip_ = false;
};

class TlsStream {
 public:
  enum class Status { kDone, kMore, kFailed };

  /** @throws std::bad_alloc, std::runtime_error */
  explicit TlsStream(const TlsContext& context);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /** What came from the socket; valid until `Read` says kMore, which has taken it all. */
  void Feed(const uint8_t* data, size_t size);
  Status Handshake();
  /** kDone: `read` bytes are in `buffer`. kFailed with an empty `error`: the server closed in order. */
  Status Read(uint8_t* buffer, size_t room, size_t& read);
  bool Write(const uint8_t* data, size_t size);
  /** Says goodbye, as far as that needs no answer. */
  void Shutdown();
  /** For the socket; whoever sends it erases it. */
  std::vector<uint8_t>& out() { return out_; }
  const std::string& error() const { return error_; }

 private:
  static BIO_METHOD* Method();
  static int BioWrite(BIO* bio, const char* data, int size);
  static int BioRead(BIO* bio, char* buffer, int room);
  static long BioControl(BIO* bio, int command, long number, void* pointer);
  Status Failed(int result);

  SSL* ssl_ = nullptr;
  std::string name_;
  const uint8_t* in_ = nullptr;
  size_t in_size_ = 0;
  std::vector<uint8_t> out_;
  std::string error_;
};

}  // namespace sink::http2
