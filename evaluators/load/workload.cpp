#include "evaluators/load/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <stdexcept>

#include "datasets/random.h"
#include "evaluators/load/arrivals.h"

namespace llmops {
namespace {

// Short, frequent English words: most vocabularies hold each as one token.
constexpr std::array<std::string_view, 128> kWords = {
    "the",    "of",     "and",   "to",     "in",    "is",      "it",   "you",   "that",  "he",
    "was",    "for",    "on",    "are",    "with",  "as",      "his",  "they",  "be",    "at",
    "one",    "have",   "this",  "from",   "or",    "had",     "by",   "hot",   "but",   "some",
    "what",   "there",  "we",    "can",    "out",   "other",   "were", "all",   "your",  "when",
    "up",     "use",    "word",  "how",    "said",  "an",      "each", "she",   "which", "do",
    "their",  "time",   "if",    "will",   "way",   "about",   "many", "then",  "them",  "would",
    "write",  "like",   "so",    "these",  "her",   "long",    "make", "thing", "see",   "him",
    "two",    "has",    "look",  "more",   "day",   "could",   "go",   "come",  "did",   "my",
    "sound",  "no",     "most",  "number", "who",   "over",    "know", "water", "than",  "call",
    "first",  "people", "may",   "down",   "side",  "been",    "now",  "find",  "any",   "new",
    "work",   "part",   "take",  "get",    "place", "made",    "live", "where", "after", "back",
    "little", "only",   "round", "man",    "year",  "came",    "show", "every", "good",  "me",
    "give",   "our",    "under", "name",   "very",  "through", "just", "form"};

std::int64_t draw(const LengthSpec& spec, Random& random) {
  const double value =
      spec.stddev > 0 ? spec.mean + spec.stddev * standard_normal(random) : spec.mean;
  return std::clamp(static_cast<std::int64_t>(std::llround(value)), spec.low, spec.high);
}

// Requests of one output length share a prompt, so that its parameters are written once.
class Prompts {
 public:
  explicit Prompts(bool ignore_eos) : ignore_eos_(ignore_eos) {}
  std::shared_ptr<const Prompt> with_length(std::int64_t max_tokens) {
    auto& prompt = made_[max_tokens];
    if (prompt == nullptr) {
      auto fresh = std::make_shared<Prompt>();
      fresh->name = "benchmark";
      if (max_tokens > 0) fresh->parameters.add("max_tokens", max_tokens);
      if (ignore_eos_) fresh->parameters.add("ignore_eos", true);
      prompt = std::move(fresh);
    }
    return prompt;
  }

 private:
  bool ignore_eos_;
  std::map<std::int64_t, std::shared_ptr<const Prompt>> made_;
};

Message message(std::string role, std::string text) {
  Message made{.role = std::move(role)};
  made.parts.push_back({.type = "text", .content = std::move(text)});
  return made;
}

class MadeTexts final : public Workload {
 public:
  MadeTexts(const WorkloadSpec& spec, std::uint64_t seed, std::uint64_t nonce)
      : spec_(spec), seed_(seed), nonce_(nonce), prompts_(spec.ignore_eos) {}

  Work next() override {
    const std::uint64_t number = conversations_++;
    Random random(seed_, number);
    Work work{.wanted_input = draw(spec_.input, random),
              .wanted_output = draw(spec_.output, random),
              .conversation = number};
    if (!spec_.trace.empty()) {
      const WishedLengths& wished = spec_.trace[number % spec_.trace.size()];
      if (wished.input > 0) work.wanted_input = wished.input;
      if (wished.output > 0) work.wanted_output = wished.output;
    }
    std::string text;
    if (spec_.unique) text = unique_beginning(nonce_, number);
    std::int64_t words = words_for(work.wanted_input, true);
    if (spec_.shared_prefix > 0) {
      const std::int64_t prefix = std::min(words_for(spec_.shared_prefix, false), words);
      // A shared beginning comes first; what is unique follows it.
      const std::uint64_t which = random.below(static_cast<std::uint64_t>(spec_.prefixes));
      text = made_text(seed_ ^ (0x9e3779b97f4a7c15ULL * (which + 1)), prefix) + " " + text;
      words -= prefix;
    }
    text += made_text(random.next(), words);
    work.request = request(work, {message("user", std::move(text))});
    return work;
  }

  std::optional<Work> follow(const Work& before, const std::string& answer) override {
    if (before.turn + 1 >= spec_.turns) return std::nullopt;
    Work work{.conversation = before.conversation, .turn = before.turn + 1};
    Random random(seed_, before.conversation + (std::uint64_t(work.turn) << 40));
    const std::int64_t input = draw(spec_.input, random);
    work.wanted_output = draw(spec_.output, random);
    std::vector<Message> messages = before.request->messages;
    messages.push_back(message("assistant", answer));
    messages.push_back(message("user", made_text(random.next(), words_for(input, false))));
    work.request = request(work, std::move(messages));
    return work;
  }

  void scale(const TokenScale& scale) override { scale_ = scale; }

 private:
  std::int64_t words_for(std::int64_t tokens, bool whole) const {
    const double words =
        (static_cast<double>(tokens) - (whole ? scale_.fixed : 0.0)) / scale_.per_word;
    return std::max<std::int64_t>(1, std::llround(words));
  }

  std::shared_ptr<Request> request(const Work& work, std::vector<Message> messages) {
    auto made = std::make_shared<Request>();
    auto row = std::make_shared<Case>();
    row->id = fmt::format("{:08}.{}", work.conversation, work.turn);
    made->row = std::move(row);
    made->messages = std::move(messages);
    made->prompt = prompts_.with_length(work.wanted_output);
    return made;
  }

  WorkloadSpec spec_;
  std::uint64_t seed_, nonce_;
  std::uint64_t conversations_ = 0;
  TokenScale scale_;
  Prompts prompts_;
};

// The text of the first of these columns, or the turns that the file's shape gives.
std::vector<Message> messages_of(const Case& row) {
  if (const Value* chat = row.variables.find("chat"); chat != nullptr && chat->is_list()) {
    std::vector<Message> messages;
    for (const Value& turn : *chat->list()) {
      const Value* role = turn.find("role");
      const Value* content = turn.find("content");
      if (role != nullptr && content != nullptr)
        messages.push_back(message(to_text(*role), to_text(*content)));
    }
    if (!messages.empty()) return messages;
  }
  for (const char* column : {"prompt", "question", "input", "text"})
    if (const Value* found = row.variables.find(column); found != nullptr && found->is_string())
      return {message("user", *found->string())};
  return {};
}

std::int64_t tokens_of(const TokenCounter* tokenizer, const std::string& text) {
  const TokenCounter& counter = tokenizer != nullptr ? *tokenizer : token_estimate();
  return text.empty() ? 0
                      : std::max<std::int64_t>(1, static_cast<std::int64_t>(counter.count(text)));
}

// Leaves what comes up to the first user message; the rest is handed back. `answer`: the recorded
// one behind the last message.
RecordedTurns split_turns(std::vector<Message>& messages, const std::string& answer,
                          const TokenCounter* tokenizer) {
  RecordedTurns turns;
  const auto first = std::ranges::find(messages, "user", &Message::role);
  if (first == messages.end()) return turns;
  turns.output.push_back(0);
  for (auto each = first + 1; each != messages.end(); ++each) {
    if (each->role == "assistant") turns.output.back() = tokens_of(tokenizer, plain_text(*each));
    if (each->role != "user") continue;
    turns.later.push_back(std::move(*each));
    turns.output.push_back(0);
  }
  if (turns.output.back() == 0) turns.output.back() = tokens_of(tokenizer, answer);
  messages.erase(first + 1, messages.end());
  return turns;
}

class FileTexts final : public Workload {
 public:
  FileTexts(const WorkloadSpec& spec, Dataset dataset, std::uint64_t seed, std::uint64_t nonce)
      : spec_(spec),
        dataset_(std::move(dataset)),
        cases_(dataset_.cases()),
        seed_(seed),
        nonce_(nonce),
        prompts_(spec.ignore_eos) {}

  Work next() override {
    Case row;
    if (!cases_->next(row)) {
      cases_ = dataset_.cases();  // once more from the first
      if (!cases_->next(row)) throw std::runtime_error(dataset_.info().path + " became empty");
    }
    const std::uint64_t number = requests_++;
    Work work{.conversation = number};
    auto made = std::make_shared<Request>();
    auto named = std::make_shared<Case>();
    named->id = fmt::format("{:08}.0", number);
    made->row = std::move(named);
    made->messages = messages_of(row);
    // A conversation's last answer is its reference; a column of references may be anything.
    const bool talk = row.variables.find("chat") != nullptr;
    const std::string answer = talk && !row.references.empty() ? row.references.front() : "";
    auto turns = std::make_shared<RecordedTurns>();
    if (spec_.turns > 1)
      *turns = split_turns(made->messages, answer, spec_.tokenizer.get());
    else
      turns->output.push_back(tokens_of(spec_.tokenizer.get(), answer));
    work.recorded = std::move(turns);
    work.wanted_output = length_of(work);
    if (spec_.unique && !made->messages.empty()) {
      std::string& text = made->messages.front().parts.front().content;
      text = unique_beginning(nonce_, number) + text;
    }
    made->prompt = prompts_.with_length(work.wanted_output);
    work.request = std::move(made);
    return work;
  }

  std::optional<Work> follow(const Work& before, const std::string& answer) override {
    const auto turn = static_cast<std::size_t>(before.turn);
    if (turn >= before.recorded->later.size() || before.turn + 1 >= spec_.turns)
      return std::nullopt;
    Work work{
        .conversation = before.conversation, .turn = before.turn + 1, .recorded = before.recorded};
    work.wanted_output = length_of(work);
    auto made = std::make_shared<Request>();
    auto named = std::make_shared<Case>();
    named->id = fmt::format("{:08}.{}", work.conversation, work.turn);
    made->row = std::move(named);
    made->messages = before.request->messages;
    made->messages.push_back(message("assistant", answer));
    made->messages.push_back(work.recorded->later[turn]);
    made->prompt = prompts_.with_length(work.wanted_output);
    work.request = std::move(made);
    return work;
  }
  void scale(const TokenScale&) override {}

 private:
  // Drawn where lengths were asked for, else that of the recorded answer; 0: not known.
  std::int64_t length_of(const Work& work) const {
    const auto turn = static_cast<std::size_t>(work.turn);
    Random random(seed_, work.conversation + (std::uint64_t(work.turn) << 40));
    if (spec_.output.mean > 0) return draw(spec_.output, random);
    return turn < work.recorded->output.size() ? work.recorded->output[turn] : 0;
  }

  WorkloadSpec spec_;
  Dataset dataset_;
  std::unique_ptr<CaseStream> cases_;
  std::uint64_t seed_, nonce_;
  std::uint64_t requests_ = 0;
  Prompts prompts_;
};

}  // namespace

std::string unique_beginning(std::uint64_t nonce, std::uint64_t number) {
  Random random(nonce, number);
  std::uint64_t low = random.next(), high = random.next();
  std::string text;
  for (int word = 0; word < 10; ++word) {  // 70 bits
    text += kWords[low % kWords.size()];
    text += ' ';
    low = low >> 7U | high << 57U;
    high >>= 7U;
  }
  return text;
}

std::string made_text(std::uint64_t seed, std::int64_t words) {
  Random random(seed);
  std::string text;
  for (std::int64_t i = 0; i < words; ++i) {
    if (i > 0) text += ' ';
    text += kWords[random.below(kWords.size())];
  }
  return text;
}

std::shared_ptr<Request> plain_request(std::string text, std::int64_t max_tokens, bool ignore_eos) {
  Prompts prompts(ignore_eos);
  auto made = std::make_shared<Request>();
  auto row = std::make_shared<Case>();
  row->id = "first";
  made->row = std::move(row);
  made->messages.push_back(message("user", std::move(text)));
  made->prompt = prompts.with_length(max_tokens);
  return made;
}

Result<std::unique_ptr<Workload>> make_workload(const WorkloadSpec& spec, std::uint64_t seed,
                                                std::uint64_t nonce) {
  if (!spec.dataset) return std::unique_ptr<Workload>(new MadeTexts(spec, seed, nonce));
  Result<Dataset> dataset =
      Dataset::open(*spec.dataset, [](const Case& row, Diagnostics& problems) {
        if (!messages_of(row).empty()) return;
        Diagnostic found = problem("the record has nothing to ask",
                                   "expected a column `prompt`, `question`, `input` or `text`, or "
                                   "a conversation");
        found.file = row.file == nullptr ? "" : *row.file;
        found.line = row.line;
        problems.push_back(std::move(found));
      });
  if (!dataset) return dataset.problems();
  if (dataset->info().cases == 0)
    return problem(dataset->info().path + " holds no record", "expected at least one prompt");
  return {std::unique_ptr<Workload>(new FileTexts(spec, *std::move(dataset), seed, nonce)),
          dataset.problems()};
}

}  // namespace llmops
