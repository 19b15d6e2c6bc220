// The HTTP/2 client under a sanitizer: `http2 CORPUS TLS SECONDS SEED`. Its promise: whatever a server sends, however memory
// runs out, each call ends exactly once, and closing a channel does not hang. A file of the corpus is what a server sends.
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "http2/channel.h"

// --- memory that runs out: one allocation in `scarcity` fails, on threads that are not the driver's own ---

static std::atomic<uint32_t> scarcity{0};
static std::atomic<uint32_t> allocations{0};
static std::atomic<uint32_t> refused{0};
static thread_local bool plenty = false;

static bool Refused() {
  const uint32_t one_in = scarcity.load(std::memory_order_relaxed);
  if (one_in == 0 || plenty) return false;
  // Scattered, not evenly: else the same places would fail each time.
  const uint32_t n = allocations.fetch_add(1, std::memory_order_relaxed) * 2654435761u;
  if ((n >> 8) % one_in != 0) return false;
  refused.fetch_add(1, std::memory_order_relaxed);
  return true;
}

extern "C" {
void* __real_malloc(size_t);
void* __real_calloc(size_t, size_t);
void* __real_realloc(void*, size_t);
void* __wrap_malloc(size_t size) { return Refused() ? nullptr : __real_malloc(size); }
void* __wrap_calloc(size_t count, size_t size) { return Refused() ? nullptr : __real_calloc(count, size); }
void* __wrap_realloc(void* old, size_t size) { return Refused() ? nullptr : __real_realloc(old, size); }
}
void* operator new(size_t size) {
  if (void* memory = Refused() ? nullptr : __real_malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }

namespace {

using namespace sink::http2;
using Bytes = std::vector<uint8_t>;
using Random = std::mt19937;

[[noreturn]] void Broken(const char* promise) {
  fprintf(stderr, "broken promise: %s\n", promise);
  abort();
}

/** Counts how often each call ended. */
class Ends final : public Outbox {
 public:
  void Finished(std::shared_ptr<Call> call) noexcept override {
    std::lock_guard lock(mutex_);
    call->next = std::move(last_);  // as the real one links them
    last_ = std::move(call);
    ended_++;
    changed_.notify_all();
  }
  void Flush() noexcept override {}
  void Wait(size_t calls) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(30), [&] { return ended_ >= calls; })) Broken("every call ends");
  }
  /** @returns how many ended well */
  size_t Check(size_t calls) {
    std::lock_guard lock(mutex_);
    std::map<uint64_t, int> times;
    size_t well = 0;
    while (last_) {
      times[last_->id]++;
      if (last_->response.code() == kOk) well++;
      last_ = std::move(last_->next);
    }
    if (ended_ != calls || times.size() != calls) Broken("each call ends once");
    return well;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Call> last_;
  size_t ended_ = 0;
};

/** What a connection is served with. */
struct Behaviour {
  /** Sent as it is, in pieces of this size at most. */
  Bytes bytes;
  size_t piece = SIZE_MAX;
  /** Requests are answered well, after the bytes. */
  bool answers = false;
};

/** Serves one connection after the other, each on a thread. */
class Server {
 public:
  Server(SSL_CTX* tls) : tls_(tls) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 100) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      Broken("the driver can listen");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] {
      plenty = true;
      Accept();
    });
  }
  ~Server() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
  }
  uint16_t port() const { return port_; }
  void Behave(Behaviour behaviour) {
    std::lock_guard lock(mutex_);
    behaviour_ = std::move(behaviour);
  }

 private:
  void Accept() {
    std::vector<std::thread> threads;
    for (;;) {
      const int peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) break;
      Behaviour behaviour;
      {
        std::lock_guard lock(mutex_);
        behaviour = behaviour_;
      }
      threads.emplace_back([this, peer, behaviour = std::move(behaviour)] {
        plenty = true;
        Serve(peer, behaviour);
        close(peer);
      });
      if (threads.size() > 50) {
        for (auto& one : threads) one.join();
        threads.clear();
      }
    }
    for (auto& one : threads) one.join();
  }

  struct Stream {
    int socket;
    SSL* ssl;
    bool Write(const uint8_t* data, size_t size) {
      while (size > 0) {
        const ssize_t n = ssl ? SSL_write(ssl, data, static_cast<int>(std::min<size_t>(size, 1 << 20)))
                              : send(socket, data, size, MSG_NOSIGNAL);
        if (n <= 0) return false;
        data += n;
        size -= static_cast<size_t>(n);
      }
      return true;
    }
    ssize_t Read(uint8_t* data, size_t room) {
      return ssl ? SSL_read(ssl, data, static_cast<int>(room)) : recv(socket, data, room, 0);
    }
  };

  void Serve(int peer, const Behaviour& behaviour) {
    timeval limit = {0, 300'000};
    setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    Stream stream{peer, nullptr};
    if (tls_) {
      stream.ssl = SSL_new(tls_);
      SSL_set_fd(stream.ssl, peer);
      if (SSL_accept(stream.ssl) != 1) {
        SSL_free(stream.ssl);
        return;
      }
    }
    bool open = true;
    for (size_t at = 0; open && at < behaviour.bytes.size();) {
      const size_t part = std::min(behaviour.piece, behaviour.bytes.size() - at);
      open = stream.Write(behaviour.bytes.data() + at, part);
      at += part;
    }
    if (open && behaviour.answers) {
      Answer(stream);
    } else if (open) {
      // What the client sends is taken, so that its writes go on; not for long.
      shutdown(peer, SHUT_WR);
      uint8_t buffer[4096];
      while (stream.Read(buffer, sizeof buffer) > 0) {
      }
    }
    SSL_free(stream.ssl);
  }

  void Answer(Stream& stream) {
    Bytes in;
    bool greeted = false;
    uint8_t buffer[16384];
    for (;;) {
      const ssize_t n = stream.Read(buffer, sizeof buffer);
      if (n <= 0) return;
      in.insert(in.end(), buffer, buffer + n);
      size_t at = 0;
      if (!greeted) {
        if (in.size() < 24) continue;
        at = 24;
        greeted = true;
      }
      Bytes out;
      while (in.size() - at >= 9) {
        const uint8_t* head = in.data() + at;
        const size_t size = size_t{head[0]} << 16 | size_t{head[1]} << 8 | head[2];
        if (in.size() - at < 9 + size) break;
        at += 9 + size;
        const bool flag = head[4] & 1;
        if (head[3] == 4 && !flag) out.insert(out.end(), {0, 0, 0, 4, 1, 0, 0, 0, 0});
        if (head[3] == 0 && size > 0) {  // DATA: both windows stay open
          for (int i = 0; i < 2; i++) {
            out.insert(out.end(), {0, 0, 4, 8, 0});
            if (i == 0) out.insert(out.end(), 4, 0);
            else out.insert(out.end(), head + 5, head + 9);
            out.insert(out.end(), {0, 0, head[1], head[2]});
          }
        }
        if (head[3] <= 1 && flag) {
          auto frame = [&](uint8_t type, uint8_t flags, const Bytes& payload) {
            out.insert(out.end(), {0, 0, static_cast<uint8_t>(payload.size()), type, flags});
            out.insert(out.end(), head + 5, head + 9);
            out.insert(out.end(), payload.begin(), payload.end());
          };
          frame(1, 4, {0x88});                           // :status 200
          frame(0, 0, {0, 0, 0, 0, 3, 'y', 'e', 's'});
          frame(1, 5, {0x00, 11, 'g', 'r', 'p', 'c', '-', 's', 't', 'a', 't', 'u', 's', 1, '0'});
        }
      }
      in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(at));
      if (!stream.Write(out.data(), out.size())) return;
    }
  }

  SSL_CTX* tls_;
  int listener_;
  uint16_t port_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  Behaviour behaviour_;
};

ChannelSettings SettingsFor(const Server& server, std::shared_ptr<const TlsContext> tls) {
  ChannelSettings settings;
  settings.host = "127.0.0.1";
  settings.port = server.port();
  settings.connection.authority = "a";
  settings.connection.user_agent = "sanitize";
  settings.connection.metadata = {{"authorization", "secret"}};
  settings.connection.tls = std::move(tls);
  settings.connection.keepalive = 20 * kMillisecond;
  return settings;
}

std::shared_ptr<Call> NewCall(uint64_t id, size_t size, Time timeout) {
  auto call = std::make_shared<Call>();
  call->id = id;
  call->path = "/a/b";
  call->started = Now();
  call->deadline = call->started + timeout;
  call->timeout = "100m";
  auto bytes = std::make_shared<Bytes>(size, 7);
  call->body.Set(bytes->data(), size, bytes);
  return call;
}

/** Some calls of different sizes, some of them cancelled; @returns how many ended well. */
size_t Calls(const ChannelSettings& settings, Random& random, size_t count, bool waits) {
  Ends ends;
  size_t started = 0;
  {
    Channel channel(settings, ends);
    static const size_t kSizes[] = {0, 100, 20'000, 300'000};
    for (size_t i = 0; i < count; i++) {
      try {
        channel.Start(NewCall(i + 1, kSizes[random() % 4], (100 + random() % 100) * kMillisecond));
        started++;
      } catch (const std::bad_alloc&) {
      }
      if (random() % 8 == 0) channel.Cancel(1 + random() % count);
      if (random() % 16 == 0) std::this_thread::yield();
    }
    if (waits) ends.Wait(started);
  }
  return ends.Check(started);
}

Bytes Mutated(const std::vector<Bytes>& corpus, Random& random) {
  Bytes bytes = corpus[random() % corpus.size()];
  for (uint32_t i = random() % 8; i > 0 && !bytes.empty(); i--) {
    const size_t at = random() % bytes.size();
    switch (random() % 6) {
      case 0: bytes[at] = static_cast<uint8_t>(random()); break;
      case 1: bytes[at] ^= static_cast<uint8_t>(1u << random() % 8); break;
      case 2: bytes.resize(at); break;
      case 3: bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), random() % 20, static_cast<uint8_t>(random())); break;
      case 4: bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), at + random() % 20))); break;
      default: {
        const Bytes& other = corpus[random() % corpus.size()];
        bytes.resize(at);
        bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(other.empty() ? 0 : random() % other.size()), other.end());
      }
    }
  }
  return bytes;
}

std::string TextOfFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  plenty = true;
  signal(SIGPIPE, SIG_IGN);  // of the server's OpenSSL
  if (argc != 5) return 2;
  const std::string tls_files = argv[2];
  const auto seconds = std::chrono::seconds(atoi(argv[3]));
  Random random(static_cast<uint32_t>(atoi(argv[4])));
  std::vector<Bytes> corpus;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) names.push_back(entry.path().string());
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    const std::string text = TextOfFile(name);
    corpus.emplace_back(text.begin(), text.end());
  }
  if (corpus.empty()) Broken("there is a corpus");

  SSL_CTX* server_tls = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate_file(server_tls, (tls_files + "/server.pem").c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(server_tls, (tls_files + "/server.key").c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_set_alpn_select_cb(
      server_tls,
      [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned, void*) {
        *out = reinterpret_cast<const unsigned char*>("h2");
        *size = 2;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  {
    Server plain(nullptr), secure(server_tls);
    auto context = std::make_shared<const TlsContext>(TlsSettings{TextOfFile(tls_files + "/ca.pem"), "", "", "127.0.0.1"});
    const ChannelSettings open = SettingsFor(plain, nullptr), secret = SettingsFor(secure, context);
    // TLS to what speaks none.
    const ChannelSettings mistaken = SettingsFor(plain, context);
    const Behaviour well{{0, 0, 0, 4, 0, 0, 0, 0, 0}, SIZE_MAX, true};

    for (const auto& bytes : corpus) {
      for (size_t piece : {SIZE_MAX, size_t{7}}) {
        plain.Behave({bytes, piece, false});
        secure.Behave({bytes, piece, false});
        for (auto* settings : {&open, &secret, &mistaken}) Calls(*settings, random, 3, true);
      }
    }
    fprintf(stderr, "corpus: %zu files\n", corpus.size());

    plain.Behave(well);
    secure.Behave(well);
    size_t answered = 0;
    for (int i = 0; i < 20; i++) {
      for (auto* settings : {&open, &secret}) answered += Calls(*settings, random, 100, i % 2 == 0);
    }
    if (answered == 0) Broken("a good server's answers arrive");
    fprintf(stderr, "good server: %zu of 4000 calls answered, the others cancelled or closed\n", answered);

    size_t rounds = 0;
    const auto end = std::chrono::steady_clock::now() + seconds;
    while (std::chrono::steady_clock::now() < end) {
      // Half of the time from the start, half after what is right.
      Bytes bytes = Mutated(corpus, random);
      const size_t piece = random() % 3 == 0 ? 1 + random() % 50 : SIZE_MAX;
      plain.Behave({bytes, piece, random() % 4 == 0});
      secure.Behave({bytes, piece, random() % 4 == 0});
      Calls(open, random, 1 + random() % 4, random() % 8 != 0);
      if (rounds % 8 == 0) Calls(random() % 2 ? secret : mistaken, random, 1 + random() % 4, true);
      rounds++;
    }
    fprintf(stderr, "random inputs: %zu rounds\n", rounds);

    answered = 0;
    for (uint32_t one_in : {1000u, 200u, 50u, 10u, 3u}) {
      for (int i = 0; i < 20; i++) {
        plain.Behave(i % 2 ? well : Behaviour{Mutated(corpus, random), SIZE_MAX, true});
        scarcity = one_in;
        answered += Calls(open, random, 20, true);
        scarcity = 0;
      }
    }
    fprintf(stderr, "scarce memory: %u allocations refused, %zu of 2000 calls answered all the same\n", refused.load(), answered);
  }
  SSL_CTX_free(server_tls);
}
