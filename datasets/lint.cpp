// Rules that look at one case run while the set is opened; those that compare cases sort hashes.
#include "datasets/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "datasets/text/external_sort.h"
#include "datasets/text/hash.h"
#include "datasets/text/hidden.h"
#include "datasets/text/json.h"
#include "datasets/text/sensitive.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr DatasetLintRule kEmptyReference{"dataset/empty-reference", Severity::warning,
                                   "a reference is empty or blank"};
constexpr DatasetLintRule kNoReference{"dataset/no-reference", Severity::warning,
                                "some cases have a reference, others have none"};
constexpr DatasetLintRule kDuplicateContent{"dataset/duplicate-content", Severity::warning,
                                     "two ids, one content"};
constexpr DatasetLintRule kConflict{"dataset/conflicting-reference", Severity::warning,
                             "the same input with another reference"};
constexpr DatasetLintRule kMixedKinds{"dataset/mixed-kinds", Severity::warning,
                               "a column holds a number here, a text there"};
constexpr DatasetLintRule kRareColumn{"dataset/rare-column", Severity::warning,
                               "a column of few rows whose name is close to another's"};
constexpr DatasetLintRule kReplacement{"text/replacement-character", Severity::warning,
                                "U+FFFD: the text was broken when it was read"};
constexpr DatasetLintRule kBidirectional{"text/bidirectional", Severity::warning,
                                  "a control character reorders the text"};
constexpr DatasetLintRule kTag{"text/tag-characters", Severity::warning, "invisible copies of letters"};
constexpr DatasetLintRule kInvisible{"text/invisible", Severity::note, "a character that shows nothing"};

constexpr DatasetLintRule kRules[] = {
    kEmptyReference, kNoReference, kDuplicateContent, kConflict, kMixedKinds,
    kRareColumn,     kReplacement, kBidirectional,    kTag,      kInvisible};

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Findings, at most so many of a rule.
class Findings {
 public:
  Findings(std::string file, std::size_t most) : file_(std::move(file)), most_(most) {}

  void add(std::string_view rule, Severity severity, std::size_t line, std::string what,
           std::string help = "") {
    if (++counts_[rule] > most_) return;
    found_.push_back({.severity = severity,
                      .file = file_,
                      .line = line,
                      .what = std::move(what),
                      .help = std::move(help),
                      .rule = std::string(rule)});
  }
  void add(const DatasetLintRule& rule, std::size_t line, std::string what, std::string help = "") {
    add(rule.id, rule.severity, line, std::move(what), std::move(help));
  }

  Diagnostics finish() {
    std::ranges::stable_sort(found_, {}, &Diagnostic::line);
    for (const auto& [rule, count] : counts_)
      if (count > most_)
        found_.push_back({.severity = Severity::note,
                          .file = file_,
                          .what = fmt::format("{} more findings of this rule", count - most_),
                          .rule = std::string(rule)});
    return std::move(found_);
  }

 private:
  std::string file_;
  std::size_t most_;
  Diagnostics found_;
  std::map<std::string_view, std::size_t> counts_;
};

// How often a column stands, and in which line it first is of which kind.
struct ColumnUse {
  static constexpr std::array<std::string_view, 5> kKinds = {"boolean", "number", "text", "list",
                                                             "mapping"};
  std::uint64_t rows = 0;
  std::size_t first_line = 0;
  std::array<std::size_t, kKinds.size()> kind_lines{};

  void add(const Value& value, std::size_t line) {
    if (rows++ == 0) first_line = line;
    const auto kind = std::ranges::find(kKinds, value.kind());
    if (kind == kKinds.end()) return;  // null goes with everything
    std::size_t& kind_line = kind_lines[static_cast<std::size_t>(kind - kKinds.begin())];
    if (kind_line == 0) kind_line = line;
  }
};

class Linter {
 public:
  Linter(const DatasetSpec& spec, const DatasetLintOptions& options)
      : options_(options), findings_(spec.path.string(), options.most_of_a_rule) {
    for (const std::string_view word :
         {"id", "reference", "references", "tags", "group", "weight", "metadata"})
      labels_.emplace_back(word);
    for (const auto& [word, column] : spec.fields)
      if (word != "context") labels_.push_back(column);
    labels_.emplace_back("ideal");  // the references of the known shapes
    labels_.emplace_back("output");
  }

  void visit(const Case& row) {
    if (row.references.empty()) {
      ++without_reference_;
      if (first_without_ == 0) first_without_ = row.line;
    } else {
      ++with_reference_;
    }
    for (const std::string& reference : row.references)
      if (blank(reference))
        findings_.add(kEmptyReference, row.line, "a reference is empty",
                      "write null where a case has none");
    for (const Member& column : row.variables) {
      if (derived(column.key, row)) continue;
      columns_[column.key].add(column.value, row.line);
      look_at(column.key, column.value, row.line);
    }
    hash(row);
  }

  Diagnostics finish() {
    if (with_reference_ > 0 && without_reference_ > 0)
      findings_.add(kNoReference, first_without_,
                    fmt::format("{} of {} cases have no reference", without_reference_,
                                without_reference_ + with_reference_),
                    "metrics that need one leave these cases unscored");
    compare_content();
    compare_columns();
    return findings_.finish();
  }

 private:
  // What the loader adds to a conversation repeats what its columns hold.
  static bool derived(std::string_view key, const Case& row) {
    if (key != "chat" && key != "prompt" && key != "system") return false;
    return row.variables.find("messages") != nullptr ||
           row.variables.find("conversations") != nullptr ||
           row.variables.find("instruction") != nullptr || row.variables.find("ideal") != nullptr;
  }

  void look_at(const std::string& place, const Value& value, std::size_t line) {
    if (const std::string* text = value.string()) return look_at_text(place, *text, line);
    if (const List* items = value.list())
      for (std::size_t i = 0; i < items->size(); ++i)
        look_at(fmt::format("{}.{}", place, i), (*items)[i], line);
    if (const Object* members = value.object())
      for (const Member& member : *members)
        look_at(fmt::format("{}.{}", place, member.key), member.value, line);
  }

  void look_at_text(const std::string& place, const std::string& text, std::size_t line) {
    for (const SensitiveFind& find : find_sensitive(text)) {
      const bool secret = find.rule->kind == SensitiveKind::secret;
      if (secret ? !options_.secrets : !options_.personal) continue;
      findings_.add(find.rule->id, secret ? Severity::error : Severity::warning, line,
                    fmt::format("`{}` holds {} ({}, {} characters)", place, find.rule->what,
                                find.shown, find.length),
                    secret ? "revoke it, and take it out of the file and its history" : "");
    }
    if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
      return;
    if (text.find("\uFFFD") != std::string::npos)
      findings_.add(kReplacement, line,
                    fmt::format("`{}` holds U+FFFD, which stands for bytes that were lost", place),
                    "write the file as UTF-8 from its source");
    std::array<bool, 3> told{};  // one finding a kind and text
    for (const HiddenCharacter& hidden : hidden_characters(text)) {
      if (std::exchange(told[static_cast<std::size_t>(hidden.kind)], true)) continue;
      const DatasetLintRule& rule = hidden.kind == HiddenKind::bidirectional ? kBidirectional
                             : hidden.kind == HiddenKind::tag         ? kTag
                                                                      : kInvisible;
      findings_.add(rule, line,
                    fmt::format("`{}` holds U+{:04X} at character {}, {}", place,
                                static_cast<unsigned>(hidden.code_point),
                                code_points(std::string_view(text).substr(0, hidden.offset)) + 1,
                                rule.summary));
    }
  }

  bool is_label(std::string_view column) const {
    return std::ranges::find(labels_, column) != labels_.end();
  }

  // Content: everything but the id. Input: what is no label either.
  void hash(const Case& row) {
    Object input;
    for (const Member& column : row.variables)
      if (!is_label(column.key) && !derived(column.key, row)) input.add(column.key, column.value);
    if (input.empty()) return;
    std::string text;
    dump_json_sorted(input, text);
    // Chat rows carry the wanted answer in the input, so that another answer makes another input:
    // nothing to compare.
    const std::uint64_t inputs = hash64(text);
    for (const std::string& reference : row.references) text += '\0' + reference;
    inputs_.add({inputs, row.line});
    contents_.add({hash64(text), row.line});
  }

  void compare_content() {
    const auto repeats = [](PairSorter& sorter, const auto& tell) {
      const SortedPairs sorted = sorter.finish();
      PairCursor cursor(sorted);
      Pair first, pair;
      for (bool started = false; cursor.next(pair); started = true) {
        if (!started || pair.key != first.key)
          first = pair;
        else
          tell(first.value, pair.value);
      }
    };
    PairSorter same;  // line -> first line with the same content, to tell repeats from conflicts
    repeats(contents_, [&](std::uint64_t first, std::uint64_t again) {
      same.add({again, first});
      findings_.add(kDuplicateContent, again,
                    fmt::format("the content of line {} under another id", first),
                    "`datasets dedup` drops repeats; a repeated case counts twice in every mean");
    });
    const SortedPairs repeated = same.finish();
    repeats(inputs_, [&](std::uint64_t first, std::uint64_t again) {
      std::uint64_t ignored = 0;
      if (repeated.find(again, ignored)) return;
      findings_.add(kConflict, again,
                    fmt::format("the input of line {} with another reference", first),
                    "one case with both references, if both are right");
    });
  }

  void compare_columns() {
    std::vector<std::string_view> frequent;
    std::uint64_t most = 0;
    for (const auto& [name, use] : columns_) most = std::max(most, use.rows);
    for (const auto& [name, use] : columns_)
      if (use.rows * 2 > most) frequent.push_back(name);
    for (const auto& [name, use] : columns_) {
      std::size_t kinds = 0, first = 0, last = 0;
      for (std::size_t i = 0; i < ColumnUse::kKinds.size(); ++i) {
        if (use.kind_lines[i] == 0) continue;
        ++kinds;
        if (first == 0 || use.kind_lines[i] < use.kind_lines[first - 1]) first = i + 1;
        if (last == 0 || use.kind_lines[i] > use.kind_lines[last - 1]) last = i + 1;
      }
      if (kinds > 1)
        findings_.add(
            kMixedKinds, use.kind_lines[last - 1],
            fmt::format("`{}` is a {} here and a {} in line {}", name, ColumnUse::kKinds[last - 1],
                        ColumnUse::kKinds[first - 1], use.kind_lines[first - 1]));
      if (use.rows * 20 > most) continue;
      const std::string nearest = did_you_mean(name, frequent);
      if (!nearest.empty())
        findings_.add(kRareColumn, use.first_line,
                      fmt::format("`{}` stands in {} of {} rows", name, use.rows, most), nearest);
    }
  }

  DatasetLintOptions options_;
  Findings findings_;
  std::vector<std::string> labels_;
  std::map<std::string, ColumnUse> columns_;
  PairSorter contents_, inputs_;
  std::size_t with_reference_ = 0, without_reference_ = 0, first_without_ = 0;
};

}  // namespace

std::span<const DatasetLintRule> dataset_lint_rules() { return kRules; }

Diagnostics lint_dataset(const DatasetSpec& spec, const DatasetLintOptions& options) {
  Linter linter(spec, options);
  const Result<Dataset> dataset =
      Dataset::open(spec, [&](const Case& row, Diagnostics&) { linter.visit(row); });
  Diagnostics found = dataset.problems();
  append(found, linter.finish());
  return found;
}

}  // namespace llmops
