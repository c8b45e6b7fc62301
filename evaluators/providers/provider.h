#pragma once
// A model under test (or a judge's model), whatever protocol it speaks.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datasets/text/fields.h"
#include "evaluators/prices/price.h"
#include "evaluators/sample.h"
#include "prompts/request.h"

namespace llmops {

class EventLoop;  // evaluators/transport/event_loop.h
class BatchApi;   // evaluators/providers/batch_api.h

struct Timeouts {
  std::chrono::nanoseconds connect = std::chrono::seconds(5);
  std::chrono::nanoseconds first_token = std::chrono::seconds(60);  // streams only
  std::chrono::nanoseconds between_tokens = std::chrono::seconds(30);
  std::chrono::nanoseconds total = std::chrono::seconds(300);
};

struct RetryPolicy {
  int max = 5;  // further attempts after the first
  std::chrono::nanoseconds base = std::chrono::milliseconds(200);
  std::chrono::nanoseconds cap = std::chrono::seconds(30);
};

struct Limits {
  int concurrency = 32;  // at most; cut on "too many requests", and grown again
  int concurrency_start =
      0;  // `concurrency: auto` finds the limit from here; 0: starts at the most
  std::int64_t requests_per_minute = 0;  // 0: none
  std::int64_t tokens_per_minute = 0;
};

// Asks a second time where an answer is late, and takes the first that comes.
struct Hedge {
  std::chrono::nanoseconds after{0};  // 0: the 95th percentile of the answers so far
  double most = 0.05;                 // share of all calls
};

// `model:` of a suite, read and checked.
struct ModelSpec {
  std::string provider;  // openai | replay | ...
  std::string name;      // empty: the prompt's own (`model:` of the prompt file)
  Timeouts timeout;
  RetryPolicy retries;
  Limits limits;
  std::optional<Hedge> hedge;
  std::optional<Price> price;
  bool stream = true;
  int samples_per_call = 1;  // `n` of the parameters: answers that one request may bring
  bool keep_events = false;  // keep every event's stamp in Timeline::events (benchmarks)
  std::string key_variable;  // as api_key_env names it; empty: no key
  std::string account;       // models of one account share its rates; empty: shares with nobody
  Value settings;  // the whole mapping: what the provider itself reads (base_url, path, match, ...)
  Object parameters;  // override the prompt's; a null takes a parameter away
  Object identity;  // what a record keeps of it: provider, name, base_url, parameters; never a key
};

// What one attempt came to, and what the retry policy must know about it.
struct Answer {
  Sample sample;
  // The further answers of an attempt that asked for several, perhaps fewer than it asked for; only
  // with a `sample` that has no error. Each has its share of the attempt's tokens, none has times.
  std::vector<Sample> more;
  std::optional<std::chrono::nanoseconds> retry_after;  // as the server asked
};

// Thread: everything happens on the event loop's thread.
class Provider {
 public:
  // Attempts under way end without a word: no `done` is called any more.
  virtual ~Provider() = default;

  using Done = std::function<void(Answer)>;
  // One attempt. Never blocks, never throws; `done` is called exactly once, perhaps before `ask`
  // returns. The number names the attempt for `cancel`; 0: it cannot be cancelled.
  virtual std::uint64_t ask(const std::shared_ptr<const Request>& request,
                            Clock::time_point scheduled, Done done) = 0;

  // The same for up to `count` answers at once (ModelSpec::samples_per_call at most): those of the
  // samples from the request's own on.
  virtual std::uint64_t ask_several(const std::shared_ptr<const Request>& request, int count,
                                    Clock::time_point scheduled, Done done) {
    static_cast<void>(count);
    return ask(request, scheduled, std::move(done));
  }

  // Ends an attempt, or every attempt under way, with ErrorClass::cancelled, soon; one that has
  // ended is left alone.
  virtual void cancel(std::uint64_t attempt) { static_cast<void>(attempt); }
  virtual void cancel_all() {}

  // How its batches are asked for (`eval --batch`); nullptr: it has none.
  virtual const BatchApi* batch() const { return nullptr; }
};

struct ProviderInfo {
  std::string_view name;
  std::string_view summary;
  bool needs_name;  // `name:` (or the prompt's `model:`) goes over the wire
  // Answers cost money and depend on nothing but the request: the response cache may keep them.
  bool cacheable = false;
  // Reads the provider's own keys of `model:` and notes every problem; may add to `model.identity`.
  // `folder`: where relative paths count from. Opens files (a recording that is not there is a
  // problem), calls nobody. nullptr only where problems were noted.
  std::unique_ptr<Provider> (*make)(ModelSpec& model, Fields& fields,
                                    const std::filesystem::path& folder, EventLoop& loop);
};

// All providers of providers/providers.def, in its order.
std::span<const ProviderInfo* const> providers();
const ProviderInfo* find_provider(std::string_view name);

// Reads the keys that all providers share, and with `find_provider(...)->make` the provider's own;
// unknown keys are noted. nullptr only where problems were noted.
struct Model {
  ModelSpec spec;
  std::vector<std::unique_ptr<Model>> fallback;  // asked in turn where this one fails
  std::unique_ptr<Provider> provider;
};
std::unique_ptr<Model> make_model(const Value& value, const Source& source,
                                  const std::filesystem::path& folder, EventLoop& loop,
                                  Diagnostics& problems);

}  // namespace llmops
