#include "evaluators/run_record.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "datasets/text/fields.h"
#include "evaluators/score_shape.h"

namespace llmops {
namespace {

// JSON has no infinity: an open end of a range is absent.
Value to_value(const Measure& measure) {
  Object out{
      {"name",   measure.name        },
      {"kind",   name(measure.kind)  },
      {"better", name(measure.better)}
  };
  if (std::isfinite(measure.range.low)) out.add("low", measure.range.low);
  if (std::isfinite(measure.range.high)) out.add("high", measure.range.high);
  out.add("signature", measure.signature);
  if (!measure.unit.empty()) out.add("unit", measure.unit);
  if (measure.builtin) out.add("builtin", true);
  if (!measure.reduce.empty()) out.add("reduce", measure.reduce);
  return out;
}

Measure read_measure(const Value& value, const Source& source, Diagnostics& problems) {
  Fields fields(value, source, problems, "a measure");
  Measure measure;
  measure.name = fields.required_text("name");
  const ScoreShape shape = read_score_shape(fields, measure.name);
  measure.kind = shape.kind;
  measure.better = shape.better;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  measure.range.low = fields.number("low").value_or(-kInfinity);
  measure.range.high = fields.number("high").value_or(kInfinity);
  const bool bounded = measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded;
  if (!(measure.range.low < measure.range.high) ||
      (bounded && !std::isfinite(measure.range.high - measure.range.low)))
    fields.error(value.mark(), fmt::format("the range of `{}` is empty or open", measure.name),
                 "expected `low` below `high`");
  measure.signature = fields.text("signature").value_or("");
  measure.unit = fields.text("unit").value_or("");
  measure.builtin = fields.boolean("builtin").value_or(false);
  measure.reduce = fields.text("reduce").value_or("");
  return measure;
}

Value to_value(const RunCounts& counts) {
  Object errors, faults;
  for (const auto& [kind, count] : counts.errors) errors.add(kind, count);
  for (const auto& [kind, count] : counts.faults) faults.add(kind, count);
  return Object{
      {"cases",   counts.cases     },
      {"samples", counts.samples   },
      {"made",    counts.made      },
      {"cached",  counts.cached    },
      {"failed",  counts.failed    },
      {"retried", counts.retried   },
      {"errors",  std::move(errors)},
      {"faults",  std::move(faults)}
  };
}

RunCounts read_counts(const Value& value, const Source& source, Diagnostics& problems) {
  Fields fields(value, source, problems, "the counts");
  RunCounts counts;
  const std::pair<std::string_view, std::int64_t*> kAll[] = {
      {"cases",   &counts.cases  },
      {"samples", &counts.samples},
      {"made",    &counts.made   },
      {"cached",  &counts.cached },
      {"failed",  &counts.failed },
      {"retried", &counts.retried}
  };
  for (const auto& [key, count] : kAll) *count = fields.integer(key, {.low = 0}).value_or(0);
  const auto read_classes = [&](std::string_view key, auto& into) {
    const Value* found = fields.mapping(key);
    if (found == nullptr) return;
    Fields kinds(*found, source, problems, "the " + std::string(key));
    for (const Member& member : *found->object())
      into.emplace_back(member.key, kinds.integer(member.key, {.low = 0}).value_or(0));
  };
  read_classes("errors", counts.errors);
  read_classes("faults", counts.faults);
  return counts;
}

Value to_value(const SideUse& use) {
  return Object{
      {"evaluator",     use.evaluator    },
      {"model",         use.model        },
      {"answered",      use.answered     },
      {"cached",        use.cached       },
      {"failed",        use.failed       },
      {"made",          use.made         },
      {"retried",       use.retried      },
      {"input_tokens",  use.input_tokens },
      {"output_tokens", use.output_tokens},
      {"cost_usd",      use.cost_usd     }
  };
}

SideUse read_side_use(const Value& value, const Source& source, Diagnostics& problems) {
  Fields fields(value, source, problems, "the use of a judge");
  SideUse use{.evaluator = fields.text("evaluator").value_or(""),
              .model = fields.text("model").value_or("")};
  const std::pair<std::string_view, std::int64_t*> kAll[] = {
      {"answered",      &use.answered     },
      {"cached",        &use.cached       },
      {"failed",        &use.failed       },
      {"made",          &use.made         },
      {"retried",       &use.retried      },
      {"input_tokens",  &use.input_tokens },
      {"output_tokens", &use.output_tokens}
  };
  for (const auto& [key, count] : kAll) *count = fields.integer(key, {.low = 0}).value_or(0);
  use.cost_usd = fields.number("cost_usd", {.low = 0}).value_or(0);
  return use;
}

// A seed above the range of a signed number is written as a text, so that no digit is lost.
Value seed_value(std::uint64_t seed) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return seed > kMost ? Value(std::to_string(seed)) : Value(seed);
}

std::uint64_t read_seed(Fields& fields) {
  const std::optional<std::string> text = fields.text("seed");
  if (!text) return 1;
  std::uint64_t seed = 1;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seed);
  if (error != std::errc{} || end != text->data() + text->size())
    fields.error(fields.mark("seed"), fmt::format("`seed` is {}", *text),
                 "expected a whole number of at least 0");
  return seed;
}

void read_object(Fields& fields, std::string_view key, Object& into) {
  if (const Value* found = fields.mapping(key)) into = *found->object();
}

}  // namespace

Value to_value(const RunHeader& header) {
  List measures, warnings;
  for (const Measure& measure : header.measures) measures.push_back(to_value(measure));
  for (const std::string& warning : header.warnings) warnings.emplace_back(warning);
  Object out{
      {"schema_version",   RunHeader::kSchemaVersion},
      {"id",               header.id                },
      {"created",          header.created           },
      {"suite",            header.suite             },
      {"prompt",           header.prompt            },
      {"dataset",          header.dataset           },
      {"model",            header.model             },
      {"hardware",         header.hardware          },
      {"seed",             seed_value(header.seed)  },
      {"samples_per_case", header.samples_per_case  },
      {"measures",         std::move(measures)      },
      {"counts",           to_value(header.counts)  },
      {"cost_usd",         header.cost_usd          },
      {"wall_s",           header.wall_s            },
      {"complete",         header.complete          }
  };
  if (header.shards > 0) {
    out.add("shard", header.shard);
    out.add("shards", header.shards);
  }
  if (!header.side_uses.empty()) {
    List uses;
    for (const SideUse& use : header.side_uses) uses.push_back(to_value(use));
    out.add("judges", std::move(uses));
  }
  if (!header.complete) out.add("why_incomplete", header.why_incomplete);
  if (!warnings.empty()) out.add("warnings", std::move(warnings));
  return out;
}

// Keys only get added within a schema version, so an unknown key is no problem. A version that
// changes the meaning of one is brought up to date here, step by step, before the fields are read.
RunHeader read_run_header(const Value& value, const Source& source, Diagnostics& problems) {
  Fields fields(value, source, problems, "the run");
  RunHeader header;
  if (!fields.has("schema_version")) fields.missing("schema_version");
  const std::int64_t version =
      fields.integer("schema_version", {.low = 1}).value_or(RunHeader::kSchemaVersion);
  if (version > RunHeader::kSchemaVersion) {
    fields.error(fields.mark("schema_version"), fmt::format("`schema_version` is {}", version),
                 fmt::format("expected at most {}", RunHeader::kSchemaVersion),
                 "it was written by a newer llmops: update this program");
    return header;
  }
  header.id = fields.text("id").value_or("");
  header.created = fields.text("created").value_or("");
  header.suite = fields.text("suite").value_or("");
  read_object(fields, "prompt", header.prompt);
  read_object(fields, "dataset", header.dataset);
  read_object(fields, "model", header.model);
  read_object(fields, "hardware", header.hardware);
  header.seed = read_seed(fields);
  header.samples_per_case =
      static_cast<int>(fields.integer("samples_per_case", {1, 1e6}).value_or(1));
  header.shards = static_cast<int>(fields.integer("shards", {0, 1e6}).value_or(0));
  header.shard = static_cast<int>(fields.integer("shard", {0, 1e6}).value_or(0));
  if (!fields.has("measures")) fields.missing("measures");
  if (const Value* measures = fields.list("measures"))
    for (const Value& each : *measures->list())
      header.measures.push_back(read_measure(each, source, problems));
  if (const Value* counts = fields.mapping("counts"))
    header.counts = read_counts(*counts, source, problems);
  if (const Value* uses = fields.list("judges"))
    for (const Value& each : *uses->list())
      header.side_uses.push_back(read_side_use(each, source, problems));
  header.cost_usd = fields.number("cost_usd", {.low = 0}).value_or(0);
  header.wall_s = fields.number("wall_s", {.low = 0}).value_or(0);
  header.complete = fields.boolean("complete").value_or(true);
  header.why_incomplete = fields.text("why_incomplete").value_or("");
  header.warnings = fields.texts("warnings");
  return header;
}

}  // namespace llmops
