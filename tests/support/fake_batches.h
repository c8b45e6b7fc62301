#pragma once
// Batches as OpenAI's server has them, for LoopbackServer: files in, batches of them, files of
// answers.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/loopback_server.h"

namespace llmops::test {

class FakeBatches {
 public:
  // The answer to the request `body`: status and document, as the ordinary route would give.
  using Answer = std::function<std::pair<int, std::string>(const std::string& body)>;
  explicit FakeBatches(Answer answer) : answer_(std::move(answer)) {}

  int looks = 1;                  // at a batch before it is over
  std::string end = "completed";  // how batches end
  std::string refusal;            // not empty: every batch is `failed` with this message
  std::size_t unanswered = 0;     // of the end of each batch: no line at all

  // nullptr where the path is not of batches.
  Reply reply(const Received& request);

  std::size_t batches() const { return batches_.size(); }
  std::size_t fetched() const { return fetched_; }  // files of answers
  const std::map<std::string, int>& asked() const {
    return asked_;
  }  // custom id -> batches with it

 private:
  struct Batch {
    std::string file, metadata;
    int looks = 0;
  };
  std::string state(std::size_t number);
  std::string answers(const std::string& lines, bool failed);

  Answer answer_;
  std::vector<std::string> files_;  // of requests, by number
  std::vector<Batch> batches_;
  std::map<std::string, int> asked_;
  std::size_t fetched_ = 0;
};

// Message batches as Anthropic's server has them: the requests lie in the batch, the answers are a
// document of JSON lines, in an order of their own. No metadata.
class FakeMessageBatches {
 public:
  // The `result` for the parameters of a request.
  using Result = std::function<std::string(const std::string& params)>;
  explicit FakeMessageBatches(Result result) : result_(std::move(result)) {}

  int looks = 1;  // at a batch before it is over

  // nullptr where the path is not of batches.
  Reply reply(const Received& request);

  std::size_t batches() const { return batches_.size(); }
  const std::map<std::string, int>& asked() const {
    return asked_;
  }  // custom id -> batches with it

 private:
  struct Batch {
    std::vector<std::pair<std::string, std::string>> requests;  // custom id, params
    int looks = 0;
  };
  std::string state(std::size_t number) const;

  Result result_;
  std::vector<Batch> batches_;
  std::map<std::string, int> asked_;
};

}  // namespace llmops::test
