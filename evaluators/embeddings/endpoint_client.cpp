#include "evaluators/embeddings/endpoint_client.h"

#include <fmt/format.h>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/prices/price_table.h"
#include "evaluators/runner/retry.h"

namespace llmops {
namespace {

constexpr std::size_t kRemembered = 64U << 20;  // bytes of vectors in memory

// Another request with fewer texts may do better.
bool blames_the_texts(ErrorClass fault) {
  return fault == ErrorClass::bad_request || fault == ErrorClass::too_long ||
         fault == ErrorClass::content_filter || fault == ErrorClass::too_large;
}

std::shared_ptr<const Request> request_for(std::span<const std::string_view> texts) {
  auto request = std::make_shared<Request>();
  for (const std::string_view text : texts)
    request->messages.push_back(
        {.role = "user",
         .parts = {{.type = "text", .content = std::string(text), .extra = {}}},
         .extra = {}});
  return request;
}

}  // namespace

struct EndpointClient::Missing {
  std::string key;
  std::string_view text;
  Vectors found;
};

std::unique_ptr<EndpointClient> EndpointClient::make(const EmbeddingsProtocol& protocol,
                                                     const Value& model, const Source& source,
                                                     const std::filesystem::path& folder,
                                                     const std::optional<VectorCacheOptions>& cache,
                                                     Diagnostics& problems) {
  std::unique_ptr<SideModel> made =
      SideModel::make(model, source, folder, problems, &protocol.info);
  if (made == nullptr) return nullptr;
  ModelSpec& spec = made->model().spec;
  if (!spec.price && protocol.info.cacheable)
    if (const Price* price = PriceTable::builtin().find(spec.name)) spec.price = *price;
  return std::unique_ptr<EndpointClient>(new EndpointClient(protocol, std::move(made), cache));
}

EndpointClient::EndpointClient(const EmbeddingsProtocol& protocol, std::unique_ptr<SideModel> model,
                               const std::optional<VectorCacheOptions>& cache)
    : protocol_(protocol), model_(std::move(model)) {
  if (cache) cache_.emplace(*cache);
  identity_ = "embeddings|";
  dump_json_sorted(Value(spec().identity), identity_);
}

std::string EndpointClient::shown() const {
  const Value* url = spec().identity.find("base_url");
  std::string text =
      !spec().name.empty() ? spec().name : (url == nullptr ? std::string() : to_text(*url));
  if (!spec().parameters.empty()) dump_json_sorted(Value(spec().parameters), text);
  return text;
}

void EndpointClient::attach(const SideContext& context) {
  context_ = context;
  model_->attach(context);
}

SideUse EndpointClient::use() const {
  SideUse use = model_->use();
  const std::lock_guard lock(mutex_);
  use.cached = cached_;
  return use;
}

std::string EndpointClient::key_of(std::string_view text) const {
  Sha256 hash;
  hash.add(identity_);
  hash.add("|");
  hash.add(text);
  return hash.hex();
}

EndpointClient::Vectors EndpointClient::find(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = recent_.find(key); known != recent_.end()) return known->second;
  }
  if (!cache_ || !context_.read_cache) return nullptr;
  // On disk the number of rows comes first; below 2^24 a float32 holds it exactly.
  std::optional<std::vector<float>> stored = cache_->get(key);
  if (!stored || stored->size() < 2 || (*stored)[0] < 1) return nullptr;
  auto found = std::make_shared<TextVectors>();
  found->rows = static_cast<std::size_t>((*stored)[0]);
  found->values.assign(stored->begin() + 1, stored->end());
  if (found->values.size() % found->rows != 0) return nullptr;
  remember(key, found);
  const std::lock_guard lock(mutex_);
  ++cached_;
  return found;
}

void EndpointClient::keep(const std::string& key, const Vectors& vectors) {
  if (cache_ && context_.write_cache) {
    std::vector<float> stored{static_cast<float>(vectors->rows)};
    stored.insert(stored.end(), vectors->values.begin(), vectors->values.end());
    cache_->put(key, stored.data(), stored.size());
  }
  remember(key, vectors);
}

void EndpointClient::remember(const std::string& key, const Vectors& vectors) {
  const std::lock_guard lock(mutex_);
  recent_bytes_ += vectors->values.size() * sizeof(float);
  if (recent_bytes_ > kRemembered) {
    recent_.clear();
    recent_bytes_ = vectors->values.size() * sizeof(float);
  }
  recent_[key] = vectors;
}

void EndpointClient::ask(std::vector<Missing>& missing) {
  // [first, last) of `missing`, one request each.
  std::vector<std::pair<std::size_t, std::size_t>> waves;
  std::size_t first = 0, characters = 0;
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const std::size_t more = missing[i].text.size();
    if (i > first &&
        (i - first == protocol_.most_texts || characters + more > protocol_.most_characters)) {
      waves.emplace_back(first, i);
      first = i;
      characters = 0;
    }
    characters += more;
  }
  if (first < missing.size()) waves.emplace_back(first, missing.size());

  while (!waves.empty()) {
    std::vector<std::shared_ptr<const Request>> requests;
    for (const auto& [from, to] : waves) {
      std::vector<std::string_view> texts;
      for (std::size_t i = from; i < to; ++i) texts.push_back(missing[i].text);
      requests.push_back(request_for(texts));
    }
    const std::vector<Sample> answers = model_->ask(requests);
    std::vector<std::pair<std::size_t, std::size_t>> again;
    for (std::size_t w = 0; w < waves.size(); ++w) {
      const auto [from, to] = waves[w];
      const Sample& answer = answers[w];
      if (blames_the_texts(answer.error.kind) && to - from > 1) {
        const std::size_t middle = from + (to - from) / 2;
        again.emplace_back(from, middle);
        again.emplace_back(middle, to);
        continue;
      }
      std::vector<TextVectors> vectors;
      std::string why;
      if (answer.error)
        why = fmt::format("{}: {}", name(answer.error.kind), answer.error.message);
      else if (vectors = unpack(answer.text); vectors.size() != to - from)
        why = fmt::format("{} embeddings came for {} texts", vectors.size(), to - from);
      for (std::size_t i = from; i < to; ++i) {
        auto one = std::make_shared<TextVectors>();
        if (why.empty()) *one = std::move(vectors[i - from]);
        if (why.empty() && !protocol_.tokens && one->rows != 1) {
          *one = {};
          one->why = "the endpoint gave a vector for each token, not one for the text";
        } else if (!why.empty()) {
          one->why = why;
        }
        if (one->rows > 0) {
          const std::lock_guard lock(mutex_);
          if (width_ == 0) width_ = one->width();
          if (one->width() != width_) {
            const std::size_t wrong = one->width();
            *one = {};
            one->why = fmt::format("the endpoint gave {} numbers, before that {}", wrong, width_);
          }
        }
        if (one->rows > 0) keep(missing[i].key, one);
        missing[i].found = std::move(one);
      }
    }
    waves = std::move(again);
  }
}

std::vector<EndpointClient::Vectors> EndpointClient::vectors(
    std::span<const std::string_view> texts) {
  std::vector<Vectors> found(texts.size());
  std::vector<std::size_t> place(texts.size());
  std::unordered_map<std::string, std::size_t> places;  // key -> in `missing`
  std::vector<Missing> missing;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::string key = key_of(texts[i]);
    found[i] = find(key);
    if (found[i] != nullptr) continue;
    const auto [at, fresh] = places.emplace(key, missing.size());
    if (fresh) missing.push_back({std::move(key), texts[i], nullptr});
    place[i] = at->second;
  }
  if (!missing.empty()) ask(missing);
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (found[i] == nullptr) found[i] = missing[place[i]].found;
  return found;
}

}  // namespace llmops
