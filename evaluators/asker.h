#pragma once
// How an evaluator asks models while it scores: judges, and whoever else needs one.

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "datasets/text/fields.h"
#include "evaluators/sample.h"
#include "evaluators/side_use.h"
#include "prompts/request.h"

namespace llmops {

class OutputSource;  // evaluators/run_record.h

// One question to one model. The number of the draw is `request->sample`: the same question with
// another number is another call. Questions of one kind share their `request->prompt`, which holds
// parameters and response format.
struct Question {
  std::size_t model = 0;  // place in the wishes of the evaluator that asks
  std::shared_ptr<const Request> request;
};

class Asker {
 public:
  virtual ~Asker() = default;
  // Asks all of them at once, within the limits of their models, and returns when each has its
  // answer, in order; what could not be answered carries its error. From any thread. Answers are in
  // the store before this returns: a run that goes on after its process was killed gets them from
  // there. Throws std::runtime_error where the store fails.
  virtual std::vector<Sample> ask(std::span<const Question> questions) = 0;
  // Nothing is asked any more (Ctrl-C, the budget, a key that was refused): what is scored since
  // then is not kept, and a resumed run scores it.
  virtual bool stopped() const { return false; }
};

// A model that an evaluator wants to ask.
struct ModelWish {
  Value model;  // the mapping as it was written; null: the `judge:` of the suite
  Mark mark;
  bool under_test = false;  // the model under test itself
  std::string role = "judge";
  Object identity = {};  // who answers: provider, name, parameters; empty until that is known
};

// What surrounds the scoring of a run.
struct AskingContext {
  Asker* asker = nullptr;                  // nullptr: nobody can be asked
  std::shared_ptr<const Prompt> prompt;    // the run's; nullptr: there is none, or several
  const OutputSource* baseline = nullptr;  // outputs of the accepted run, where they are stored
  std::uint64_t seed = 1;
  int first_draw = 0;           // number of a question's first draw: another number asks afresh
  bool read_cache = true, write_cache = true;
  const std::atomic<int>* interrupts = nullptr;  // Ctrl-C so far; may be nullptr
};

// A Metric that asks models derives from this too.
class AsksModels {
 public:
  virtual ~AsksModels() = default;
  // The models that it will ask. Whoever read the suite fills in `identity`, after which the
  // metric's signature names them.
  virtual std::vector<ModelWish>& wishes() = 0;
  // Before the first score, and again (with no asker) when what `context` names ends.
  virtual void connect(const AskingContext& context) = 0;
  virtual bool stopped() const { return false; }  // of what it is connected to
  // How many questions a sample takes at most, and how many come once for all, for plans.
  virtual double questions_per_sample() const { return 1; }
  virtual double questions_once() const { return 0; }
  // What was used beside the asker (a client of its own), since `connect`.
  virtual std::vector<SideUse> uses() const { return {}; }
};

class Metric;
// The same object where the metric asks models, else nullptr.
AsksModels* asks_models(Metric* metric);

struct Evaluator;  // evaluators/scoring.h
// Whether one of them can ask nothing any more.
bool asking_stopped(const std::vector<Evaluator>& evaluators);

// Reads `key`: a mapping as under `model:` of a suite, or `under_test`. A missing key wishes for
// the suite's judge.
ModelWish read_model_wish(Fields& fields, std::string_view key = "model");

// "gpt-4o (openai)": how a signature names who answers.
std::string model_label(const ModelWish& wish);

}  // namespace llmops
