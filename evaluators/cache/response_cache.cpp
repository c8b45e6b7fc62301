#include "evaluators/cache/response_cache.h"

#include <algorithm>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/store/database.h"
#include "evaluators/store/stored_answer.h"

namespace llmops {
CacheKeys::CacheKeys(const ModelSpec& model) : named_(!model.name.empty()) {
  dump_json_sorted(Value(model.identity), asked_);
  asked_ += model.stream ? 's' : 'd';
  model_size_ = prompt_size_ = asked_.size();
}

std::string CacheKeys::key(const Request& request) {
  if (request.prompt != prompt_) {
    prompt_ = request.prompt;
    asked_.resize(model_size_);
    if (prompt_) {
      dump_json_sorted(Value(prompt_->parameters), asked_);
      dump_json_sorted(prompt_->response_format, asked_);
      dump_json_sorted(prompt_->tools, asked_);
      if (!named_) dump_json_string(prompt_->model, asked_);
    }
    prompt_size_ = asked_.size();
  }
  asked_.resize(prompt_size_);
  const bool plain = std::ranges::all_of(request.messages, [](const Message& message) {
    return std::ranges::all_of(message.parts, [](const Part& part) { return part.type == "text"; });
  });
  if (!plain) asked_ += request_sha256(request);  // reads the files
  for (const Message& message : request.messages) {
    dump_json_string(message.role, asked_);
    for (const Part& part : message.parts) {
      dump_json_string(part.content, asked_);
      if (!part.extra.empty()) dump_json_sorted(Value(part.extra), asked_);
    }
    if (!message.extra.empty()) dump_json_sorted(Value(message.extra), asked_);
    asked_ += ';';
  }
  asked_ += '#';
  asked_ += std::to_string(request.sample);
  return sha256(asked_).substr(0, 32);
}

bool worth_caching(const Sample& sample) {
  return !sample.error && !sample.cached && sample.fallback == 0;
}

ResponseCache::ResponseCache(const std::filesystem::path& folder, std::chrono::seconds ttl)
    : database_(std::make_unique<Database>(folder)), ttl_(ttl) {
  find_ = std::make_unique<Statement>(database_->prepare(
      "SELECT c.answer, c.input_tokens, c.output_tokens, c.cached_tokens, c.reasoning_tokens, "
      "c.cost_usd FROM cache k JOIN calls c ON c.number = k.call "
      "WHERE k.key = ? AND k.made > ? AND c.error IS NULL"));
}

ResponseCache::~ResponseCache() = default;

std::optional<Sample> ResponseCache::find(const std::string& key) {
  find_->bind(1, key).bind(2, seconds_now() - ttl_.count());
  std::optional<Sample> found;
  if (find_->step()) found = stored_answer(*find_);
  find_->reset();
  return found;
}

CacheStats ResponseCache::stats() const {
  CacheStats stats;
  Statement entries = database_->prepare("SELECT count(*), min(made), max(made) FROM cache");
  entries.step();
  stats.entries = entries.integer(0);
  stats.oldest = whole_number(entries, 1);
  stats.newest = whole_number(entries, 2);
  Statement hits = database_->prepare(
      "SELECT count(*), coalesce(sum(cost_usd), 0.0) FROM calls WHERE cached = 1");
  hits.step();
  stats.hits = hits.integer(0);
  stats.saved_usd = hits.number(1);
  return stats;
}

std::int64_t ResponseCache::clear(std::chrono::seconds older_than) {
  Transaction transaction(*database_);
  Statement old = database_->prepare("SELECT count(*) FROM cache WHERE made <= ?");
  const std::int64_t before = seconds_now() - older_than.count();
  old.bind(1, before).step();
  const std::int64_t forgotten = old.integer(0);
  old.reset();
  database_->prepare("DELETE FROM cache WHERE made <= ?").bind(1, before).run();
  database_->prepare("UPDATE side_calls SET reusable = 0 WHERE reusable = 1 AND made <= ?")
      .bind(1, before)
      .run();
  transaction.commit();
  return forgotten;
}

}  // namespace llmops
