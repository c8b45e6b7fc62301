#include "datasets/formats/json_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

// Name of a column that stands twice, or nothing.
const std::string* repeated(const Object& members) {
  constexpr std::size_t kFew = 16;  // up to here comparing all pairs is quicker than sorting
  if (members.size() <= kFew) {
    for (auto a = members.begin(); a != members.end(); ++a)
      for (auto b = std::next(a); b != members.end(); ++b)
        if (a->key == b->key) return &b->key;
    return nullptr;
  }
  std::vector<const std::string*> keys;
  keys.reserve(members.size());
  for (const Member& member : members) keys.push_back(&member.key);
  const auto less = [](const std::string* a, const std::string* b) { return *a < *b; };
  std::ranges::sort(keys, less);
  const auto found = std::ranges::adjacent_find(
      keys, [](const std::string* a, const std::string* b) { return *a == *b; });
  return found == keys.end() ? nullptr : *found;
}

}  // namespace

Diagnostic json_problem(std::string_view text, std::size_t from, std::string_view file,
                        std::size_t line, std::string_view path, std::string what,
                        std::string expected, std::string help) {
  const Result<Value> marked = parse_json_at(text, from, file, line, true);
  Mark mark{static_cast<std::uint32_t>(line), 1};
  std::size_t width = 1;
  if (marked) {
    const Value* at = path.empty() ? &*marked : find_path(*marked, path);
    mark = (at == nullptr ? *marked : *at).mark();
    if (at != nullptr && !at->is_list() && !at->is_object())
      width = std::max<std::size_t>(1, code_points(dump_json(*at)));
  }
  const Source source{std::string(file), std::string(text)};
  const Mark within{mark.line - static_cast<std::uint32_t>(line - 1), mark.column};
  Diagnostic found =
      source.problem(within, std::move(what), std::move(expected), std::move(help), width);
  found.line = mark.line;
  return found;
}

bool check_json_record(const Value& value, std::string_view text, std::size_t from,
                       std::string_view file, std::size_t line, Diagnostics& problems) {
  const Object* members = value.object();
  if (members == nullptr) {
    problems.push_back(json_problem(text, from, file, line, "",
                                    fmt::format("a record is a {}", value.kind()),
                                    "expected a mapping of columns to values", ""));
    return false;
  }
  const std::string* twice = repeated(*members);
  if (twice == nullptr) return true;
  problems.push_back(json_problem(text, from, file, line, *twice,
                                  fmt::format("column `{}` stands here a second time", *twice), "",
                                  "keep one of the two"));
  return false;
}

}  // namespace llmops
