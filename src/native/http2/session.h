// The nghttp2 session of a connection: its settings, its callbacks, and a request's frames.
#pragma once
#include <nghttp2/nghttp2.h>

namespace sink::http2 {

class Connection;
struct ConnectionSettings;
struct Call;

/** With the client's preface and settings ready to be sent. @throws std::bad_alloc */
nghttp2_session* NewSession(Connection* connection);

/** @returns the stream, or nghttp2's error: the call was not taken */
int32_t SubmitRequest(nghttp2_session* session, const ConnectionSettings& settings, Call& call);

}  // namespace sink::http2
