#include "evaluators/metrics/text/json_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

std::string shown(const Value& value) {
  const std::string text = dump_json(value);
  return text.size() > 40 ? code_point_slice(text, 0, 40) + "…" : text;
}

std::size_t leaves_of(const Value& value) {
  std::size_t count = 0;
  if (const List* items = value.list())
    for (const Value& item : *items) count += leaves_of(item);
  if (const Object* members = value.object())
    for (const Member& member : *members) count += leaves_of(member.value);
  return std::max<std::size_t>(count, 1);
}

class Comparison {
 public:
  // `quiet`: only whether they are equal is wanted, so the first difference ends it and is not
  // told.
  explicit Comparison(const JsonTolerance& tolerance, bool quiet = false)
      : tolerance_(tolerance), quiet_(quiet) {}

  bool compare(const Value& found, const Value& wanted) {
    if (found.is_object() && wanted.is_object()) return objects(*found.object(), *wanted.object());
    if (found.is_list() && wanted.is_list())
      return tolerance_.ignore_order ? bags(*found.list(), *wanted.list())
                                     : lists(*found.list(), *wanted.list());
    const bool same =
        found.is_number() && wanted.is_number()
            ? found == wanted || numbers_agree(found.number(), wanted.number(), tolerance_)
            : found == wanted;
    if (!same && quiet_) return false;
    if (!same) return differ(fmt::format("{} in place of {}", shown(found), shown(wanted)));
    same_ += leaves_of(wanted);
    return true;
  }

  std::size_t same() const { return same_; }
  const std::string& first() const { return first_; }

 private:
  bool differ(const std::string& what) {
    if (first_.empty())
      first_ = fmt::format("{}: {}", path_.empty() ? "the document" : path_, what);
    return false;
  }
  bool below(const std::string& step, const Value& found, const Value& wanted) {
    const std::size_t size = path_.size();
    path_ += "/" + step;
    const bool same = compare(found, wanted);
    path_.resize(size);
    return same;
  }

  bool objects(const Object& found, const Object& wanted) {
    bool same = true;
    for (const Member& member : wanted) {
      const Value* there = found.find(member.key);
      if (quiet_ && (there == nullptr || !compare(*there, member.value))) return false;
      if (quiet_) continue;
      if (there == nullptr)
        same = differ(fmt::format("lacks `{}`", member.key));
      else
        same = below(member.key, *there, member.value) && same;
    }
    for (const Member& member : found)
      if (!tolerance_.ignore_extra && wanted.find(member.key) == nullptr)
        same = differ(fmt::format("has `{}`, which is not wanted", member.key));
    if (same && wanted.empty()) ++same_;
    return same;
  }

  bool lists(const List& found, const List& wanted) {
    bool same = found.size() == wanted.size();
    if (!same && quiet_) return false;
    if (!same) differ(fmt::format("{} items in place of {}", found.size(), wanted.size()));
    for (std::size_t i = 0; i < std::min(found.size(), wanted.size()); ++i) {
      if (quiet_ && !compare(found[i], wanted[i])) return false;
      if (!quiet_) same = below(std::to_string(i), found[i], wanted[i]) && same;
    }
    if (same && wanted.empty()) ++same_;
    return same;
  }

  // Each wanted item takes the first free item that equals it. With tolerances this is greedy, not
  // a best matching.
  bool bags(const List& found, const List& wanted) {
    std::vector<bool> taken(found.size());
    std::size_t missing = 0;
    for (const Value& item : wanted) {
      bool placed = false;
      for (std::size_t i = 0; i < found.size() && !placed; ++i) {
        if (taken[i]) continue;
        Comparison each(tolerance_, true);
        if (!each.compare(found[i], item)) continue;
        taken[i] = placed = true;
        same_ += each.same_;
      }
      missing += !placed;
    }
    if (missing > 0)
      return differ(fmt::format("{} of {} items are not there", missing, wanted.size()));
    if (found.size() != wanted.size())
      return differ(fmt::format("{} items in place of {}", found.size(), wanted.size()));
    if (wanted.empty()) ++same_;
    return true;
  }

  const JsonTolerance& tolerance_;
  bool quiet_ = false;
  std::string path_, first_;
  std::size_t same_ = 0;
};

}  // namespace

bool numbers_agree(double found, double wanted, const JsonTolerance& tolerance) {
  const double allowed = std::max(tolerance.absolute, tolerance.relative * std::abs(wanted));
  const double rounding = allowed > 0 ? 4 * std::numeric_limits<double>::epsilon() *
                                            std::max(std::abs(found), std::abs(wanted))
                                      : 0.0;
  return std::abs(found - wanted) <= allowed + rounding;
}

JsonAgreement compare_json(const Value& found, const Value& wanted,
                           const JsonTolerance& tolerance) {
  Comparison comparison(tolerance);
  JsonAgreement agreement;
  agreement.equal = comparison.compare(found, wanted);
  agreement.leaves = leaves_of(wanted);
  agreement.same = comparison.same();
  agreement.first = comparison.first();
  return agreement;
}

}  // namespace llmops
