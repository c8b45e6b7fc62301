#include <doctest/doctest.h>

#include <cmath>

#include "datasets/text/json.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

namespace {

Measurement of(const char* logprobs, const char* text = "abcd") {
  Sample sample;
  sample.text = text;
  sample.logprobs = *parse_json(logprobs, "logprobs");
  return make_metric("perplexity")->score(Case{}, sample);
}

}  // namespace

TEST_CASE("perplexity: from the shapes that providers give") {
  const char* shapes[] = {
      "[-1, -3]",
      R"([{"token": "a", "logprob": -1}, {"token": "b", "logprob": -3}])",
      R"({"content": [{"logprob": -1, "top_logprobs": [{"logprob": -9}]}, {"logprob": -3}]})",
      R"({"token_logprobs": [null, -1, -3], "tokens": ["x", "a", "b"]})",
  };
  for (const char* shape : shapes) {
    CAPTURE(shape);
    const Measurement result = of(shape);
    CHECK(*result.values.at(0) == doctest::Approx(std::exp(2.0)));
    CHECK(*result.values.at(1) == doctest::Approx(4.0 / (4.0 * std::log(2.0))));
  }
}

TEST_CASE("perplexity: the set's figure weighs tokens, not samples") {
  const auto metric = make_metric("perplexity");
  CHECK(*metric->corpus(std::vector<double>{-6.0, 3.0, 10.0}).at(0) ==
        doctest::Approx(std::exp(2.0)));
}

TEST_CASE("perplexity: without log-probabilities there is none") {
  CHECK(of("null").why == "the sample has no log-probabilities");
  CHECK(of("[]").why == "the sample has no log-probabilities");
  CHECK(of("[1]").why == "the log-probabilities are none");
  CHECK(of("[-1e300]").why == "the perplexity is beyond all numbers");
}
