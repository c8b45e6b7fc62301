#include "cli/judges.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/calibration_file.h"
#include "cli/judge_steps.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/own_client.h"
#include "evaluators/runner/budget.h"
#include "evaluators/store/side_calls.h"

namespace llmops {
namespace {

std::string text_of(const Value& mapping, std::string_view key) {
  const Value* found = mapping.find(key);
  return found == nullptr || found->is_null() ? std::string() : to_text(*found);
}

// Who is meant, from the mapping alone: what a signature and a calibration know a judge by. Not
// the address: the same model answers alike from another.
Object identity_of(const Value& mapping) {
  Object identity;
  identity.add("provider", text_of(mapping, "provider"));
  if (const std::string name = text_of(mapping, "name"); !name.empty()) identity.add("name", name);
  if (const Value* parameters = mapping.find("parameters");
      parameters != nullptr && parameters->is_object() && !parameters->object()->empty())
    identity.add("parameters", *parameters);
  return identity;
}

void check_name(const ModelWish& wish, const Source& source, Diagnostics& problems) {
  const ProviderInfo* provider = find_provider(text_of(wish.model, "provider"));
  if (provider == nullptr || !provider->needs_name || !text_of(wish.model, "name").empty()) return;
  problems.push_back(source.problem(wish.model.mark(), "a judge's model without a `name`",
                                    "expected `name:` beside `provider:`"));
}

}  // namespace

void read_judges(Suite& suite, Fields& fields, Diagnostics& problems) {
  const ModelWish common = read_model_wish(fields, "judge");
  const Value under_test = suite.models.size() == 1 ? suite.models.front() : Value();
  const Value common_model = common.under_test ? under_test : common.model;
  for (Evaluator& evaluator : suite.evaluators) {
    AsksModels* asks = asks_models(evaluator.metric.get());
    if (asks == nullptr) continue;
    for (ModelWish& wish : asks->wishes()) {
      const bool inherits = wish.model.is_null() && !wish.under_test;
      if (inherits) wish.under_test = common.under_test;
      if (wish.under_test && suite.models.size() > 1) {
        problems.push_back(suite.source.problem(
            wish.mark,
            fmt::format("`{}` is answered by the model under test, and there are several",
                        evaluator.name),
            "expected a model of its own"));
        continue;
      }
      if (wish.under_test)
        wish.model = under_test;
      else if (inherits)
        wish.model = common_model;
      if (wish.model.is_null()) {
        if (!suite.models.empty())
          problems.push_back(suite.source.problem(
              wish.mark,
              fmt::format("`{}` asks a {}, and nothing says which model that is", evaluator.name,
                          wish.role),
              "expected `model:` in its options, or `judge:` in the suite (a mapping as under "
              "`model:`, or `under_test`)"));
        continue;
      }
      check_name(wish, suite.source, problems);
      wish.identity = identity_of(wish.model);
    }
    renew_signatures(evaluator);
  }
  take_pinned_steps(suite, problems);
}

std::unique_ptr<SideModels> make_side_models(const Suite& suite, const PriceTable& prices,
                                             Diagnostics& problems) {
  auto side = std::make_unique<SideModels>();
  for (const Evaluator& evaluator : suite.evaluators)
    side->add(evaluator, suite.source, suite.folder, problems);
  for (const std::unique_ptr<Model>& model : side->models()) {
    if (model == nullptr) continue;
    const bool under_test = std::ranges::any_of(suite.models, [&](const Value& tested) {
      return dump_json(tested) == dump_json(model->spec.settings);
    });
    if (model->spec.samples_per_call > 1 && !under_test)
      problems.push_back(
          problem("`n` in the parameters of a judge: it is asked for one answer a "
                  "call",
                  "", "leave `n` out, and write `draws:` to have it judge again"));
    if (model->spec.price) continue;
    const ProviderInfo* provider = find_provider(model->spec.provider);
    if (provider == nullptr || !provider->cacheable) continue;
    if (const Price* found = prices.find(model->spec.name)) model->spec.price = *found;
  }
  return side;
}

ConnectedJudges::ConnectedJudges(const Suite& suite, SideModels* models, const Store& store,
                                 const std::string& run_id, const FanOutOptions& fan_out,
                                 const Options& options) {
  if (models != nullptr && !models->empty()) {
    SideRunOptions side{.ttl = options.read_cache ? options.ttl : std::nullopt,
                        .keep = options.write_cache,
                        .max_cost_usd = fan_out.max_cost_usd,
                        .max_tokens = fan_out.max_tokens,
                        .budget = fan_out.budget,
                        .interrupts = fan_out.interrupts,
                        .seed = suite.seed,
                        .on_call = options.on_call};
    for (const SideModels::Asking& asking : models->asking()) {
      const bool other = options.others != nullptr &&
                         std::ranges::any_of(*options.others, [&](const Evaluator& each) {
                           return asks_models(each.metric.get()) == asking.asks;
                         });
      side.run_ids.push_back(other ? options.other_run : run_id);
    }
    if (fan_out.max_time) side.deadline = Clock::now() + *fan_out.max_time;
    run_.emplace(*models, store.folder(), run_id, std::move(side));
  }
  common_ = {.prompt = options.prompt,
             .baseline = options.baseline,
             .seed = suite.seed,
             .read_cache = options.read_cache,
             .write_cache = options.write_cache,
             .interrupts = fan_out.interrupts};
  budget_ = fan_out.budget;
  connect(suite.evaluators, models, run_id);
  if (options.others != nullptr) connect(*options.others, models, options.other_run);
}

void ConnectedJudges::connect(const std::vector<Evaluator>& evaluators, const SideModels* models,
                              const std::string& run_id) {
  for (const Evaluator& evaluator : evaluators) {
    AsksModels* asks = asks_models(evaluator.metric.get());
    if (asks == nullptr) continue;
    Asker* asker = nullptr;
    for (std::size_t i = 0; run_ && i < models->asking().size(); ++i)
      if (models->asking()[i].asks == asks) asker = &run_->asker(i);
    asks_.emplace_back(asks, asker);
    if (auto* const own = dynamic_cast<OwnClient*>(asks)) own->spend_from(budget_);
    runs_.push_back(run_id);
    asks->connect(context_of(*asks));
  }
}

ConnectedJudges::~ConnectedJudges() {
  for (const auto& entry : asks_) {
    if (auto* const own = dynamic_cast<OwnClient*>(entry.first)) own->spend_from(nullptr);
    entry.first->connect({});
  }
}

AskingContext ConnectedJudges::context_of(const AsksModels& asks) const {
  AskingContext context = common_;
  for (const auto& [known, asker] : asks_)
    if (known == &asks) context.asker = asker;
  return context;
}

std::vector<std::string> ConnectedJudges::drift(const Suite& suite, const std::string& run_id) {
  if (!run_ || run_->stopped()) return {};
  // Above every draw of a judge; the same where the run goes on later.
  constexpr int kAnchorDraws = 1'000'000;
  const int draw = kAnchorDraws + static_cast<int>(hash64(run_id) % 1'000'000'000);
  std::vector<std::string> warnings = drift_warnings(suite, common_, draw, asks_);
  for (const auto& [asks, asker] : asks_) asks->connect(context_of(*asks));
  return warnings;
}

std::optional<std::string> ConnectedJudges::stopped() const {
  if (run_)
    if (auto why = run_->stopped()) return why;
  for (const auto& entry : asks_)
    if (dynamic_cast<OwnClient*>(entry.first) != nullptr && entry.first->stopped())
      return budget_->why();
  return std::nullopt;
}

std::vector<SideUse> ConnectedJudges::uses(const Store& store, const std::string& run_id) const {
  std::vector<SideUse> all = side_uses(store.folder(), run_id);
  for (std::size_t i = 0; i < asks_.size(); ++i)
    if (runs_[i] == run_id)
      for (SideUse& use : asks_[i].first->uses()) all.push_back(std::move(use));
  return all;
}

void add_side_uses(RunHeader& header, std::vector<SideUse> uses) {
  for (const SideUse& use : uses) header.cost_usd += use.cost_usd;
  header.side_uses = std::move(uses);
}

}  // namespace llmops
