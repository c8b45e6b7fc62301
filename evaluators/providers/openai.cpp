// Chat completions: OpenAI's route and everything that speaks it (vLLM, SGLang, TGI, TensorRT-LLM,
// Ollama, llama.cpp, LiteLLM, OpenRouter, Gemini's and Azure's variants).
#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/json.h"
#include "evaluators/providers/batch_api.h"
#include "evaluators/providers/chat_answer.h"
#include "evaluators/providers/chat_request.h"
#include "evaluators/providers/http_model.h"
#include "evaluators/providers/repeated_chunk.h"
#include "evaluators/providers/usage_shares.h"

namespace llmops {
namespace {

// Of `count` choices at most: what each of them says comes apart by its index.
class ChatReader final : public AnswerReader {
 public:
  explicit ChatReader(int count) {
    for (int i = 0; i < count; ++i) choices_.emplace_back(i);
  }

  EventGain on_event(std::string_view, std::string_view data) override {
    if (data == "[DONE]") {
      done_ = true;
      return {};
    }
    if (const auto text = like_last_.text_of(data)) return choices_.front().add_text_alone(*text);
    const Result<Value> event = parse_json(data, "stream");
    if (!event) {
      fault_ = {ErrorClass::bad_json, "an event of the stream is " + event.problems()[0].what};
      return {};
    }
    const std::size_t before = choices_.front().text().size();
    EventGain gain = choices_.front().add_chunk(*event);
    if (gain.text_alone && choices_.size() == 1)
      like_last_.learn(data, std::string_view(choices_.front().text()).substr(before));
    for (std::size_t i = 1; i < choices_.size(); ++i) {
      const EventGain more = choices_[i].add_chunk(*event);
      gain.payload = gain.payload || more.payload;
    }
    return gain;
  }
  void on_document(std::string_view body) override {
    const Result<Value> document = parse_json(body, "answer");
    if (document)
      for (ChatAnswer& choice : choices_) choice.add_document(*document);
    else
      fault_ = {ErrorClass::bad_json, "the answer is " + document.problems()[0].what};
  }
  bool complete() const override { return done_; }
  bool finished() const override {
    return done_ || std::ranges::all_of(choices_, [&](const ChatAnswer& choice) {
             return !choice.finish_reason().empty() ||
                    (&choice != &choices_.front() && !choice.has_choice());
           });
  }
  bool has_answer() const override {
    return std::ranges::any_of(choices_, &ChatAnswer::has_answer);
  }
  const CallError& fault() const override {
    if (fault_) return fault_;
    const ChatAnswer& first = choices_.front();
    if (first.error()) return first.error();
    // With several the others may be whole, and the first is handed over as what it is.
    const bool others = std::any_of(choices_.begin() + 1, choices_.end(), &is_whole);
    return others ? fault_ : first.choice_error();
  }
  void move_into(Sample& sample) override {
    if (choices_.size() == 1) return choices_.front().move_into(sample);
    // Samples are all alike: the one of an answer without fault goes first.
    std::stable_partition(choices_.begin(), choices_.end(), &is_whole);
    const auto given = std::find_if(choices_.begin() + 1, choices_.end(),
                                    [](const ChatAnswer& choice) { return !choice.has_choice(); });
    choices_.erase(given, choices_.end());
    std::vector<double> lengths;
    for (const ChatAnswer& choice : choices_) lengths.push_back(choice.length());
    choices_.front().move_into(sample);
    if (sample.error) return;  // all that it cost is this sample's
    shares_ = usage_shares(sample.usage, lengths);
    sample.usage = shares_.front();
  }
  std::vector<Sample> move_more() override {
    std::vector<Sample> more(choices_.size() - 1);
    for (std::size_t i = 0; i < more.size(); ++i) {
      ChatAnswer& choice = choices_[i + 1];
      choice.move_into(more[i]);
      more[i].usage = shares_[i + 1];
      more[i].error = choice.choice_error();
      if (!more[i].error && !choice.has_answer())
        more[i].error = {ErrorClass::empty_choices, "the answer is empty"};
    }
    return more;
  }

 private:
  static bool is_whole(const ChatAnswer& choice) {
    return choice.has_answer() && !choice.choice_error();
  }

  std::vector<ChatAnswer> choices_;
  std::vector<Usage> shares_;
  RepeatedChunk like_last_;
  CallError fault_;
  bool done_ = false;
};

// `n` of the parameters is no parameter of every call: a call asks for as many as are wanted.
void read_several(ModelSpec& model, Fields& fields) {
  constexpr double kMost = 128;  // OpenAI's own
  const Value* n = model.parameters.find("n");
  if (n == nullptr || n->is_null()) return;
  if (!n->is_integer() || n->number() < 1 || n->number() > kMost)
    return fields.error(n->mark(), fmt::format("`n` is {}", to_text(*n)),
                        fmt::format("expected a whole number from 1 to {}", kMost));
  model.samples_per_call = static_cast<int>(n->number());
}

std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields, const std::filesystem::path&,
                               EventLoop& loop) {
  const std::string accept =
      model.stream ? "Accept: text/event-stream, application/json" : "Accept: application/json";
  Endpoint endpoint = read_endpoint(model, fields, "https://api.openai.com/v1", "/chat/completions",
                                    KeyHeader(), {"Content-Type: application/json", accept});
  // OpenAI's own newer models refuse `max_tokens`; others know only that name.
  const bool new_length_name = endpoint.base_url.starts_with("https://api.openai.com/");
  const auto writer = std::make_shared<ChatRequestWriter>(model, new_length_name);
  read_several(model, fields);
  const auto write = [writer](const Request& request, int count) {
    return writer->body(request, count);
  };
  const auto read = [](int count) { return std::make_unique<ChatReader>(count); };
  auto batch =
      chat_batches({.base_url = endpoint.base_url,
                    .query = endpoint.query,
                    .headers = endpoint.own_headers,
                    .secret = endpoint.secret,
                    .write = [writer](const Request& request) { return writer->body(request); },
                    .read = [] { return std::make_unique<ChatReader>(1); }});
  return std::make_unique<HttpModel>(model, std::move(endpoint), loop, write, read,
                                     std::move(batch));
}

}  // namespace

extern const ProviderInfo kOpenAi;
constexpr ProviderInfo kOpenAi{
    .name = "openai",
    .summary =
        "chat completions: OpenAI, vLLM, SGLang, TGI, TensorRT-LLM, Ollama, llama.cpp, Azure, ...",
    .needs_name = true,
    .cacheable = true,
    .make = &make,
};

}  // namespace llmops
