#pragma once
// What a benchmark asks: made texts of wanted lengths, or the prompts of a file.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/dataset.h"
#include "prompts/request.h"
#include "prompts/tokens/token_counter.h"

namespace llmops {

// Tokens: normal, cut off at `low` and `high`, whole numbers.
struct LengthSpec {
  double mean = 0;
  double stddev = 0;
  std::int64_t low = 1, high = 1 << 20;
};

// How many tokens the server counts for a made text: fixed + per_word * words.
struct TokenScale {
  double fixed = 0;     // template, role marks, the unique beginning
  double per_word = 1;  // of the words that made texts consist of
};

// Wished tokens of one request of a trace; 0: as `input` and `output` of the workload say.
struct WishedLengths {
  std::int64_t input = 0, output = 0;
};

struct WorkloadSpec {
  LengthSpec input{.mean = 512};
  LengthSpec output{.mean = 128};
  std::int64_t shared_prefix = 0;  // tokens that all requests (of one of `prefixes`) begin with
  int prefixes = 1;
  bool unique = true;       // a beginning that no other request has, so that no prefix cache helps
  bool ignore_eos = false;  // asks the server to go on to the wanted length
  int turns = 1;       // of a made conversation; of a recorded one: its user's, at most so many,
                       // each answered afresh (1: its history goes along as it was recorded)
  double think_s = 0;  // between an answer and the next turn
  // In place of made texts: its column `prompt`, `question`, `input` or `text`, or its
  // conversations. Where `output` has a mean of 0, the answers of recorded conversations say how
  // long theirs are to be, and others are as long as the model likes.
  std::optional<DatasetSpec> dataset;
  std::shared_ptr<const TokenCounter> tokenizer;  // of those answers; nullptr: an estimate
  std::vector<WishedLengths> trace;               // of made texts, in this order, over and over
};

// A recorded conversation behind its first turn.
struct RecordedTurns {
  std::vector<Message> later;  // what the user says
  std::vector<std::int64_t>
      output;  // tokens of each answer, the first turn's too; 0: none recorded
};

// One request and what was wished of it.
struct Work {
  std::shared_ptr<Request> request;
  std::int64_t wanted_input = 0;   // tokens; 0: not known before (a file's text)
  std::int64_t wanted_output = 0;  // 0: as long as the model likes
  std::uint64_t conversation = 0;
  int turn = 0;
  std::shared_ptr<const RecordedTurns> recorded;
};

class Workload {
 public:
  virtual ~Workload() = default;
  // The first turn of the next conversation. The same sequence for the same seed.
  virtual Work next() = 0;
  // The turn after `before`, which the model has answered; nullopt where the conversation is over.
  virtual std::optional<Work> follow(const Work& before, const std::string& answer) = 0;
  virtual void scale(const TokenScale& scale) = 0;
};

// `nonce` begins the unique texts: another one in each run, so that a cache filled by the run
// before does not help.
Result<std::unique_ptr<Workload>> make_workload(const WorkloadSpec& spec, std::uint64_t seed,
                                                std::uint64_t nonce);

// Ten words that no other request begins with, one token each in most vocabularies, so that they
// take the same number of tokens everywhere.
std::string unique_beginning(std::uint64_t nonce, std::uint64_t number);

// A made text of so many words.
std::string made_text(std::uint64_t seed, std::int64_t words);

// A request for a plain text, for a first look at the server.
std::shared_ptr<Request> plain_request(std::string text, std::int64_t max_tokens, bool ignore_eos);

}  // namespace llmops
