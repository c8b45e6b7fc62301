// Myers, "An O(ND) difference algorithm and its variations", 1986: the furthest-reaching paths for
// 0, 1, 2 ... edits, each step kept so that the way can be walked back. Common ends are cut off
// first.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <span>

#include "prompts/diff.h"
#include "prompts/template/python.h"

namespace llmops {
namespace {

constexpr std::ptrdiff_t kMostEdits = 2000;

using Words = std::vector<std::string_view>;

Words words_of(std::string_view text) {
  enum class Kind { word, blank, line_break, mark };
  Words words;
  Kind last = Kind::mark;
  for (const std::string_view c : python::characters(text)) {
    const Kind kind = c == "\n"                   ? Kind::line_break
                      : c == " " || c == "\t"     ? Kind::blank
                      : python::word_character(c) ? Kind::word
                                                  : Kind::mark;
    const bool joins =
        !words.empty() && kind == last && (kind == Kind::word || kind == Kind::blank);
    if (joins)
      words.back() = {words.back().data(), words.back().size() + c.size()};
    else
      words.push_back(c);
    last = kind;
  }
  return words;
}

void add(std::vector<DiffSpan>& spans, DiffSpan::Kind kind, std::string_view text) {
  if (!spans.empty() && spans.back().kind == kind)
    spans.back().text += text;
  else
    spans.push_back({kind, std::string(text)});
}

struct Step {
  DiffSpan::Kind kind;
  std::string_view word;
};

// The steps from the first to the last word; empty with `ok` false where there are too many edits.
std::vector<Step> shortest(std::span<const std::string_view> a, std::span<const std::string_view> b,
                           bool& ok) {
  const auto n = static_cast<std::ptrdiff_t>(a.size());
  const auto m = static_cast<std::ptrdiff_t>(b.size());
  const std::ptrdiff_t most = std::min(n + m, kMostEdits);
  const auto word = [](std::span<const std::string_view> from, std::ptrdiff_t i) {
    return from[static_cast<std::size_t>(i)];
  };
  std::vector<std::vector<std::ptrdiff_t>> history;  // reach[k + d] after d edits
  std::vector<std::ptrdiff_t> reach(static_cast<std::size_t>(2 * most + 3), 0);
  const auto at = [&](std::ptrdiff_t k) -> std::ptrdiff_t& {
    return reach[static_cast<std::size_t>(k + most + 1)];
  };
  std::ptrdiff_t edits = -1;
  for (std::ptrdiff_t d = 0; d <= most && edits < 0; ++d) {
    for (std::ptrdiff_t k = -d; k <= d; k += 2) {
      std::ptrdiff_t x = k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      while (x < n && x - k < m && word(a, x) == word(b, x - k)) ++x;
      at(k) = x;
      if (x >= n && x - k >= m) edits = d;
    }
    history.emplace_back(reach.begin() + (most + 1 - d), reach.begin() + (most + 2 + d));
  }
  std::vector<Step> steps;
  ok = edits >= 0;
  std::ptrdiff_t x = n;
  std::ptrdiff_t y = m;
  for (std::ptrdiff_t d = edits; d > 0; --d) {
    const auto& before = history[static_cast<std::size_t>(d - 1)];
    const auto reached = [&](std::ptrdiff_t k) {
      return std::abs(k) > d - 1 ? std::ptrdiff_t{-1} : before[static_cast<std::size_t>(k + d - 1)];
    };
    const std::ptrdiff_t k = x - y;
    const bool insert = k == -d || (k != d && reached(k - 1) < reached(k + 1));
    const std::ptrdiff_t from_x = insert ? reached(k + 1) : reached(k - 1);
    const std::ptrdiff_t from_y = from_x - (insert ? k + 1 : k - 1);
    while (x > from_x + (insert ? 0 : 1) && y > from_y + (insert ? 1 : 0)) {
      steps.push_back({DiffSpan::Kind::same, word(a, x - 1)});
      --x;
      --y;
    }
    steps.push_back(insert ? Step{DiffSpan::Kind::added, word(b, from_y)}
                           : Step{DiffSpan::Kind::removed, word(a, from_x)});
    x = from_x;
    y = from_y;
  }
  for (; ok && x > 0; --x) steps.push_back({DiffSpan::Kind::same, word(a, x - 1)});
  std::ranges::reverse(steps);
  return steps;
}

}  // namespace

std::vector<DiffSpan> word_diff(std::string_view before, std::string_view after) {
  const Words a = words_of(before);
  const Words b = words_of(after);
  std::size_t front = 0;
  while (front < a.size() && front < b.size() && a[front] == b[front]) ++front;
  std::size_t back = 0;
  while (back < a.size() - front && back < b.size() - front &&
         a[a.size() - 1 - back] == b[b.size() - 1 - back])
    ++back;

  std::vector<DiffSpan> spans;
  const auto same = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) add(spans, DiffSpan::Kind::same, a[i]);
  };
  same(0, front);
  const std::span<const std::string_view> left(a.data() + front, a.size() - front - back);
  const std::span<const std::string_view> right(b.data() + front, b.size() - front - back);
  bool ok = false;
  const std::vector<Step> steps = shortest(left, right, ok);
  // Between two words that stay, what goes is shown before what comes.
  std::string removed, added;
  const auto flush = [&] {
    if (!removed.empty()) add(spans, DiffSpan::Kind::removed, removed);
    if (!added.empty()) add(spans, DiffSpan::Kind::added, added);
    removed.clear();
    added.clear();
  };
  if (ok) {
    for (const Step& step : steps) {
      if (step.kind == DiffSpan::Kind::same) {
        flush();
        add(spans, step.kind, step.word);
      } else {
        (step.kind == DiffSpan::Kind::removed ? removed : added) += step.word;
      }
    }
  } else {
    for (const std::string_view word : left) removed += word;
    for (const std::string_view word : right) added += word;
  }
  flush();
  same(a.size() - back, a.size());
  return spans;
}

}  // namespace llmops
