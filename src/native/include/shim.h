// What the layer keeps for each JavaScript environment (the main thread's, each worker's), and the two kinds of entry
// from JavaScript into native code.  It knows nothing of Kafka.
#pragma once
#include <node_api.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct uv_loop_t;

namespace shim {

// A string that the sources write as a literal, made once per environment.  Node-API 8 has no references to strings:
// they live in one array that is referenced.
struct Name {
  std::string text;
  uint32_t index = 0;           // in the array
  napi_value handle = nullptr;  // valid while `scope` is the innermost handle scope
  uint64_t scope = 0;
};

// One environment.  Never freed: threads that outlive the environment may hold it.
struct Environment {
  explicit Environment(napi_env e) : env(e), id(++last_id) {}

  // A literal's string, or null when there is none to be had.  By address first; the content is compared as well,
  // since an array on the stack is no literal.
  template <size_t N> napi_value NameOf(const char (&literal)[N]) {
    auto& slot = by_address_[(reinterpret_cast<uintptr_t>(&literal) * 0x9E3779B97F4A7C15ull) >> 56];
    if (slot && slot->text.size() == N - 1 && memcmp(slot->text.data(), literal, N - 1) == 0)
      return slot->scope == scope ? slot->handle : Fetch(*slot);
    std::string_view text(literal, strnlen(literal, N));
    auto found = names_.find(text);
    Name* name = found != names_.end() ? found->second : Add(text);
    if (!name) return nullptr;
    slot = name;
    return name->scope == scope ? name->handle : Fetch(*name);
  }

  // The string of a text that comes again and again (the topic of each record), null when this one does not: kept from
  // the second time on, until another text takes its place.
  napi_value RecentOf(const std::string& text) {
    if (text.empty() || text.size() > 255) return nullptr;
    auto hash = std::hash<std::string>{}(text);
    auto& slot = recent_[hash % kRecent];
    if (slot.name.text == text && slot.hash == hash && slot.kept)
      return slot.name.scope == scope ? slot.name.handle : Fetch(slot.name);
    bool again = slot.hash == hash;
    slot.kept = false;
    slot.hash = hash;
    if (!again) return nullptr;
    slot.name.text = text;
    slot.name.index = static_cast<uint32_t>(&slot - recent_);
    slot.kept = Put(slot.name);
    return slot.kept ? slot.name.handle : nullptr;
  }

  const napi_env env;
  const uint64_t id;       // an address may be used again, an id is not
  uv_loop_t* loop = nullptr;
  bool closed = false;     // being torn down; read and written on its own thread
  uint64_t scope = 0;      // serial number of the innermost handle scope
  uint64_t last_scope = 0;

 private:
  static constexpr size_t kRecent = 16, kNames = 1024;

  // Reads a name's handle from the array, for the scope that is open now.
  napi_value Fetch(Name& name) {
    napi_value array, handle;
    if (napi_get_reference_value(env, array_, &array) != napi_ok ||
        napi_get_element(env, array, name.index, &handle) != napi_ok) return nullptr;
    name.handle = handle;
    name.scope = scope;
    return handle;
  }

  // Makes a name's string and puts it into the array.
  bool Put(Name& name) {
    napi_value array, string;
    if (napi_create_string_utf8(env, name.text.data(), name.text.size(), &string) != napi_ok) return false;
    if (!array_) {
      if (napi_create_array(env, &array) != napi_ok ||
          napi_create_reference(env, array, 1, &array_) != napi_ok) return false;
    } else if (napi_get_reference_value(env, array_, &array) != napi_ok) {
      return false;
    }
    if (napi_set_element(env, array, name.index, string) != napi_ok) return false;
    name.handle = string;
    name.scope = scope;
    return true;
  }

  Name* Add(std::string_view text) {
    if (owned_.size() >= kNames) return nullptr;  // more than any program has literals: not a literal then
    auto index = static_cast<uint32_t>(kRecent + owned_.size());
    owned_.push_back({std::string(text), index, nullptr, 0});
    Name* name = &owned_.back();
    if (!Put(*name)) {
      owned_.pop_back();
      return nullptr;
    }
    names_[name->text] = name;
    return name;
  }

  struct Recent {
    size_t hash = 0;
    bool kept = false;
    Name name{};
  };

  napi_ref array_ = nullptr;  // recent_, then owned_
  Recent recent_[kRecent];
  Name* by_address_[256] = {};
  std::deque<Name> owned_;
  std::unordered_map<std::string_view, Name*> names_;
  static inline std::atomic<uint64_t> last_id{0};
};

// The environment whose thread is running, null on every other thread: a Node-API call made there by mistake fails
// instead of crashing.
inline thread_local Environment* environment = nullptr;
inline thread_local napi_env env = nullptr;

// What a Nan::Persistent refers to in one environment.
struct Reference {
  napi_ref ref = nullptr;
  bool boxed = false;  // in an array of one, being no object
};

// References that static variables hold in all environments but the first.
class OtherReferences {
 public:
  static Reference Get(uint64_t id, const void* holder) {
    std::lock_guard<std::mutex> l(mutex_);
    auto found = table_.find({id, holder});
    return found == table_.end() ? Reference{} : found->second;
  }
  static void Set(uint64_t id, const void* holder, Reference r) {
    std::lock_guard<std::mutex> l(mutex_);
    if (r.ref) table_[{id, holder}] = r;
    else table_.erase({id, holder});
  }
  // The environment has ended, and its references with it.
  static void Forget(uint64_t id) {
    std::lock_guard<std::mutex> l(mutex_);
    table_.erase(table_.lower_bound({id, nullptr}), table_.lower_bound({id + 1, nullptr}));
  }

 private:
  // Never destroyed: a worker may run on while the process exits.
  static inline auto& mutex_ = *new std::mutex;
  static inline auto& table_ = *new std::map<std::pair<uint64_t, const void*>, Reference>;
};

// Marks a handle scope, so that handles of names are used again only inside of the scope that they were made in.
class ScopeMark {
 public:
  ScopeMark() : environment_(environment), before_(environment->scope) {
    environment_->scope = ++environment_->last_scope;
  }
  ~ScopeMark() { environment_->scope = before_; }
  ScopeMark(const ScopeMark&) = delete;

 private:
  Environment* const environment_;
  const uint64_t before_;
};

// Thrown (as C++) to leave a native method at once; the JavaScript exception is in the frame.
struct Unwind {};

// One entry from JavaScript (method) or from the event loop into native code.
// Inside a method the runtime has opened a handle scope already and the return
// value must outlive the method body, so Nan::HandleScope is a no-op there.
// Exceptions are kept here and thrown when the method returns: the sources go
// on making calls after Nan::ThrowError, which Node-API would refuse.
struct Frame {
  Frame(Environment* e, bool m)
      : prev(current), prev_env(environment), outer(Enter(e)), method(m) {
    current = this;
  }
  ~Frame() {
    environment->scope = outer;
    current = prev;
    environment = prev_env;
    env = prev_env ? prev_env->env : nullptr;
  }
  Frame(const Frame&) = delete;

  static void Throw(napi_value e) {
    if (current && current->method) { if (!current->error) current->error = e; }
    else napi_fatal_exception(env, e);  // becomes uncaughtException
  }
  // Moves an exception that JavaScript left pending into the frame.
  static void Collect() {
    bool pending = false;
    napi_value e;
    if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
        napi_get_and_clear_last_exception(env, &e) == napi_ok) Throw(e);
  }
  [[noreturn]] static void Illegal() {
    napi_value message, e;
    napi_create_string_utf8(env, "Illegal invocation", NAPI_AUTO_LENGTH, &message);
    napi_create_type_error(env, nullptr, message, &e);
    Throw(e);
    throw Unwind{};
  }

  Frame* const prev;
  Environment* const prev_env;
  const uint64_t outer;
  const bool method;
  napi_value error = nullptr;
  static inline thread_local Frame* current = nullptr;

 private:
  static uint64_t Enter(Environment* e) {
    environment = e;
    env = e->env;
    uint64_t before = e->scope;
    e->scope = ++e->last_scope;
    return before;
  }
};

// The environment that a callback of Node-API belongs to.  A thread can have several: Node makes one for each time
// that an addon is loaded (vm contexts, jest).
inline Environment* Of(napi_env env) {
  void* p = nullptr;
  napi_get_instance_data(env, &p);
  return static_cast<Environment*>(p);
}

inline napi_value Undefined() {
  napi_value r = nullptr;
  napi_get_undefined(env, &r);
  return r;
}

inline std::string Utf8(napi_value v) {
  char small[256];
  size_t len = 0;
  if (napi_get_value_string_utf8(env, v, small, sizeof small, &len) != napi_ok) {
    if (napi_coerce_to_string(env, v, &v) != napi_ok) { Frame::Collect(); return {}; }
    if (napi_get_value_string_utf8(env, v, small, sizeof small, &len) != napi_ok) return {};
  }
  if (len < sizeof small - 4) return std::string(small, len);  // not cut short
  napi_get_value_string_utf8(env, v, nullptr, 0, &len);
  std::string s(len, '\0');
  napi_get_value_string_utf8(env, v, &s[0], len + 1, &len);
  return s;
}

}  // namespace shim
