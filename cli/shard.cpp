#include "cli/shard.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

namespace llmops {
namespace {

constexpr int kMostShards = 100000;

std::optional<int> whole(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<int> environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? std::nullopt : whole(text);
}

// Where a job of an array learns which one it is.
struct Place {
  const char* index;
  const char* count;
  const char* first;  // variable with the lowest index; nullptr: `base`
  int base;
};
constexpr Place kPlaces[] = {
    {"SLURM_ARRAY_TASK_ID",    "SLURM_ARRAY_TASK_COUNT",       "SLURM_ARRAY_TASK_MIN", 0},
    {"CI_NODE_INDEX",          "CI_NODE_TOTAL",                nullptr,                1},
    {"CIRCLE_NODE_INDEX",      "CIRCLE_NODE_TOTAL",            nullptr,                0},
    {"BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", nullptr,                0},
    {"JOB_COMPLETION_INDEX",   "JOB_COMPLETIONS",              nullptr,                0},
};

std::optional<Shard> from_environment(std::optional<int> of) {
  for (const Place& place : kPlaces) {
    const std::optional<int> index = environment(place.index);
    const std::optional<int> count = of ? of : environment(place.count);
    if (!index || !count) continue;
    const int first = place.first == nullptr ? place.base : environment(place.first).value_or(0);
    return Shard{*index - first + 1, *count};
  }
  return std::nullopt;
}

}  // namespace

Result<Shard> read_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string part = text.substr(0, slash);
  std::optional<int> of;
  if (slash != std::string::npos) of = whole(std::string_view(text).substr(slash + 1));
  std::optional<Shard> shard;
  if (part == "auto" && (slash == std::string::npos || of)) {
    shard = from_environment(of);
    if (!shard)
      return problem("--shard auto: no job array or CI matrix says which part this is", "",
                     "write it out: --shard 2/8; in a Kubernetes job --shard auto/8");
  } else if (const std::optional<int> index = whole(part); index && of) {
    shard = Shard{*index, *of};
  }
  if (!shard || shard->of < 1 || shard->of > kMostShards || shard->index < 1 ||
      shard->index > shard->of)
    return problem(fmt::format("--shard is `{}`", text),
                   "expected `i/n` with i from 1 to n, such as 2/8, or `auto`");
  return *shard;
}

}  // namespace llmops
