#pragma once
// Answers that were paid for once, found again by what was asked. The answers themselves lie with
// the runs that asked them (evaluators/store); the cache is an index over them, so it costs one
// small row a call and is as durable as they are.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "evaluators/providers/provider.h"

namespace llmops {

class Database;
class Statement;

// Keys of requests to one model: 32 hexadecimal digits over who is asked (provider, address, model,
// parameters, fallback chain, streamed or not) and what (all messages, the prompt's parameters,
// tools and response format, the number of the sample). API keys and time-outs are no part of it.
// Files that a message names count with their content.
class CacheKeys {
 public:
  explicit CacheKeys(const ModelSpec& model);
  std::string key(const Request& request);

 private:
  bool named_;         // by the suite; else by the prompt
  std::string asked_;  // what is the same for all requests of a model and prompt comes first
  std::shared_ptr<const Prompt> prompt_;
  std::size_t model_size_ = 0, prompt_size_ = 0;
};

// Whether an answer may be given again: a whole one, of the model that was asked.
bool worth_caching(const Sample& sample);

struct CacheStats {
  std::int64_t entries = 0;
  std::int64_t hits = 0;                       // samples that all stored runs took from the cache
  double saved_usd = 0;                        // what those had cost when they were asked
  std::optional<std::int64_t> oldest, newest;  // seconds since 1970
};

// One thread. Errors of the file throw std::runtime_error that names it.
class ResponseCache {
 public:
  // Reads the store of `folder`, which exists. Answers older than `ttl` are not given.
  ResponseCache(const std::filesystem::path& folder, std::chrono::seconds ttl);
  ~ResponseCache();
  ResponseCache(const ResponseCache&) = delete;
  ResponseCache& operator=(const ResponseCache&) = delete;

  // The answer with its tokens and its cost then; `cached`, without times and attempts.
  std::optional<Sample> find(const std::string& key);

  CacheStats stats() const;
  // Forgets entries that are older than this (0: all); how many. The runs keep their answers.
  std::int64_t clear(std::chrono::seconds older_than);

 private:
  std::unique_ptr<Database> database_;
  std::unique_ptr<Statement> find_;
  std::chrono::seconds ttl_;
};

}  // namespace llmops
