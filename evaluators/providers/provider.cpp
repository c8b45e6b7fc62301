#include "evaluators/providers/provider.h"

#include "evaluators/providers/make_model.h"
#include "evaluators/providers/recorder.h"

namespace llmops {
namespace {

Timeouts read_timeouts(const Value& value, const Source& source, Diagnostics& problems) {
  Timeouts timeouts;
  Fields fields(value, source, problems, "`timeout`");
  const auto read = [&](std::string_view key, std::chrono::nanoseconds& into) {
    const auto given = fields.duration(key);
    if (given && given->count() == 0)
      fields.error(fields.mark(key), "`" + std::string(key) + "` is 0",
                   "expected a duration above 0");
    else if (given)
      into = *given;
  };
  read("connect", timeouts.connect);
  read("first_token", timeouts.first_token);
  read("between_tokens", timeouts.between_tokens);
  read("total", timeouts.total);
  fields.finish();
  return timeouts;
}

RetryPolicy read_retries(const Value& value, const Source& source, Diagnostics& problems) {
  RetryPolicy retries;
  Fields fields(value, source, problems, "`retries`");
  retries.max = static_cast<int>(fields.integer("max", {0, 1000}).value_or(retries.max));
  retries.base = fields.duration("base").value_or(retries.base);
  retries.cap = fields.duration("cap").value_or(retries.cap);
  fields.finish();
  return retries;
}

Limits read_limits(const Value& value, const Source& source, Diagnostics& problems) {
  Limits limits;
  Fields fields(value, source, problems, "`limits`");
  const Value* concurrency = value.find("concurrency");
  if (concurrency != nullptr && concurrency->is_string() && *concurrency->string() == "auto") {
    fields.value("concurrency");
    limits.concurrency = 100;  // Inspect's bounds
    limits.concurrency_start = 20;
  } else {
    limits.concurrency =
        static_cast<int>(fields.integer("concurrency", {1, 100000}).value_or(limits.concurrency));
  }
  limits.requests_per_minute = fields.integer("requests_per_minute", {0}).value_or(0);
  limits.tokens_per_minute = fields.integer("tokens_per_minute", {0}).value_or(0);
  fields.finish();
  return limits;
}

Hedge read_hedge(const Value& value, const Source& source, Diagnostics& problems) {
  Hedge hedge;
  Fields fields(value, source, problems, "`hedge`");
  const Value* after = value.find("after");
  if (after != nullptr && after->is_string() && *after->string() == "p95")
    fields.value("after");
  else
    hedge.after = fields.duration("after").value_or(hedge.after);
  hedge.most = fields.number("most", {0, 1}).value_or(hedge.most);
  fields.finish();
  return hedge;
}

std::vector<std::string_view> provider_names() {
  std::vector<std::string_view> names;
  for (const ProviderInfo* info : providers()) names.push_back(info->name);
  return names;
}

}  // namespace

#define LLMOPS_PROVIDER(info) extern const ProviderInfo info;
#include "evaluators/providers/providers.def"
#undef LLMOPS_PROVIDER

std::span<const ProviderInfo* const> providers() {
  static constexpr const ProviderInfo* kAll[] = {
#define LLMOPS_PROVIDER(info) &info,
#include "evaluators/providers/providers.def"
#undef LLMOPS_PROVIDER
  };
  return kAll;
}

const ProviderInfo* find_provider(std::string_view name) {
  for (const ProviderInfo* info : providers())
    if (info->name == name) return info;
  return nullptr;
}

namespace {

// `info`: the protocol, where the mapping need not name it.
std::unique_ptr<Model> make_one(const ProviderInfo* info, const Value& value, const Source& source,
                                const std::filesystem::path& folder, EventLoop& loop,
                                Diagnostics& problems, bool may_fall_back) {
  const auto problems_before = static_cast<std::ptrdiff_t>(problems.size());
  Fields fields(value, source, problems, "`model`");
  auto model = std::make_unique<Model>();
  ModelSpec& spec = model->spec;
  spec.settings = value;
  const ProviderInfo* const settled = info;
  if (settled != nullptr) {
    if (fields.has("provider")) fields.one_of("provider", std::span(&settled->name, 1));
  } else if (value.is_object() && !fields.has("provider")) {
    fields.missing("provider", expected_one_of(provider_names()));
  } else if (const auto name = fields.one_of("provider", provider_names())) {
    info = find_provider(*name);
  }
  if (info == nullptr) return nullptr;

  spec.provider = info->name;
  spec.name = fields.text("name").value_or("");
  spec.stream = fields.boolean("stream").value_or(spec.stream);
  if (const Value* timeout = fields.mapping("timeout"))
    spec.timeout = read_timeouts(*timeout, source, problems);
  if (const Value* retries = fields.mapping("retries"))
    spec.retries = read_retries(*retries, source, problems);
  if (const Value* limits = fields.mapping("limits"))
    spec.limits = read_limits(*limits, source, problems);
  if (const Value* hedge = fields.mapping("hedge"))
    spec.hedge = read_hedge(*hedge, source, problems);
  if (const Value* price = fields.mapping("price"))
    spec.price = read_price(*price, source, problems);
  if (const Value* parameters = fields.mapping("parameters"))
    spec.parameters = *parameters->object();

  spec.identity.add("provider", spec.provider);
  if (!spec.name.empty()) spec.identity.add("name", spec.name);
  if (!spec.parameters.empty()) spec.identity.add("parameters", spec.parameters);
  model->provider = info->make(spec, fields, folder, loop);
  if (const auto record = fields.text("record")) {
    const std::filesystem::path file = folder / *record;
    if (file.has_parent_path() && !std::filesystem::is_directory(file.parent_path()))
      fields.error(fields.mark("record"), "`record` names a file in a folder that is not there", "",
                   "make the folder first", record->size());
    else if (model->provider)
      model->provider = recording_to(file, std::move(model->provider));
  }
  if (may_fall_back)
    if (const Value* chain = fields.list("fallback")) {
      List names;
      for (const Value& each : *chain->list()) {
        auto next = make_one(settled, each, source, folder, loop, problems, false);
        if (!next) continue;
        names.emplace_back(next->spec.identity);
        model->fallback.push_back(std::move(next));
      }
      spec.identity.add("fallback", std::move(names));
    }
  fields.finish();
  if (has_errors(Diagnostics(problems.begin() + problems_before, problems.end()))) return nullptr;
  return model;
}

}  // namespace

std::unique_ptr<Model> make_model(const Value& value, const Source& source,
                                  const std::filesystem::path& folder, EventLoop& loop,
                                  Diagnostics& problems) {
  return make_one(nullptr, value, source, folder, loop, problems, true);
}

std::unique_ptr<Model> make_model_of(const ProviderInfo& protocol, const Value& value,
                                     const Source& source, const std::filesystem::path& folder,
                                     EventLoop& loop, Diagnostics& problems) {
  return make_one(&protocol, value, source, folder, loop, problems, true);
}

}  // namespace llmops
