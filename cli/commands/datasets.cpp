// Care of golden sets: what a file holds, what is wrong with it, and parts of it as new files.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <unordered_set>

#include "cli/command.h"
#include "cli/embedder_options.h"
#include "cli/same_meaning.h"
#include "datasets/dedup.h"
#include "datasets/lint.h"
#include "datasets/sampling.h"
#include "datasets/stats.h"
#include "datasets/text/utf8.h"
#include "datasets/writer.h"

namespace llmops {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShown = 20;  // duplicates and tag values on a screen

struct Options {
  std::string file, format;
  std::vector<std::string> fields;
  std::string output;
  bool force = false;
  // dedup
  std::string sameness = "exact";
  std::vector<std::string> columns;
  std::optional<double> threshold;
  EmbedderOptions embedder;
  // split, sample
  std::string parts = "train=0.8,test=0.2", by;
  std::uint64_t count = 0, seed = 1;
  // convert
  WriteOptions write;
};

Result<DatasetSpec> spec_of(const Options& options) {
  DatasetSpec spec{.path = options.file, .shown = options.file, .format = options.format};
  Diagnostics problems;
  for (const std::string& field : options.fields) {
    const std::size_t equals = field.find('=');
    if (equals == std::string::npos || equals == 0)
      problems.push_back(problem(fmt::format("--field is `{}`", visible(field)),
                                 "expected WORD=COLUMN, such as reference=answer"));
    else
      spec.fields.emplace_back(field.substr(0, equals), field.substr(equals + 1));
  }
  if (!problems.empty()) return problems;
  return spec;
}

// What a new file must not do: stand where one stands.
Diagnostics refuse_overwriting(const Options& options, const fs::path& path) {
  std::error_code none;
  if (fs::equivalent(path, options.file, none))
    return {problem(fmt::format("{} is the file that is read", visible(path.string())),
                    "expected --output with another name")};
  if (!options.force && fs::is_regular_file(path, none))
    return {problem(fmt::format("{} exists", visible(path.string())), "",
                    "choose another name, or replace it with --force")};
  return {};
}

void warn(const Diagnostics& problems, Console& console) {
  if (!problems.empty()) console.note(render(problems));
}

ExitCode stats(const Options&, const DatasetSpec& spec, Console& console) {
  const Result<DatasetStats> found = dataset_stats(spec);
  if (!found) return console.reject(found.problems(), "datasets stats");
  if (console.json()) {
    Object document{
        {"schema_version", 1               },
        {"command",        "datasets stats"}
    };
    Value facts = to_value(*found);
    for (Member& member : *facts.object()) document.add(member.key, std::move(member.value));
    console.print_json(document);
    return ExitCode::passed;
  }
  warn(found.problems(), console);
  std::string text =
      fmt::format("{}: {} cases, {} with a reference, sha256 {}\n", visible(found->info.path),
                  found->info.cases, found->with_reference, found->info.sha256.substr(0, 12));
  if (found->groups > 0)
    text += fmt::format("{} groups over {} cases, the largest of {}\n", found->groups,
                        found->grouped, found->largest_group);
  text += fmt::format("\n{:<24} {:>8} {:>7} {:>7} {:>9}  {:<16} {}\n", "column", "rows", "null",
                      "empty", "distinct", "kinds", "characters p50, p95, max");
  for (const ColumnStats& column : found->columns) {
    std::string kinds;
    for (const auto& [kind, count] : column.kinds)
      kinds += (kinds.empty() ? "" : ",") + std::string(kind);
    text +=
        fmt::format("{:<24} {:>8} {:>7} {:>7} {:>9}  {:<16} {}\n", visible(column.name),
                    column.rows, column.nulls, column.empty,
                    fmt::format("{}{}", column.more_distinct ? ">" : "", column.distinct), kinds,
                    column.lengths.count() == 0
                        ? std::string("-")
                        : fmt::format("{}, {}, {}", column.lengths.quantile(0.5),
                                      column.lengths.quantile(0.95), column.lengths.largest()));
  }
  for (const auto& [key, values] : found->tags) {
    text += fmt::format("\ntag {}\n", visible(key));
    std::vector<std::pair<std::uint64_t, std::string>> sorted;
    for (const auto& [value, count] : values) sorted.emplace_back(count, value);
    std::ranges::sort(sorted, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    for (std::size_t i = 0; i < std::min(sorted.size(), kShown); ++i)
      text += fmt::format("  {:<22} {:>8}\n", visible(sorted[i].second), sorted[i].first);
    if (sorted.size() > kShown) text += fmt::format("  and {} more\n", sorted.size() - kShown);
  }
  console.print(text);
  return ExitCode::passed;
}

ExitCode validate(const Options& options, const DatasetSpec& spec, Console& console) {
  const Diagnostics found = lint_dataset(spec);
  if (console.json()) {
    List problems;
    for (const Diagnostic& each : found) problems.push_back(to_value(each));
    console.print_json(Object{
        {"schema_version", 1                  },
        {"command",        "datasets validate"},
        {"file",           options.file       },
        {"problems",       std::move(problems)}
    });
  } else {
    console.print(render(found));
    console.print(fmt::format(
        "{}: {}\n", visible(options.file),
        found.empty() ? "nothing found"
                      : fmt::format("{} problem{}", found.size(), found.size() == 1 ? "" : "s")));
  }
  return has_errors(found) ? ExitCode::bad_input : ExitCode::passed;
}

// Says which file was written and how many of the cases it holds.
ExitCode tell_written(std::string_view command, List files, std::uint64_t cases, Console& console) {
  if (console.json()) {
    console.print_json(Object{
        {"schema_version", 1                   },
        {"command",        std::string(command)},
        {"cases",          cases               },
        {"files",          std::move(files)    }
    });
    return ExitCode::passed;
  }
  std::string text;
  for (const Value& file : files)
    text += fmt::format("{}: {} of {} cases\n", visible(to_text(*file.object()->find("file"))),
                        to_text(*file.object()->find("cases")), cases);
  console.print(text);
  return ExitCode::passed;
}

ExitCode write_some(const Options& options, const Dataset& dataset, std::string_view command,
                    const std::function<bool(std::uint64_t, const Case&)>& keep, Console& console) {
  const Diagnostics refused = refuse_overwriting(options, options.output);
  if (!refused.empty()) return console.reject(refused, command);
  const Result<std::size_t> written = write_dataset(dataset, options.output, options.write, keep);
  if (!written) return console.reject(written.problems(), command);
  List files{
      Object{{"file", options.output}, {"cases", std::uint64_t{*written}}}
  };
  return tell_written(command, std::move(files), dataset.info().cases, console);
}

ExitCode dedup(const Options& options, const Dataset& dataset, Console& console) {
  const DedupOptions how{.sameness = options.sameness == "near"         ? Sameness::near
                                     : options.sameness == "normalised" ? Sameness::normalised
                                                                        : Sameness::exact,
                         .columns = options.columns,
                         .threshold = options.threshold.value_or(0.8)};
  const bool meaning = options.sameness == "meaning";
  if (meaning != options.embedder.given())
    return console.reject(
        {problem(meaning ? "--by meaning needs vectors" : "--model goes with --by meaning",
                 "expected --by meaning --model FOLDER, or --model NAME --base-url URL")},
        "datasets dedup");
  std::vector<Duplicate> found;
  if (meaning) {
    const Result<std::unique_ptr<Embedder>> embedder = make_embedder(options.embedder);
    if (!embedder) return console.reject(embedder.problems(), "datasets dedup");
    std::string why;
    found = find_same_meaning(dataset, options.columns, options.threshold.value_or(0.95),
                              **embedder, why);
    if (!why.empty()) console.note("warning: cases without an embedding are kept: " + visible(why));
  } else {
    found = find_duplicates(dataset, how);
  }
  if (!options.output.empty()) {
    std::unordered_set<std::uint64_t> again;
    for (const Duplicate& each : found) again.insert(each.again);
    return write_some(
        options, dataset, "datasets dedup",
        [&](std::uint64_t number, const Case&) { return !again.contains(number); }, console);
  }
  if (console.json()) {
    List items;
    for (const Duplicate& each : found)
      items.push_back(Object{
          {"line",       std::uint64_t{each.again_line}},
          {"repeats",    std::uint64_t{each.first_line}},
          {"similarity", each.similarity               }
      });
    console.print_json(Object{
        {"schema_version", 1                                  },
        {"command",        "datasets dedup"                   },
        {"cases",          std::uint64_t{dataset.info().cases}},
        {"duplicates",     std::move(items)                   }
    });
    return ExitCode::passed;
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(found.size(), kShown); ++i)
    text += fmt::format("{}:{}: repeats line {}{}\n", visible(options.file), found[i].again_line,
                        found[i].first_line,
                        how.sameness == Sameness::near || meaning
                            ? fmt::format(" (similarity {:.2f})", found[i].similarity)
                            : "");
  if (found.size() > kShown) text += fmt::format("and {} more\n", found.size() - kShown);
  text +=
      fmt::format("{} of {} cases repeat an earlier one{}\n", found.size(), dataset.info().cases,
                  found.empty() ? "" : "; --output FILE writes the set without them");
  console.print(text);
  return ExitCode::passed;
}

ExitCode split(const Options& options, const Dataset& dataset, Console& console) {
  const Result<std::vector<SplitPart>> parts = parse_split(options.parts);
  if (!parts) return console.reject(parts.problems(), "datasets split");
  const fs::path from(options.file);
  fs::path name = from.filename();
  if (name.extension() == ".gz") name.replace_extension();
  const fs::path folder = options.output.empty() ? from.parent_path() : fs::path(options.output);
  std::vector<fs::path> targets;
  for (const SplitPart& part : *parts) {
    targets.push_back(folder / fmt::format("{}.{}{}", name.stem().string(), part.name,
                                           name.extension() == ".yaml" || name.extension() == ".yml"
                                               ? ".jsonl"
                                               : name.extension().string()));
    const Diagnostics refused = refuse_overwriting(options, targets.back());
    if (!refused.empty()) return console.reject(refused, "datasets split");
  }
  List files;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Result<std::size_t> written =
        write_dataset(dataset, targets[i], options.write, [&](std::uint64_t, const Case& row) {
          return split_part(split_key(row), *parts, options.seed) == i;
        });
    if (!written) return console.reject(written.problems(), "datasets split");
    files.push_back(Object{
        {"file",  targets[i].string()    },
        {"cases", std::uint64_t{*written}}
    });
  }
  return tell_written("datasets split", std::move(files), dataset.info().cases, console);
}

ExitCode sample(const Options& options, const Dataset& dataset, Console& console) {
  const std::vector<std::uint64_t> rows =
      sample_rows(dataset, options.count, options.seed, options.by);
  return write_some(
      options, dataset, "datasets sample",
      [&](std::uint64_t number, const Case&) {
        return std::binary_search(rows.begin(), rows.end(), number);
      },
      console);
}

void declare_seed(CLI::App& app, Options& options) {
  app.add_option("--seed", options.seed, "the same rows for the same seed")->capture_default_str();
}

void declare_output(CLI::App& app, Options& options, const char* what) {
  app.add_option("--output", options.output, what)->type_name("FILE");
  app.add_flag("--force", options.force, "replace a file that exists");
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  CLI::App* stats_app = app.add_subcommand("stats", "columns, kinds, lengths, tags");
  CLI::App* validate_app =
      app.add_subcommand("validate", "broken rows, duplicates, secrets, personal data");
  CLI::App* dedup_app = app.add_subcommand("dedup", "find cases that repeat an earlier one");
  CLI::App* split_app = app.add_subcommand("split", "write parts; groups stay whole");
  CLI::App* sample_app = app.add_subcommand("sample", "write a random sample");
  CLI::App* convert_app = app.add_subcommand("convert", "write as JSONL, JSON, CSV or TSV");
  for (CLI::App* sub : {stats_app, validate_app, dedup_app, split_app, sample_app, convert_app}) {
    sub->add_option("FILE", options->file, "JSONL, JSON, CSV, TSV or YAML; also gzipped")
        ->required();
    sub->add_option("--format", options->format, "where the extension does not tell");
    sub->add_option("--field", options->fields, "WORD=COLUMN, such as reference=answer")
        ->type_name("WORD=COLUMN");
  }

  dedup_app->add_option("--by", options->sameness, "what counts as the same")
      ->check(CLI::IsMember({"exact", "normalised", "near", "meaning"}))
      ->capture_default_str();
  dedup_app->add_option("--column", options->columns, "compare these columns alone");
  dedup_app
      ->add_option("--threshold", options->threshold,
                   "of `near`: Jaccard of word triples (0.8); of `meaning`: cosine (0.95)")
      ->check(CLI::Range(0.01, 1.0));
  declare_embedder_options(*dedup_app, options->embedder);
  declare_output(*dedup_app, *options, "write the set without the repeats");

  split_app->add_option("--parts", options->parts, "NAME=SHARE,...")->capture_default_str();
  declare_seed(*split_app, *options);
  split_app->add_option("--output", options->output, "folder of the parts (default: that of FILE)")
      ->type_name("FOLDER");
  split_app->add_flag("--force", options->force, "replace files that exist");

  sample_app->add_option("--count", options->count, "how many cases")->required();
  sample_app->add_option("--by", options->by, "a tag or a column: each value gives its share");
  declare_seed(*sample_app, *options);
  declare_output(*sample_app, *options, "the new file");
  sample_app->get_option("--output")->required();

  convert_app->add_option("OUTPUT", options->output, "the new file")->required();
  convert_app->add_option("--to", options->write.format, "where its extension does not tell")
      ->check(CLI::IsMember({"jsonl", "json", "csv", "tsv"}));
  convert_app->add_option("--column", options->write.columns, "these columns, in this order");
  convert_app->add_flag("--with-id", options->write.with_id, "add the ids that were made");
  convert_app->add_flag("--escape-formulas", options->write.escape_formulas,
                        "CSV: no cell runs in a spreadsheet");
  convert_app->add_flag("--force", options->force, "replace a file that exists");

  return [=, &app](Console& console) {
    const Result<DatasetSpec> spec = spec_of(*options);
    const std::string command = "datasets " + app.get_subcommands().front()->get_name();
    if (!spec) return console.reject(spec.problems(), command);
    if (stats_app->parsed()) return stats(*options, *spec, console);
    if (validate_app->parsed()) return validate(*options, *spec, console);
    const Result<Dataset> dataset = Dataset::open(*spec);
    if (!dataset) return console.reject(dataset.problems(), command);
    warn(dataset.problems(), console);
    if (dedup_app->parsed()) return dedup(*options, *dataset, console);
    if (split_app->parsed()) return split(*options, *dataset, console);
    if (sample_app->parsed()) return sample(*options, *dataset, console);
    return write_some(*options, *dataset, command, {}, console);
  };
}

}  // namespace

extern const CommandInfo kDatasetsCommand;
constexpr CommandInfo kDatasetsCommand{
    .name = "datasets",
    .summary = "Golden sets: stats, validate, dedup, split, sample, convert",
    .examples =
        "  llmops datasets validate datasets/support.jsonl\n  llmops datasets split "
        "faq.csv --parts dev=0.2,test=0.8 --seed 7\n",
    .declare = &declare,
};

}  // namespace llmops
