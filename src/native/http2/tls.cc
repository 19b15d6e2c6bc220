#include "tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>

namespace sink::http2 {

namespace {

template <typename T, void (*release)(T*)> struct Releaser {
  void operator()(T* pointer) const { release(pointer); }
};
void FreeBio(BIO* bio) { BIO_free(bio); }
using Bio = std::unique_ptr<BIO, Releaser<BIO, FreeBio>>;
using Certificate = std::unique_ptr<X509, Releaser<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY, EVP_PKEY_free>>;

/** OpenSSL's words for the last error; its queue is empty afterwards. */
std::string Words(const char* otherwise) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string words = reason ? reason : otherwise;
  ERR_clear_error();
  return words;
}

[[noreturn]] void Refuse(const char* what) { throw std::runtime_error(std::string(what) + ": " + Words("unusable")); }

/** Nobody is asked for a password: without this OpenSSL would ask the terminal. */
int NoPassword(char*, int, int, void*) { return -1; }

Bio Reader(const std::string& pem) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) throw std::bad_alloc();
  return bio;
}

/** Calls `take` for each certificate. @returns how many there were */
template <typename Take> int EachCertificate(const std::string& pem, const char* what, Take take) {
  Bio bio = Reader(pem);
  int count = 0;
  while (Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)}) {
    take(std::move(certificate));
    count++;
  }
  const unsigned long error = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (count == 0 || !at_end) Refuse(what);
  ERR_clear_error();
  return count;
}

void Trust(SSL_CTX* context, const std::string& roots) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  EachCertificate(roots, "the certificates of the authorities", [&](Certificate certificate) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) Refuse("the certificate of an authority");
  });
}

void Show(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  int count = 0;
  EachCertificate(certificate, "the client certificate", [&](Certificate one) {
    if (count++ == 0) {
      if (SSL_CTX_use_certificate(context, one.get()) != 1) Refuse("the client certificate");
    } else if (SSL_CTX_add_extra_chain_cert(context, one.get()) == 1) {
      (void)one.release();  // it is the context's now
    } else {
      Refuse("the client certificate's chain");
    }
  });
  Bio bio = Reader(key);
  Key parsed(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
  if (!parsed || SSL_CTX_use_PrivateKey(context, parsed.get()) != 1) Refuse("the client certificate's key");
  if (SSL_CTX_check_private_key(context) != 1) Refuse("the client certificate and its key");
}

}  // namespace

TlsContext::TlsContext(const TlsSettings& settings) : context_(SSL_CTX_new(TLS_client_method())), name_(settings.name) {
  if (!context_) throw std::bad_alloc();
  try {
    ERR_clear_error();
    in6_addr address;
    name_is_ip_ = inet_pton(AF_INET, name_.c_str(), &address) == 1 || inet_pton(AF_INET6, name_.c_str(), &address) == 1;
    SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
    // Bun's and Node's TLS take what Debian's default of 2 refuses (keys below 2048 bits); 1 is what they have.
    SSL_CTX_set_security_level(context_, 1);
    SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    static const uint8_t kProtocols[] = {2, 'h', '2'};
    if (SSL_CTX_set_alpn_protos(context_, kProtocols, sizeof kProtocols) != 0) throw std::bad_alloc();
    Trust(context_, settings.roots);
    if (!settings.certificate.empty() || !settings.key.empty()) Show(context_, settings.certificate, settings.key);
  } catch (...) {
    SSL_CTX_free(context_);
    throw;
  }
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

BIO_METHOD* TlsStream::Method() {
  static BIO_METHOD* method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "milvus-sink");
    if (!made) throw std::bad_alloc();
    BIO_meth_set_write(made, BioWrite);
    BIO_meth_set_read(made, BioRead);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

TlsStream::TlsStream(const TlsContext& context) : ssl_(SSL_new(context.get())), name_(context.name()) {
  if (!ssl_) throw std::bad_alloc();
  BIO* bio = nullptr;
  try {
    bio = BIO_new(Method());
  } catch (...) {
  }
  if (!bio) {
    SSL_free(ssl_);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_connect_state(ssl_);
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_);
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool named = context.name_is_ip()
                         ? X509_VERIFY_PARAM_set1_ip_asc(verify, name_.c_str()) == 1
                         : X509_VERIFY_PARAM_set1_host(verify, name_.data(), name_.size()) == 1 &&
                               SSL_set_tlsext_host_name(ssl_, name_.c_str()) == 1;
  // Without a name to verify every certificate of a known authority would do.
  if (!named || name_.empty()) {
    SSL_free(ssl_);
    throw std::runtime_error("TLS: no name to verify");
  }
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

void TlsStream::Feed(const uint8_t* data, size_t size) {
  in_ = data;
  in_size_ = size;
}

TlsStream::Status TlsStream::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return Failed(result);
  const uint8_t* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &protocol, &size);
  if (size != 2 || memcmp(protocol, "h2", 2) != 0) {
    error_ = "TLS: the server does not agree on HTTP/2 (ALPN)";
    return Status::kFailed;
  }
  return Status::kDone;
}

TlsStream::Status TlsStream::Read(uint8_t* buffer, size_t room, size_t& read) {
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_, buffer, room, &read);
  return result == 1 ? Status::kDone : Failed(result);
}

bool TlsStream::Write(const uint8_t* data, size_t size) {
  while (size > 0) {
    ERR_clear_error();
    size_t written = 0;
    const int result = SSL_write_ex(ssl_, data, size, &written);
    if (result != 1) {
      if (Failed(result) == Status::kMore) error_ = "TLS: it cannot be written";
      return false;
    }
    data += written;
    size -= written;
  }
  return true;
}

void TlsStream::Shutdown() {
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

TlsStream::Status TlsStream::Failed(int result) {
  const int kind = SSL_get_error(ssl_, result);
  if (kind == SSL_ERROR_WANT_READ) return Status::kMore;
  if (kind == SSL_ERROR_ZERO_RETURN) {
    error_.clear();
    return Status::kFailed;
  }
  const long verified = SSL_get_verify_result(ssl_);
  if (verified != X509_V_OK) {
    error_ = std::string("TLS: the server certificate is refused: ") + X509_verify_cert_error_string(verified);
    if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
      error_ += ", it is not for " + name_;
    }
    ERR_clear_error();
  } else {
    error_ = "TLS: " + Words("the connection broke");
  }
  return Status::kFailed;
}

int TlsStream::BioWrite(BIO* bio, const char* data, int size) {
  auto* stream = static_cast<TlsStream*>(BIO_get_data(bio));
  try {
    stream->out_.insert(stream->out_.end(), data, data + size);
  } catch (...) {
    return -1;
  }
  return size;
}

int TlsStream::BioRead(BIO* bio, char* buffer, int room) {
  auto* stream = static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const size_t size = std::min(stream->in_size_, static_cast<size_t>(room));
  if (size == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  memcpy(buffer, stream->in_, size);
  stream->in_ += size;
  stream->in_size_ -= size;
  return static_cast<int>(size);
}

long TlsStream::BioControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace sink::http2
