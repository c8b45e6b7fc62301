// Opening reads the file once (twice to name what stands where among duplicates, or to count for a
// random choice) and throws the cases away again; `cases()` reads it anew, or from the temporary
// file that a shuffle made. The shuffled order is that of a hash of seed and row number, so rows
// that are appended to a file do not disturb the others.
#include "datasets/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <system_error>

#include "datasets/case_builder.h"
#include "datasets/formats/format.h"
#include "datasets/random.h"
#include "datasets/reading.h"
#include "datasets/repeats.h"
#include "datasets/text/files.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"

namespace llmops {

// What `cases()` needs besides the file.
struct Dataset::Order {
  SortedPairs occurrences;  // row -> which one of its equals it is
  SortedPairs shuffled;     // key -> offset in `rows`
  std::unique_ptr<TemporaryFile> rows;
};

namespace {

std::uint64_t shuffle_key(std::uint64_t seed, std::uint64_t row) {
  return Random(seed, row).next();
}

std::string numbered(std::string id, std::uint64_t occurrence) {
  return occurrence < 2 ? id : fmt::format("{}-{}", id, occurrence);
}

// The rows with the smallest shuffle keys, in the order of the file.
std::vector<std::uint64_t> choose(RecordReader& reader, std::uint64_t seed, std::size_t limit) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>>
      chosen;  // a heap with the largest key on top
  Record record;
  Diagnostics ignored;
  for (std::uint64_t row = 0; reader.next(record, ignored); ++row) {
    ignored.clear();
    chosen.emplace_back(shuffle_key(seed, row), row);
    std::ranges::push_heap(chosen);
    if (chosen.size() > limit) {
      std::ranges::pop_heap(chosen);
      chosen.pop_back();
    }
  }
  std::vector<std::uint64_t> rows;
  rows.reserve(chosen.size());
  for (const auto& [key, row] : chosen) rows.push_back(row);
  std::ranges::sort(rows);
  return rows;
}

// Head of a row in the temporary file of a shuffled set; its JSON follows.
struct SpoolHead {
  std::uint64_t row = 0;
  std::uint64_t line = 0;
  std::uint64_t size = 0;
};

void spool(TemporaryFile& file, const SpoolHead& head, std::string_view json) {
  file.append({reinterpret_cast<const char*>(&head), sizeof head});
  file.append(json);
}

// Says which ids stand twice, with both places, and warns of equal rows. Reads the file up to the
// last of them.
void describe_repeats(const Repeats& repeats, const std::string& id_path, RecordReader& reader,
                      Diagnostics& problems) {
  std::map<std::uint64_t, std::vector<std::uint64_t>>
      wanted;  // row -> rows that repeat it (none: is a repeat itself)
  std::map<std::uint64_t, std::uint64_t> first_of;
  std::vector<Repeat> pairs = repeats.given;
  pairs.insert(pairs.end(), repeats.equal.begin(), repeats.equal.end());
  for (const Repeat& repeat : pairs) {
    wanted[repeat.first];
    wanted[repeat.again];
    first_of[repeat.again] = repeat.first;
  }
  struct Seen {
    std::string id;
    std::size_t line = 0;
  };
  std::map<std::uint64_t, Seen> seen;
  Record record;
  Diagnostics ignored;
  for (std::uint64_t row = 0; !wanted.empty() && reader.next(record, ignored); ++row) {
    ignored.clear();
    if (wanted.erase(row) == 0) continue;
    const Value* id = id_path.empty() ? nullptr : find_path(record.value, id_path);
    const std::string text = id == nullptr ? "" : to_text(*id);
    const auto first = first_of.find(row);
    if (first != first_of.end()) {
      const Seen& before = seen[first->second];
      if (text.empty()) {
        const std::uint64_t count = repeats.occurrences.size();
        Diagnostic equal =
            reader.problem("", fmt::format("this row equals that of line {}", before.line), "",
                           "give the rows ids, or drop the repeats with `datasets dedup`");
        if (count > 1)
          equal.what += fmt::format("; {} rows of the file repeat an earlier one", count);
        equal.severity = Severity::warning;
        equal.rule = "duplicate-row";
        problems.push_back(std::move(equal));
      } else if (before.id == text) {
        problems.push_back(reader.problem(
            id_path, fmt::format("id `{}` stands here a second time", text),
            "expected an id of its own", fmt::format("line {} has it first", before.line)));
      }
    }
    seen.emplace(row, Seen{text, record.line});
  }
}

// Rows of a shuffled set from its temporary file.
class SpoolReader final : public RecordReader {
 public:
  SpoolReader(const SortedPairs& order, const TemporaryFile& rows) : cursor_(order), rows_(rows) {}
  bool next(Record& record, Diagnostics& problems) override {
    Pair pair;
    if (!cursor_.next(pair)) return false;
    SpoolHead head;
    rows_.read(pair.value, reinterpret_cast<char*>(&head), sizeof head);
    json_.resize(head.size);
    rows_.read(pair.value + sizeof head, json_.data(), json_.size());
    Result<Value> value = parse_json(json_, "", head.line);
    if (!value) {
      append(problems, value.problems());
      return true;
    }
    record.value = *std::move(value);
    record.line = head.line;
    row_ = head.row;
    return true;
  }
  Diagnostic problem(std::string_view, std::string what, std::string expected,
                     std::string help) const override {
    return llmops::problem(std::move(what), std::move(expected), std::move(help));
  }
  std::uint64_t row() const { return row_; }

 private:
  PairCursor cursor_;
  const TemporaryFile& rows_;
  std::string json_;
  std::uint64_t row_ = 0;
};

}  // namespace

// Cases in the order of the file, or of its shuffle.
class DatasetStream final : public CaseStream {
 public:
  DatasetStream(const DatasetSpec& spec, std::size_t cases,
                std::shared_ptr<const SortedPairs> occurrences,
                std::unique_ptr<RecordReader> reader, const SpoolReader* shuffled)
      : path_(spec.path.string()),
        cases_(cases),
        occurrences_(std::move(occurrences)),
        reader_(std::move(reader)),
        shuffled_(shuffled),
        builder_(spec, std::make_shared<const std::string>(path_)),
        repeats_(*occurrences_) {
    repeated_ = repeats_.next(repeat_);
  }

  bool next(Case& row) override {
    if (given_ == cases_) return false;
    Diagnostics problems;
    if (!reader_->next(record_, problems) || has_errors(problems) ||
        !builder_.build(record_, *reader_, row, problems))
      throw std::runtime_error(fmt::format("{}: the file changed while it was used", path_));
    std::uint64_t occurrence = 0;
    if (shuffled_ != nullptr) {
      if (repeated_ && !occurrences_->find(shuffled_->row(), occurrence)) occurrence = 0;
    } else if (repeated_ && repeat_.key == given_) {
      occurrence = repeat_.value;
      repeated_ = repeats_.next(repeat_);
    }
    if (!builder_.id_given()) row.id = numbered(std::move(row.id), occurrence);
    ++given_;
    return true;
  }

 private:
  std::string path_;
  std::size_t cases_;
  std::shared_ptr<const SortedPairs> occurrences_;
  std::unique_ptr<RecordReader> reader_;
  const SpoolReader* shuffled_;
  CaseBuilder builder_;
  PairCursor repeats_;
  Pair repeat_;
  bool repeated_ = false;
  Record record_;
  std::size_t given_ = 0;
};

Result<Dataset> Dataset::open(const DatasetSpec& spec, const Visit& visit) try {
  const Result<const FormatInfo*> format = find_format(spec.path, spec.format);
  if (Diagnostics wrong = check_file(spec.path); !wrong.empty()) return wrong;
  if (!format) return format.problems();
  const auto open_file = [&] { return (*format)->open(spec.path); };
  Result<std::unique_ptr<RecordReader>> reader = open_file();
  if (!reader) return reader.problems();

  std::vector<std::uint64_t> chosen;
  const bool choice = spec.shuffle && spec.limit;
  if (choice) {
    chosen = choose(**reader, *spec.shuffle, *spec.limit);
    reader = open_file();
    if (!reader) return reader.problems();
  }
  const std::size_t most = spec.limit && !choice ? *spec.limit : SIZE_MAX;

  auto order = std::make_shared<Order>();
  if (spec.shuffle) order->rows = std::make_unique<TemporaryFile>();
  RowProblems collector;
  CaseBuilder builder(spec, std::make_shared<const std::string>(spec.path.string()));
  builder.keep_content();
  PairSorter ids, shuffled;
  Sha256 hash;
  ColumnNames columns;
  std::size_t cases = 0;
  auto next_chosen = chosen.begin();
  Record record;
  Case row;
  std::string json;
  for (std::uint64_t number = 0; number < most; ++number) {
    Diagnostics problems;
    const bool more = (*reader)->next(record, problems);
    collector.add(std::exchange(problems, {}));
    if (!more) break;
    if (!columns.add(*record.value.object())) {
      collector.add(
          {(*reader)->problem("", fmt::format("more than {} different columns", kMostColumns))});
      break;
    }
    const bool used = !choice || (next_chosen != chosen.end() && *next_chosen == number);
    if (used && choice) ++next_chosen;
    json.clear();
    if (used && spec.shuffle) dump_json(record.value, json);
    const bool good = builder.build(record, **reader, row, problems);
    ids.add(id_pair(hash64(row.id), number, builder.id_given()));
    if (used) {
      ++cases;
      hash.add(builder.content());
      hash.add("\n");
      if (good && spec.shuffle) {
        shuffled.add({shuffle_key(*spec.shuffle, number), order->rows->size()});
        spool(*order->rows, {number, row.line, json.size()}, json);
      }
      if (good && visit) visit(row, problems);
    }
    collector.add(std::move(problems));
  }
  Diagnostics last;
  collector.leave_out(builder.finish(columns.names(), last));
  Repeats repeats = find_repeats(ids.finish(), kMostProblems);
  if (!repeats.given.empty() || !repeats.equal.empty()) {
    reader = open_file();
    if (!reader) return reader.problems();
    describe_repeats(repeats, builder.id_path(), **reader, last);
    collector.leave_out(repeats.given_count - repeats.given.size());
  }
  if (cases == 0 && !collector.any_error())
    last.push_back(file_problem(spec.path, "no rows", "expected at least one case"));
  collector.add(std::move(last));
  Diagnostics problems = collector.finish(spec.path);
  if (has_errors(problems)) return problems;

  if (order->rows) order->rows->flush();
  order->occurrences = std::move(repeats.occurrences);
  order->shuffled = shuffled.finish();
  DatasetInfo info{.path = spec.shown.empty() ? spec.path.string() : spec.shown,
                   .sha256 = hash.hex(),
                   .cases = cases,
                   .columns = std::move(columns.names())};
  return {Dataset(spec, std::move(info), std::move(order)), std::move(problems)};
} catch (const std::system_error&) {
  throw;  // no room for temporary files: nothing that the user's file could mend
} catch (const std::runtime_error& error) {
  return read_problem(spec.path, error);
}

std::unique_ptr<CaseStream> Dataset::cases() const {
  // Shares ownership of the whole order, whose parts the readers hold on to.
  std::shared_ptr<const SortedPairs> occurrences(order_, &order_->occurrences);
  if (spec_.shuffle) {
    auto rows = std::make_unique<SpoolReader>(order_->shuffled, *order_->rows);
    const SpoolReader* shuffled = rows.get();
    return std::make_unique<DatasetStream>(spec_, info_.cases, std::move(occurrences),
                                           std::move(rows), shuffled);
  }
  const Result<const FormatInfo*> format = find_format(spec_.path, spec_.format);
  Result<std::unique_ptr<RecordReader>> reader = (*format)->open(spec_.path);
  if (!reader)
    throw std::runtime_error(fmt::format("{}: {}", spec_.path.string(), reader.problems()[0].what));
  return std::make_unique<DatasetStream>(spec_, info_.cases, std::move(occurrences),
                                         *std::move(reader), nullptr);
}

}  // namespace llmops
