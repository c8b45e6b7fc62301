#include "datasets/sampling.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>

#include "datasets/random.h"
#include "datasets/text/hash.h"

namespace llmops {
namespace {

constexpr std::size_t kMostStrata = 100'000;

// The rows with the smallest keys of one stratum.
class Smallest {
 public:
  void add(std::uint64_t key, std::uint64_t row, std::uint64_t most) {
    if (most == 0) return;
    if (rows_.size() == most && std::pair(key, row) > rows_.front()) return;
    rows_.emplace_back(key, row);
    std::ranges::push_heap(rows_);
    if (rows_.size() > most) {
      std::ranges::pop_heap(rows_);
      rows_.pop_back();
    }
  }
  const std::vector<std::pair<std::uint64_t, std::uint64_t>>& rows() const { return rows_; }

 private:
  std::vector<std::pair<std::uint64_t, std::uint64_t>> rows_;  // a heap with the largest key on top
};

}  // namespace

std::vector<std::uint64_t> allocate(std::span<const std::uint64_t> sizes, std::uint64_t count) {
  const std::uint64_t total = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
  count = std::min(count, total);
  std::vector<std::uint64_t> shares(sizes.size());
  if (total == 0) return shares;
  __extension__ using Wide = unsigned __int128;
  std::vector<std::pair<std::uint64_t, std::size_t>> remainders;
  std::uint64_t given = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const Wide exact = static_cast<Wide>(sizes[i]) * count;
    shares[i] = static_cast<std::uint64_t>(exact / total);
    given += shares[i];
    remainders.emplace_back(static_cast<std::uint64_t>(exact % total), i);
  }
  std::ranges::stable_sort(remainders, std::greater<>{},
                           [](const auto& each) { return each.first; });
  // A remainder above zero means that the stratum holds at least one row more.
  for (std::size_t i = 0; given < count; ++i, ++given) ++shares[remainders[i].second];
  return shares;
}

std::string stratum_of(const Case& row, std::string_view key) {
  if (key == "id") return row.id;
  if (key == "group") return row.group;
  for (const Tag& tag : row.tags)
    if (tag.key == key) return tag.value;
  const Value* found = find_path(row.variables, key);
  return found == nullptr ? "" : to_text(*found);
}

std::vector<std::uint64_t> sample_rows(const Dataset& dataset, std::uint64_t count,
                                       std::uint64_t seed, std::string_view by) {
  std::map<std::string, std::uint64_t> sizes;
  Case row;
  if (by.empty()) {
    sizes[""] = dataset.info().cases;
  } else {
    for (const auto stream = dataset.cases(); stream->next(row);) {
      ++sizes[stratum_of(row, by)];
      if (sizes.size() > kMostStrata)
        throw std::runtime_error(
            fmt::format("`{}` has more than {} values: too many for strata", by, kMostStrata));
    }
  }
  std::vector<std::uint64_t> counts;
  for (const auto& [name, size] : sizes) counts.push_back(size);
  const std::vector<std::uint64_t> shares = allocate(counts, count);
  std::map<std::string, std::pair<std::uint64_t, Smallest>> strata;
  std::size_t index = 0;
  for (const auto& [name, size] : sizes) strata[name].first = shares[index++];

  std::uint64_t number = 0;
  for (const auto stream = dataset.cases(); stream->next(row); ++number) {
    auto& [share, chosen] = strata.at(by.empty() ? "" : stratum_of(row, by));
    chosen.add(Random(seed, number).next(), number, share);
  }
  std::vector<std::uint64_t> rows;
  for (const auto& [name, stratum] : strata)
    for (const auto& chosen : stratum.second.rows()) rows.push_back(chosen.second);
  std::ranges::sort(rows);
  return rows;
}

Result<std::vector<SplitPart>> parse_split(std::string_view text) {
  std::vector<SplitPart> parts;
  const auto wrong = [&](std::string what) {
    return problem(fmt::format("split `{}`: {}", text, what),
                   "expected NAME=SHARE,NAME=SHARE or NAME,NAME", "for example train=0.8,test=0.2");
  };
  double sum = 0;
  std::size_t shared = 0;
  for (std::string_view rest = text; !rest.empty() || parts.empty();) {
    const std::size_t comma = rest.find(',');
    std::string_view part = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    const std::size_t equals = part.find('=');
    SplitPart next{std::string(part.substr(0, equals)), 1.0};
    if (next.name.empty()) return wrong("a part without a name");
    if (std::ranges::find(parts, next.name, &SplitPart::name) != parts.end())
      return wrong(fmt::format("two parts are called `{}`", next.name));
    if (equals != std::string_view::npos) {
      const std::string_view share = part.substr(equals + 1);
      const auto [end, error] =
          std::from_chars(share.data(), share.data() + share.size(), next.share);
      if (error != std::errc{} || end != share.data() + share.size() ||
          !std::isfinite(next.share) || next.share <= 0)
        return wrong(fmt::format("`{}` is no share above 0", share));
      ++shared;
    }
    sum += next.share;
    parts.push_back(std::move(next));
  }
  if (parts.size() < 2) return wrong("one part only");
  if (shared != 0 && shared != parts.size())
    return wrong("some parts have a share, others have none");
  for (SplitPart& part : parts) part.share /= sum;
  return parts;
}

std::size_t split_part(std::string_view key, std::span<const SplitPart> parts, std::uint64_t seed) {
  std::uint64_t state = seed;
  const double place = static_cast<double>(hash64(key, splitmix64(state)) >> 11) * 0x1.0p-53;
  double upper = 0;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    upper += parts[i].share;
    if (place < upper) return i;
  }
  return parts.size() - 1;
}

const std::string& split_key(const Case& row) { return row.group.empty() ? row.id : row.group; }

}  // namespace llmops
