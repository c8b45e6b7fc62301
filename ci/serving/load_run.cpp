#include "ci/serving/load_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace llmops {
namespace {

constexpr std::string_view kKept[] = {"input_tokens", "output_tokens", "total_tokens",
                                      "latency",      "ttft",          "tpot",
                                      "itl",          "error_rate",    "cached_tokens"};

// What splits latency, beyond the built-in measures.
struct Told {
  const char* name;
  const char* unit;
  std::optional<double> (*of)(const LoadResult&, const LoadRecord&);
};

std::optional<double> measured(float value) {
  if (std::isnan(value)) return std::nullopt;
  return double{value};
}

constexpr Told kTold[] = {
    {"client_wait",    "ms",
     [](const LoadResult&,      const LoadRecord& record) {
       return std::optional(1e3 * std::max(0.0, record.sent_s - record.scheduled_s));
     }                                                           },
    {"server_queue",   "ms",
     [](const LoadResult& load, const LoadRecord& record) {
       const auto told = measured(record.server_queue_ms);
       if (told) return told;
       return load.witness.headers_when_granted ? measured(record.header_ms)
                                                : load.witness.queue_ms;
     }                                                      },
    {"server_prefill", "ms",
     [](const LoadResult& load, const LoadRecord& record) {
       const auto told = measured(record.server_prefill_ms);
       return told ? told : load.witness.prefill_ms;
     }                                                      },
    {"sm_clock",       "MHz",
     [](const LoadResult& load, const LoadRecord&) { return load.witness.sm_mhz; }         },
    {"sm_clock_free",  "MHz",
     [](const LoadResult& load, const LoadRecord&) { return load.witness.sm_mhz_free; }    },
    {"gpu_throttled",  "",
     [](const LoadResult& load, const LoadRecord&) { return load.witness.throttled_share; }},
    {"gpu_foreign",    "",
     [](const LoadResult& load, const LoadRecord&) { return load.witness.foreign_share; }  },
};

// A measure that no request has is left out.
std::vector<const Told*> told_by(const std::vector<const LoadResult*>& loads) {
  std::vector<const Told*> told;
  for (const Told& each : kTold) {
    const bool any = std::ranges::any_of(loads, [&](const LoadResult* load) {
      return std::ranges::any_of(load->records, [&](const LoadRecord& record) {
        return each.of(*load, record).has_value();
      });
    });
    if (any) told.push_back(&each);
  }
  return told;
}

class Rows final : public RowStream {
 public:
  explicit Rows(const std::vector<CaseRow>& rows) : rows_(rows) {}
  bool next(CaseRow& row) override {
    if (at_ == rows_.size()) return false;
    row = rows_[at_++];
    return true;
  }

 private:
  const std::vector<CaseRow>& rows_;
  std::size_t at_ = 0;
};

class LoadRun final : public RunSource {
 public:
  LoadRun(RunHeader header, std::vector<CaseRow> rows)
      : header_(std::move(header)), rows_(std::move(rows)) {}
  const RunHeader& header() const override { return header_; }
  std::unique_ptr<RowStream> rows() const override { return std::make_unique<Rows>(rows_); }

 private:
  RunHeader header_;
  std::vector<CaseRow> rows_;
};

std::optional<double> counted(std::int32_t tokens) {
  if (tokens < 0) return std::nullopt;
  return static_cast<double>(tokens);
}

std::vector<std::optional<double>> values_of(const LoadResult& load, const LoadRecord& record,
                                             const std::vector<Objective>& objectives,
                                             const std::vector<const Told*>& told) {
  const bool failed = record.error != ErrorClass::none;
  const auto unless_failed = [&](std::optional<double> value) {
    return failed ? std::nullopt : value;
  };
  const std::optional<double> input = counted(record.input), output = counted(record.output);
  std::vector<std::optional<double>> values = {
      unless_failed(input),
      unless_failed(output),
      input && output ? unless_failed(*input + *output) : std::nullopt,
      unless_failed(time_of(record, "latency")),
      unless_failed(time_of(record, "ttft")),
      unless_failed(time_of(record, "tpot")),
      unless_failed(time_of(record, "itl")),
      failed ? 1.0 : 0.0,
      unless_failed(counted(record.cached))};
  if (!objectives.empty()) values.emplace_back(is_good(record, objectives) ? 1.0 : 0.0);
  for (const Told* each : told) values.push_back(unless_failed(each->of(load, record)));
  return values;
}

}  // namespace

std::unique_ptr<RunSource> load_run(RunHeader header, const std::vector<const LoadResult*>& loads,
                                    const std::vector<Objective>& objectives) {
  header.measures.clear();
  for (const std::string_view kept : kKept)
    for (const Measure& measure : builtin_measures())
      if (measure.name == kept) header.measures.push_back(measure);
  if (!objectives.empty()) {
    std::string signature = "goodput|version:1";
    for (const Objective& objective : objectives)
      signature += fmt::format("|{}:{:g}ms", objective.metric, objective.limit_ms);
    header.measures.push_back({.name = "goodput",
                               .kind = ScoreKind::binary,
                               .signature = std::move(signature),
                               .builtin = true});
  }
  const std::vector<const Told*> told = told_by(loads);
  for (const Told* each : told)
    header.measures.push_back({.name = each->name,
                               .kind = ScoreKind::positive,
                               .range = builtin_measures().front().range,
                               .better = Better::lower,
                               .signature = std::string(each->name) + "|version:1",
                               .unit = each->unit,
                               .builtin = true});
  std::vector<CaseRow> rows;
  std::map<std::string, std::int64_t> errors;
  header.counts = {};
  for (std::size_t load = 0; load < loads.size(); ++load) {
    for (const LoadRecord& record : loads[load]->records) {
      ++header.counts.made;
      if (!in_window(*loads[load], record)) continue;
      const bool failed = record.error != ErrorClass::none;
      CaseRow row{.id = fmt::format("{:02}-{:08}.{}", load, record.conversation, record.turn),
                  .content = fmt::format("{:016x}", record.conversation),
                  .samples = 1,
                  .failed = failed ? 1 : 0,
                  .values = values_of(*loads[load], record, objectives, told)};
      if (loads.size() > 1) row.group = std::to_string(load);
      row.variances.resize(row.values.size());
      rows.push_back(std::move(row));
      if (!failed) continue;
      ++header.counts.failed;
      ++errors[std::string(name(record.error))];
    }
  }
  std::ranges::sort(rows, {}, &CaseRow::id);
  header.counts.cases = header.counts.samples = static_cast<std::int64_t>(rows.size());
  header.counts.errors.assign(errors.begin(), errors.end());
  return std::make_unique<LoadRun>(std::move(header), std::move(rows));
}

std::vector<std::string> load_measure_names() {
  std::vector<std::string> names(std::begin(kKept), std::end(kKept));
  names.insert(names.end(), {"goodput", "request_throughput", "output_throughput"});
  return names;
}

}  // namespace llmops
