#include "session.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>

#include "connection.h"

/** What a debugging function of nghttp2's would write to; scripts/native/addons.ts says why. */
extern "C" {
extern FILE* milvus_sink_nghttp2_stderr;
FILE* milvus_sink_nghttp2_stderr = nullptr;
}

namespace sink::http2 {

namespace {

/** Answers are small, but a server may list every row's id: no stream waits for a window below this. */
constexpr int32_t kStreamWindow = 1 << 20;
constexpr int32_t kConnectionWindow = 16 << 20;
/** So many frames that bring nothing on within so long are a flood. */
constexpr uint32_t kMaxIdleFrames = 10'000;
constexpr Time kIdleFramesWindow = 10 * kSecond;
/** Of a GOAWAY's debug data, for people. */
constexpr size_t kMaxDebugData = 100;

/** nghttp2 copies them into the frame, except where told not to: these live as long as the call does. */
nghttp2_nv Field(std::string_view name, std::string_view value) {
  auto bytes = [](std::string_view text) { return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data())); };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

const char* CodeName(uint32_t code) { return nghttp2_http2_strerror(code); }

std::string Printable(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), std::min(size, kMaxDebugData));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

}  // namespace

/** C calls these: no exception may get out of them. */
struct Connection::Callbacks {
  template <typename Body> static int Guard(Connection* connection, Body body) noexcept {
    try {
      return body(*connection);
    } catch (const std::bad_alloc&) {
      return NGHTTP2_ERR_NOMEM;
    } catch (...) {
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
  }
  static Connection* Of(void* user_data) { return static_cast<Connection*>(user_data); }

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    if (Call* call = Of(user_data)->Find(frame->hd.stream_id)) call->response.BeginHeaders();
    return 0;
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* user_data) {
    return Guard(Of(user_data), [&](Connection& self) {
      Call* call = self.Find(frame->hd.stream_id);
      // Of a call that was given up: the rest of the block is decoded without being told of.
      if (!call) return int{NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE};
      const bool taken = call->response.Header({reinterpret_cast<const char*>(name), name_size},
                                               {reinterpret_cast<const char*>(value), value_size});
      return taken ? 0 : int{NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE};
    });
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    return Guard(Of(user_data), [&](Connection& self) {
      switch (frame->hd.type) {
        case NGHTTP2_SETTINGS:
          if (!(frame->hd.flags & NGHTTP2_FLAG_ACK) && self.state_ == State::kPreface) self.state_ = State::kOpen;
          break;
        case NGHTTP2_PING:
          if (frame->hd.flags & NGHTTP2_FLAG_ACK) self.pinged_ = 0;
          break;
        case NGHTTP2_GOAWAY: OnGoaway(self, frame->goaway); break;
        case NGHTTP2_RST_STREAM:
          if (Call* call = self.Find(frame->hd.stream_id)) call->reset_by_peer = true;
          break;
        case NGHTTP2_HEADERS:
          if (Call* call = self.Find(frame->hd.stream_id)) {
            const bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
            call->response.EndHeaders(end);
            Look(self, session, frame->hd.stream_id, end);
          }
          break;
        case NGHTTP2_DATA:
          if (Call* call = self.Find(frame->hd.stream_id)) {
            const bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
            if (end) call->response.EndWithoutTrailers();
            Look(self, session, frame->hd.stream_id, end);
          }
          break;
        default: break;
      }
      return 0;
    });
  }

  /** Ends the call when its answer is settled. @param end with this frame the server is done */
  static void Look(Connection& self, nghttp2_session* session, int32_t stream, bool end) {
    auto found = self.streams_.find(stream);
    if (found == self.streams_.end() || !found->second->response.settled()) return;
    auto call = std::move(found->second);
    self.streams_.erase(found);
    // Else the server goes on sending, or waits for the rest of a request that it has refused.
    const bool both_done = end && call->framed == call->body.Total();
    if (!both_done) nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
    self.Settled(call);
  }

  static void OnGoaway(Connection& self, const nghttp2_goaway& goaway) {
    self.complaint_ = std::string("GOAWAY ") + CodeName(goaway.error_code);
    const std::string debug = Printable(goaway.opaque_data, goaway.opaque_data_len);
    if (!debug.empty()) self.complaint_ += " (" + debug + ")";
    if (goaway.error_code == NGHTTP2_ENHANCE_YOUR_CALM && debug == "too_many_pings") self.too_many_pings_ = true;
  }

  /** Every frame counts, those that nobody knows as well; a byte of a call's sets the count back. */
  static int OnBeginFrame(nghttp2_session*, const nghttp2_frame_hd*, void* user_data) {
    return Guard(Of(user_data), [&](Connection& self) { return CountFrame(self); });
  }

  static int CountFrame(Connection& self) {
    if (++self.idle_frames_ == 1) self.idle_frames_since_ = Now();
    if (self.idle_frames_ < kMaxIdleFrames) return 0;
    if (Now() - self.idle_frames_since_ > kIdleFramesWindow) {
      self.idle_frames_ = 0;
      return 0;
    }
    self.complaint_ = "the server floods the connection with frames that say nothing";
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int OnData(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t size, void* user_data) {
    return Guard(Of(user_data), [&](Connection& self) {
      if (Call* call = self.Find(stream)) {
        self.idle_frames_ = 0;
        call->response.Data(data, size);
      }
      return 0;
    });
  }

  static int OnStreamClose(nghttp2_session*, int32_t stream, uint32_t code, void* user_data) {
    return Guard(Of(user_data), [&](Connection& self) {
      auto found = self.streams_.find(stream);
      if (found == self.streams_.end()) return 0;
      auto call = std::move(found->second);
      self.streams_.erase(found);
      if (!call->sent && !call->reset_by_peer) {
        call->stream = -1;
        call->connection = 0;
        self.owner_.NotSent(std::move(call));
        return 0;
      }
      call->response.Reset(code, call->reset_by_peer || code == NGHTTP2_REFUSED_STREAM);
      self.Settled(call);
      return 0;
    });
  }

  static int OnFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    if (frame->hd.type == NGHTTP2_HEADERS) {
      if (Call* call = Of(user_data)->Find(frame->hd.stream_id)) call->sent = true;
    }
    if (frame->hd.type != NGHTTP2_GOAWAY || frame->goaway.error_code == NGHTTP2_NO_ERROR) return 0;
    return Guard(Of(user_data), [&](Connection& self) {
      // What nghttp2 reproaches the server with.
      if (self.complaint_.empty()) {
        self.complaint_ = std::string("the server broke HTTP/2: ") + CodeName(frame->goaway.error_code) + " " +
                          Printable(frame->goaway.opaque_data, frame->goaway.opaque_data_len);
      }
      return 0;
    });
  }

  static int OnError(nghttp2_session*, int, const char* text, size_t size, void* user_data) {
    return Guard(Of(user_data), [&](Connection& self) {
      if (self.complaint_.empty()) self.complaint_ = Printable(reinterpret_cast<const uint8_t*>(text), size);
      return 0;
    });
  }

  static int OnInvalidFrame(nghttp2_session*, const nghttp2_frame*, int error, void* user_data) {
    return Guard(Of(user_data), [&](Connection& self) {
      if (self.complaint_.empty()) self.complaint_ = std::string("the server broke HTTP/2: ") + nghttp2_strerror(error);
      return 0;
    });
  }

  static ssize_t ReadBody(nghttp2_session*, int32_t stream, uint8_t*, size_t room, uint32_t* flags,
                          nghttp2_data_source*, void* user_data) {
    Call* call = Of(user_data)->Find(stream);
    if (!call) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // given up in between
    const size_t size = std::min(room, call->body.Total() - call->framed);
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (call->framed + size == call->body.Total()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  static int SendData(nghttp2_session*, nghttp2_frame* frame, const uint8_t* frame_head, size_t size,
                      nghttp2_data_source*, void* user_data) {
    return Guard(Of(user_data), [&](Connection& self) {
      if (self.output_.pending() >= kHighWater) return int{NGHTTP2_ERR_WOULDBLOCK};
      auto found = self.streams_.find(frame->hd.stream_id);
      if (found == self.streams_.end()) return int{NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE};
      const std::shared_ptr<Call>& call = found->second;
      const Body& body = call->body;
      self.output_.Append(frame_head, 9);
      size_t rest = size;
      if (call->framed < Body::kHead) {
        const size_t part = std::min(rest, Body::kHead - call->framed);
        self.output_.Append(body.head + call->framed, part);
        call->framed += part;
        rest -= part;
      }
      if (rest > 0) {
        self.output_.Append(body.data + (call->framed - Body::kHead), rest, call);
        call->framed += rest;
      }
      self.idle_frames_ = 0;
      return 0;
    });
  }
};

nghttp2_session* NewSession(Connection* connection) {
  using C = Connection::Callbacks;
  struct Made {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_option* option = nullptr;
    ~Made() {
      nghttp2_session_callbacks_del(callbacks);
      nghttp2_option_del(option);
    }
  } made;
  if (nghttp2_session_callbacks_new(&made.callbacks) != 0 || nghttp2_option_new(&made.option) != 0) {
    throw std::bad_alloc();
  }
  nghttp2_session_callbacks_set_on_begin_headers_callback(made.callbacks, C::OnBeginHeaders);
  nghttp2_session_callbacks_set_on_begin_frame_callback(made.callbacks, C::OnBeginFrame);
  nghttp2_session_callbacks_set_on_header_callback(made.callbacks, C::OnHeader);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made.callbacks, C::OnFrame);
  nghttp2_session_callbacks_set_on_frame_send_callback(made.callbacks, C::OnFrameSent);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made.callbacks, C::OnData);
  nghttp2_session_callbacks_set_on_stream_close_callback(made.callbacks, C::OnStreamClose);
  nghttp2_session_callbacks_set_send_data_callback(made.callbacks, C::SendData);
  nghttp2_session_callbacks_set_error_callback2(made.callbacks, C::OnError);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made.callbacks, C::OnInvalidFrame);
  nghttp2_option_set_no_closed_streams(made.option, 1);

  nghttp2_session* session = nullptr;
  if (nghttp2_session_client_new2(&session, made.callbacks, connection, made.option) != 0) throw std::bad_alloc();
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, Response::kMaxHeaders},
  };
  if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings)) != 0 ||
      nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow) != 0) {
    nghttp2_session_del(session);
    throw std::bad_alloc();
  }
  return session;
}

int32_t SubmitRequest(nghttp2_session* session, const ConnectionSettings& settings, Call& call) {
  std::vector<nghttp2_nv> fields;
  fields.reserve(9 + settings.metadata.size());
  fields.push_back(Field(":method", "POST"));
  fields.push_back(Field(":scheme", settings.tls ? "https" : "http"));
  fields.push_back(Field(":path", call.path));
  fields.push_back(Field(":authority", settings.authority));
  fields.push_back(Field("te", "trailers"));
  fields.push_back(Field("content-type", "application/grpc"));
  fields.push_back(Field("user-agent", settings.user_agent));
  fields.push_back(Field("grpc-timeout", call.timeout));
  for (const auto& [name, value] : settings.metadata) fields.push_back(Field(name, value));
  nghttp2_data_provider body = {};
  body.read_callback = Connection::Callbacks::ReadBody;
  return nghttp2_submit_request(session, nullptr, fields.data(), fields.size(), &body, nullptr);
}

}  // namespace sink::http2
