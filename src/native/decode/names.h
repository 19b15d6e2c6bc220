// The names that a plan knows, found by a record's own: by their usual order first, else by a hash.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace sink {

class Names {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  /** Gives the name the next id; one that is there already stays with its first. */
  void Add(std::string_view name) {
    Entry entry{std::string(name), {}};
    bool plain = true;
    for (const char c : name) plain = plain && c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20;
    // A name that JSON writes with an escape is never met here: records with such names are declined.
    if (plain) entry.quoted = '"' + entry.name + '"';
    entries_.push_back(std::move(entry));
    if (entries_.size() * 2 > slots_.size()) Rehash();
    else Insert(static_cast<uint32_t>(entries_.size() - 1));
  }

  size_t size() const { return entries_.size(); }

  /** Whether the quoted name of this id stands at p. */
  bool StandsAt(uint32_t id, const char* p, const char* end, const char*& after) const {
    if (id >= entries_.size()) return false;
    const std::string& quoted = entries_[id].quoted;
    if (quoted.empty() || static_cast<size_t>(end - p) < quoted.size() ||
        std::memcmp(p, quoted.data(), quoted.size()) != 0) return false;
    after = p + quoted.size();
    return true;
  }

  uint32_t Find(std::string_view name) const {
    if (slots_.empty()) return kNone;
    const size_t mask = slots_.size() - 1;
    for (size_t i = Hash(name) & mask; slots_[i] != kNone; i = (i + 1) & mask) {
      if (entries_[slots_[i]].name == name) return slots_[i];
    }
    return kNone;
  }

 private:
  struct Entry {
    std::string name, quoted;
  };

  static size_t Hash(std::string_view name) {
    uint64_t hash = name.size();
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x9E3779B97F4A7C15u;
    return static_cast<size_t>(hash >> 32);
  }

  void Insert(uint32_t id) {
    const size_t mask = slots_.size() - 1;
    size_t i = Hash(entries_[id].name) & mask;
    for (; slots_[i] != kNone; i = (i + 1) & mask) {
      if (entries_[slots_[i]].name == entries_[id].name) return;
    }
    slots_[i] = id;
  }

  void Rehash() {
    slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, kNone);
    for (uint32_t id = 0; id < entries_.size(); ++id) Insert(id);
  }

  std::vector<Entry> entries_;
  /** A power of two, at most half full. */
  std::vector<uint32_t> slots_;
};

}  // namespace sink
