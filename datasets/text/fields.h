#pragma once
// Reads the keys of a mapping as what they should be. Every problem is noted, none stops the
// reading, and a key that nobody asked for is an error with the nearest known key.

#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/diagnostic.h"
#include "datasets/text/source.h"

namespace llmops {

struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

class Fields {
 public:
  // `what` names the mapping in messages ("the suite", "a gate rule"). A value that is no mapping
  // is a problem, and all keys read as missing. The three must outlive this object.
  Fields(const Value& value, const Source& source, Diagnostics& problems, std::string_view what);

  // Each returns nullopt (or nullptr) where the key is missing or null, or where the value is of
  // another kind, which is noted. A key may have been asked for already.
  std::optional<std::string> text(std::string_view key);
  std::optional<double> number(std::string_view key, Bounds bounds = {});
  std::optional<std::int64_t> integer(std::string_view key, Bounds bounds = {});
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::chrono::nanoseconds> duration(std::string_view key);  // 5s, 200ms, 10m, 1h; number = seconds
  std::optional<std::string> one_of(std::string_view key, std::span<const std::string_view> choices);
  std::vector<std::string> texts(std::string_view key);  // a text or a list of texts
  const Value* value(std::string_view key);
  const Value* mapping(std::string_view key);
  const Value* list(std::string_view key);

  std::string required_text(std::string_view key);  // "" where it is missing, which is noted
  bool has(std::string_view key) const;

  // Place of a key's value (of its name for `key_mark`), or of the mapping where the key is missing.
  Mark mark(std::string_view key) const;
  Mark key_mark(std::string_view key) const;
  void error(Mark mark, std::string what, std::string expected = "", std::string help = "", std::size_t width = 1);
  void missing(std::string_view key, std::string help = "");

  // Notes every key that nobody has asked for. Call it last.
  void finish();

  const Source& source() const { return source_; }
  Diagnostics& problems() { return problems_; }

 private:
  const Value* take(std::string_view key);
  void wrong_kind(std::string_view key, const Value& value, std::string_view expected);

  const Value& value_;
  const Source& source_;
  Diagnostics& problems_;
  std::string what_;
  std::vector<std::string_view> known_;
};

// "5s", "200ms", "1.5m", "2h", "10us", or a bare number of seconds. nullopt: none of these.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace llmops
