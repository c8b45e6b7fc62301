#include "cli/forecast.h"

#include <fmt/format.h>

#include <algorithm>

#include "ci/gate/wording.h"
#include "cli/outputs.h"
#include "datasets/text/utf8.h"
#include "evaluators/providers/provider.h"

namespace llmops {
namespace {

// Answers of chat models to short questions; only where neither a run nor `max_tokens` tells.
constexpr double kOutputTokens = 256;

std::optional<double> mean_of(const Summary& summary, const std::string& measure) {
  const MeasureSummary* found = summary.find(measure);
  return found == nullptr || found->n == 0 ? std::nullopt : found->mean;
}

bool of_suite(const StoredRunInfo& info, const std::filesystem::path& suite) {
  const Value* stored = info.spec.find("suite");
  std::error_code ignored;
  return stored != nullptr && info.header.complete &&
         std::filesystem::equivalent(to_text(*stored), suite, ignored);
}

// The run asked one of the suite's prompts: it foretells better than another.
bool of_its_cells(const RunHeader& header, const Suite& suite) {
  const auto text = [](const Object& from, std::string_view key) {
    const Value* found = from.find(key);
    return found == nullptr ? "" : to_text(*found);
  };
  return std::ranges::any_of(suite.prompts, [&](const auto& prompt) {
    return text(header.prompt, "name") == prompt->name &&
           text(header.prompt, "version") == prompt->version;
  });
}

std::optional<double> number_at(const Value& model, std::string_view path) {
  const Value* found = find_path(model, path);
  return found != nullptr && found->is_number() ? std::optional(found->number()) : std::nullopt;
}

std::string text_at(const Value& model, std::string_view key) {
  const Value* found = model.find(key);
  return found == nullptr ? "" : to_text(*found);
}

std::optional<double> longest_answer(const Prompt& prompt, const Value& model) {
  for (const std::string_view key : {"max_completion_tokens", "max_tokens"}) {
    if (const auto given = number_at(model, fmt::format("/parameters/{}", key))) return given;
    if (const Value* given = prompt.parameters.find(key); given != nullptr && given->is_number())
      return given->number();
  }
  return std::nullopt;
}

// Calls at the usual latency, as many at once as are allowed; never quicker than the rates.
std::optional<double> time_of(const CellForecast& cell, const Value& model,
                              const Earlier& earlier) {
  const auto calls = static_cast<double>(cell.calls);
  std::optional<double> seconds;
  if (earlier.latency_ms)
    seconds = calls * *earlier.latency_ms / 1e3 /
              std::max(1.0, std::min(calls, number_at(model, "/limits/concurrency").value_or(32)));
  const auto at_least = [&](std::optional<double> rate, double amount) {
    if (rate && *rate > 0) seconds = std::max(seconds.value_or(0), amount / *rate * 60);
  };
  at_least(number_at(model, "/limits/requests_per_minute"), calls);
  at_least(number_at(model, "/limits/tokens_per_minute"),
           cell.input_tokens.value_or(0) + cell.output_tokens.value_or(0));
  return seconds;
}

// What the input of one call is, and how that is known.
double input_of(const Prompt& prompt, const PromptTokens& tokens, double counted,
                const Earlier& earlier, std::string& from) {
  if (earlier.input_tokens && (tokens.estimated || earlier.prompt_sha256 == prompt.sha256)) {
    from = "run " + earlier.run;
    return *earlier.input_tokens;
  }
  from = tokens.estimated ? "input tokens estimated" : "counted with " + tokens.counted_with;
  return counted;
}

// Samples of a case that one call brings: `n` of the parameters.
std::int64_t samples_per_call(const Value& model) {
  const bool may = text_at(model, "provider") == "openai";
  const double n = may ? number_at(model, "/parameters/n").value_or(1) : 1;
  return n >= 1 && n <= 1000 ? static_cast<std::int64_t>(n) : 1;
}

CellForecast forecast_cell(const Prompt& prompt, const Value& model, const PromptTokens& tokens,
                           double counted, std::int64_t samples, std::int64_t calls,
                           const Earlier& earlier, const PriceTable& prices) {
  CellForecast cell{
      .prompt = fmt::format("{}@{}", prompt.name, prompt.version),
      .model = text_at(model, "name").empty() ? text_at(model, "provider") : text_at(model, "name"),
      .samples = samples,
      .calls = calls};
  const auto all = static_cast<double>(samples);
  // The question is paid for with each call; an earlier run's samples have their shares of it.
  const double asked = counted * static_cast<double>(calls) / std::max(1.0, all);
  cell.input_tokens = input_of(prompt, tokens, asked, earlier, cell.tokens_from) * all;
  if (earlier.output_tokens) {
    cell.output_tokens = *earlier.output_tokens * all;
  } else if (const auto longest = longest_answer(prompt, model)) {
    cell.output_tokens = *longest * all;
    cell.tokens_from += ", output at most max_tokens";
  } else {
    cell.output_tokens = kOutputTokens * all;
    cell.tokens_from += fmt::format(", output assumed {} tokens a call", kOutputTokens);
  }
  if (const auto price = price_of(model, prompt.model, prices, cell.prices_from))
    cell.cost_usd = (*cell.input_tokens * price->input + *cell.output_tokens * price->output) / 1e6;
  else if (earlier.cost_usd)
    cell.cost_usd = *earlier.cost_usd * all;
  cell.time_s = time_of(cell, model, earlier);
  return cell;
}

std::string duration(double seconds) {
  if (seconds < 1) return "under 1 s";
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

}  // namespace

std::optional<Price> price_of(const Value& model, const std::string& otherwise,
                              const PriceTable& table, std::string& from) {
  if (const auto input = number_at(model, "/price/input")) {
    from = "the suite's price";
    Price price;
    price.input = *input;
    price.output = number_at(model, "/price/output").value_or(0);
    return price;
  }
  const ProviderInfo* provider = find_provider(text_at(model, "provider"));
  if (provider == nullptr || !provider->cacheable) return std::nullopt;
  const std::string name = text_at(model, "name");
  const Price* listed = table.find(name.empty() ? otherwise : name);
  if (listed == nullptr) return std::nullopt;
  from = table.origin();
  return *listed;
}

Result<Earlier> find_earlier(const StoreOptions& where, const std::string& run,
                             const Suite& suite) {
  Earlier earlier;
  std::shared_ptr<const RunSource> baseline;
  if (suite.gate && suite.gate->baseline)
    if (Result<std::shared_ptr<const RunSource>> opened = open_baseline(*suite.gate->baseline))
      baseline = *std::move(opened);
  std::vector<StoredRunInfo> runs;
  const Result<std::shared_ptr<Store>> store = open_store(where);
  if (store) {
    if (!run.empty()) {
      Result<StoredRunInfo> named = (*store)->find_run(run);
      if (!named) return named.problems();
      runs.push_back(*std::move(named));
    } else {
      for (StoredRunInfo& info : (*store)->runs())
        if (of_suite(info, suite.file)) runs.push_back(std::move(info));
      std::stable_partition(runs.begin(), runs.end(), [&](const StoredRunInfo& info) {
        return of_its_cells(info.header, suite);
      });
    }
  } else if (!run.empty()) {
    return store.problems();
  }

  const auto take_judges = [&](const RunHeader& header) {
    const bool paid = std::ranges::any_of(
        header.side_uses, [](const SideUse& use) { return use.answered > use.cached; });
    if (!paid || !earlier.judges_run.empty()) return;
    earlier.judges = header.side_uses;
    earlier.judges_run = header.id;
  };
  for (const StoredRunInfo& info : runs) take_judges(info.header);
  if (baseline != nullptr) take_judges(baseline->header());

  std::vector<std::string> ignored;
  std::optional<Summary> summary;
  if (!runs.empty()) {
    const RunHeader& header = runs.front().header;
    if (baseline != nullptr && baseline->header().id == header.id) baseline = nullptr;
    if (baseline == nullptr && runs.size() > 1) baseline = (*store)->open_run(runs[1].header);
    Decided decided = decide_run(**store, header, suite.gate ? &*suite.gate : nullptr, baseline);
    earlier.run = header.id;
    earlier.prompt_sha256 = text_at(header.prompt, "sha256");
    earlier.comparison = std::move(decided.comparison);
    summary = std::move(decided.summary);
  } else if (baseline != nullptr) {
    earlier.run = baseline->header().id;
    earlier.prompt_sha256 = text_at(baseline->header().prompt, "sha256");
    summary = summarize(*baseline, ignored);
  }
  if (summary) {
    earlier.input_tokens = mean_of(*summary, "input_tokens");
    earlier.output_tokens = mean_of(*summary, "output_tokens");
    earlier.cost_usd = mean_of(*summary, "cost_per_case");
    earlier.latency_ms = mean_of(*summary, "latency");
  }
  return earlier;
}

MessageCounter::MessageCounter(const Suite& suite, std::shared_ptr<const TokenCounter> counter)
    : suite_(suite), counter_(std::move(counter)), sums_(suite.prompts.size(), 0.0) {}

void MessageCounter::add(const Case& row, Diagnostics& found) {
  ++cases_;
  for (std::size_t i = 0; i < suite_.prompts.size(); ++i) {
    const Result<std::vector<Message>> messages = render_messages(*suite_.prompts[i], row);
    if (!messages) append(found, messages.problems());
    if (!messages || counter_ == nullptr) continue;
    for (const Message& message : *messages)
      for (const Part& part : message.parts)
        if (part.type == "text") sums_[i] += static_cast<double>(counter_->count(part.content));
  }
}

PromptTokens MessageCounter::tokens() const {
  PromptTokens tokens{.per_case = sums_};
  for (double& each : tokens.per_case)
    each /= static_cast<double>(std::max<std::int64_t>(1, cases_));
  if (counter_ != nullptr) {
    tokens.counted_with = counter_->name();
    tokens.estimated = counter_->estimated();
  }
  return tokens;
}

std::vector<CellForecast> forecast(const Suite& suite, std::int64_t cases,
                                   const PromptTokens& tokens, const Earlier& earlier,
                                   const PriceTable& prices) {
  std::vector<CellForecast> cells;
  for (std::size_t i = 0; i < suite.prompts.size(); ++i)
    for (const Value& model : suite.models) {
      const std::int64_t together = samples_per_call(model);
      const std::int64_t calls = cases * ((suite.samples + together - 1) / together);
      cells.push_back(forecast_cell(*suite.prompts[i], model, tokens, tokens.per_case[i],
                                    cases * suite.samples, calls, earlier, prices));
    }
  return cells;
}

Object cell_value(const CellForecast& cell) {
  Object out{
      {"prompt",      cell.prompt     },
      {"model",       cell.model      },
      {"calls",       cell.calls      },
      {"tokens_from", cell.tokens_from}
  };
  if (cell.input_tokens) out.add("input_tokens", *cell.input_tokens);
  if (cell.output_tokens) out.add("output_tokens", *cell.output_tokens);
  if (cell.cost_usd) out.add("cost_usd", *cell.cost_usd);
  if (!cell.prices_from.empty()) out.add("prices_from", cell.prices_from);
  if (cell.time_s) out.add("time_s", *cell.time_s);
  return out;
}

std::string cell_text(const CellForecast& cell) {
  const auto about = [](const std::optional<double>& value) {
    return value ? grouped(static_cast<std::int64_t>(*value + 0.5)) : std::string("unknown");
  };
  return fmt::format("{} · {}: input tokens {}, output tokens {}, cost {}, time {} ({}{}{})",
                     cell.prompt, cell.model, about(cell.input_tokens), about(cell.output_tokens),
                     cell.cost_usd ? fmt::format("${:.4f}", *cell.cost_usd) : "unknown",
                     cell.time_s ? duration(*cell.time_s) : "unknown", cell.tokens_from,
                     cell.prices_from.empty() ? "" : "; ", cell.prices_from);
}

}  // namespace llmops
