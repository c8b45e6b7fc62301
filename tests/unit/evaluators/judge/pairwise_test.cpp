#include "evaluators/judge/pairwise.h"

#include <doctest/doctest.h>

#include "tests/support/memory_run.h"
#include "tests/support/reference.h"
#include "tests/unit/evaluators/judge/scripted_asker.h"

using namespace llmops;
using namespace llmops::test;
using doctest::Approx;

namespace {

Case pair_case(const std::string& other) {
  Case row = a_case("q", {"ref"});
  row.variables.add("other", other);
  return row;
}

Sample chooses(const std::string& choice) {
  return says(R"({"reason": "r", "choice": ")" + choice + "\"}");
}

struct Texts {
  std::string first, second;
};

Texts texts_of(const std::string& prompt) {
  for (const auto& [a, b] : {
           std::pair{"first_answer", "second_answer"},
           std::pair{"answer_A",     "answer_B"     },
           std::pair{"output_m",     "output_M"     }
  })
    if (prompt.find(std::string(a) + " begins") != std::string::npos)
      return {shown(prompt, a), shown(prompt, b)};
  return {};
}

}  // namespace

TEST_CASE("pairwise: judges with known biases, in both orders") {
  struct Row {
    const char* why;
    std::function<std::string(const Texts&)> judge;
    double value, flip, first;
  };
  const Row rows[] = {
      {"always the first",                      [](const Texts&) { return "first"; },        0.5, 1, 1  },
      {"always the second",                     [](const Texts&) { return "second"; },       0.5, 1, 0  },
      {"always a tie",                          [](const Texts&) { return "tie"; },          0.5, 0, 0.5},
      {"the longer",
       [](const Texts& t) { return t.first.size() > t.second.size() ? "first" : "second"; }, 1,   0,
       0.5                                                                                              },
      {"the shorter",
       [](const Texts& t) { return t.first.size() < t.second.size() ? "first" : "second"; }, 0,   0,
       0.5                                                                                              },
      {"the longer only where it stands first",
       [](const Texts& t) { return t.first.size() > t.second.size() ? "first" : "tie"; },    0.5, 1,
       0.75                                                                                             },
  };
  const auto metric = make_metric("pairwise", "{against: {column: other}}");
  for (const Row& row : rows) {
    CAPTURE(row.why);
    ScriptedAsker asker([&](const std::string& text, const Question&) {
      return chooses(row.judge(texts_of(text)));
    });
    const Measurement measured = judge_one(*metric, asker, pair_case("short"), "rather long");
    REQUIRE(asker.asked.size() == 2);
    CHECK(measured.values[0] == Approx(row.value));
    CHECK(measured.values[1] == Approx(row.first));
    CHECK(measured.values[2] == 6);
    CHECK(measured.values[3] == Approx(row.flip));
  }
}

TEST_CASE("pairwise: what two orders come to") {
  // The first order says the sample wins, the second a tie.
  ScriptedAsker asker([](const std::string& text, const Question&) {
    return chooses(texts_of(text).first == "mine" ? "first" : "tie");
  });
  struct Row {
    const char* rule;
    std::optional<double> value;
  };
  const Row rows[] = {
      {"tie",     0.5         },
      {"average", 0.75        },
      {"drop",    std::nullopt}
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    const auto metric = make_metric(
        "pairwise", std::string("{against: {column: other}, disagreement: ") + row.rule + "}");
    const Measurement measured = judge_one(*metric, asker, pair_case("theirs"), "mine");
    CHECK(measured.values[0] == row.value);
    CHECK(measured.values[3] == 1);
  }
  // A pair of which one order cannot be read is no pair.
  const auto metric = make_metric("pairwise", "{against: {column: other}}");
  ScriptedAsker half([](const std::string& text, const Question&) {
    return texts_of(text).first == "mine" ? chooses("first") : says("hm");
  });
  const Measurement measured = judge_one(*metric, half, pair_case("theirs"), "mine");
  CHECK_FALSE(measured.values[0]);
  CHECK(measured.why == "no choice is found in the judge's answer");
}

TEST_CASE("pairwise: the protocols read their own verdicts") {
  struct Row {
    const char* preset;
    const char* when_first;  // what the judge says where the sample stands first
    const char* when_second;
    double value;
  };
  const Row rows[] = {
      {"mt_bench",   "Fine. [[A]]", "Fine. [[B]]", 1            },
      {"mt_bench",   "[[A]]",       "[[A]]",       0.5          },
      {"mt_bench",   "[[C]]",       "[[B]]",       0.5          },
 // A strong label counts three times: (3 * 1 + 1 * 0) / 4.
      {"arena_hard", "[[A>>B]]",    "[[A>B]]",     0.75         },
      {"arena_hard", "[[A=B]]",     "[[B>>A]]",    (0.5 + 3) / 4},
  };
  for (const Row& row : rows) {
    CAPTURE(row.preset);
    CAPTURE(row.when_first);
    const auto metric = make_metric(
        "pairwise", std::string("{against: {column: other}, preset: ") + row.preset + "}");
    ScriptedAsker asker([&](const std::string& text, const Question&) {
      return says(texts_of(text).first == "mine" ? row.when_first : row.when_second);
    });
    CHECK(judge_one(*metric, asker, pair_case("theirs"), "mine").values[0] == Approx(row.value));
  }
}

TEST_CASE("pairwise: alpaca_eval reads the probabilities of its two labels, in one drawn order") {
  const auto metric = make_metric("pairwise", "{against: {column: other}, preset: alpaca_eval}");
  int first = 0;
  for (int i = 0; i < 64; ++i) {
    Case row = pair_case("theirs");
    row.variables.set("question", "q" + std::to_string(i));
    bool mine_first = false;
    ScriptedAsker asker([&](const std::string& text, const Question& question) {
      mine_first = texts_of(text).first == "mine";
      CHECK(to_text(*question.request->prompt->parameters.find("max_tokens")) == "1");
      Sample sample = says("m");
      sample.finish_reason = "length";
      sample.logprobs = List{
          mine_first ? token({{"m", 0.8}, {"M", 0.1}}
            ) : token({{"M", 0.8}, {"m", 0.1}}
            )
      };
      return sample;
    });
    CHECK(judge_one(*metric, asker, row, "mine").values[0] == Approx(8.0 / 9));
    CHECK(asker.asked.size() == 1);
    first += mine_first ? 1 : 0;
  }
  CHECK(first > 16);
  CHECK(first < 48);
  ScriptedAsker silent([](const std::string&, const Question&) { return says("m"); });
  CHECK(judge_one(*metric, silent, pair_case("x"), "mine").why ==
        "the judge's endpoint gave no log-probabilities");
}

TEST_CASE("pairwise: against the accepted run, and against a second model") {
  MemoryOutputs accepted;
  accepted.add("c1", "q", "the accepted answer");
  const auto metric = make_metric("pairwise");
  std::string seen;
  ScriptedAsker asker([&](const std::string& text, const Question&) {
    const Texts texts = texts_of(text);
    seen = texts.first == "mine" ? texts.second : texts.first;
    return chooses(texts.first == "mine" ? "first" : "second");
  });
  CHECK(*judge_one(*metric, asker, a_case("q"), "mine", {.baseline = &accepted}).values[0] == 1.0);
  CHECK(seen == "the accepted answer");
  CHECK(judge_one(*metric, asker, a_case("q"), "mine").why ==
        "there is no accepted run whose outputs are stored here");

  const auto second =
      make_metric("pairwise", "{against: {model: {provider: openai, name: other}}}");
  CHECK(asks_models(second.get())->wishes().size() == 2);
  auto prompt = std::make_shared<Prompt>();
  prompt->name = "p";
  ScriptedAsker both([&](const std::string& text, const Question& question) {
    if (question.model == 1) return says("the second model's answer");
    const Texts texts = texts_of(text);
    return chooses(texts.first == "the second model's answer" ? "first" : "second");
  });
  prompt->messages.push_back(
      {.role = "user",
       .parts = {{.type = "text",
                  .content =
                      *Template::compile("{{ question }}", Source("p", "{{ question }}"), {1, 1}),
                  .extra = {}}},
       .extra = {}});
  CHECK(*judge_one(*second, both, a_case("q"), "mine", {.prompt = prompt}).values[0] == 0.0);
}

namespace {

std::vector<std::string> details(const Metric& metric) {
  std::vector<std::string> names;
  for (const Column& each : metric.columns()) names.push_back(each.detail);
  return names;
}

}  // namespace

TEST_CASE("pairwise: Arena-Hard leaves the weight and the style of each pair in the record") {
  const auto metric = make_metric("pairwise", "{against: {column: other}, preset: arena_hard}");
  CHECK(details(*metric) == std::vector<std::string>{"", "first", "longer_by", "flip", "weight",
                                                     "style_length", "style_headers", "style_lists",
                                                     "style_bold"});
  ScriptedAsker asker([](const std::string& text, const Question&) {
    return says(texts_of(text).first == "plain" ? "[[B>A]]" : "[[A>>B]]");
  });
  const Measurement measured =
      judge_one(*metric, asker, pair_case("plain"), "# Dressed\n- **one**\n- two");
  CHECK(measured.values[0] == 1.0);
  CHECK(measured.values[3] == 0.0);
  CHECK(measured.values[4] == 4.0);  // a strong verdict and a plain one
  for (std::size_t i = 5; i < 9; ++i) CHECK(measured.values[i].value() > 0);

  // Style on any protocol, and none on Arena-Hard's where that is wished.
  CHECK(details(*make_metric("pairwise", "{against: {column: other}, style: true}")).size() == 8);
  CHECK(details(*make_metric("pairwise",
                             "{against: {column: other}, preset: arena_hard, style: false}"))
            .size() == 5);
}

TEST_CASE("pairwise: difficulties of the items come from a file") {
  const TemporaryFolder folder;
  folder.write("hard.csv", "id,difficulty\nc1,0.75\nc2,-1\n");
  folder.write("by_text.jsonl", "{\"instruction\": \"q\", \"hardness\": 2}\n");
  folder.write("broken.csv", "id,difficulty\nc1,hard\n");
  const std::string at = folder.path().string();
  const auto options = [&](const std::string& difficulties) {
    return "{against: {column: other}, preset: alpaca_eval, difficulties: " + difficulties + "}";
  };
  ScriptedAsker asker([](const std::string&, const Question&) {
    Sample sample = says("m");
    sample.logprobs = List{
        token({{"m", 0.8}, {"M", 0.1}}
        )
    };
    return sample;
  });
  const auto metric = make_metric("pairwise", options(at + "/hard.csv"));
  CHECK(details(*metric).back() == "difficulty");
  CHECK(judge_one(*metric, asker, pair_case("theirs"), "mine").values.back() == 0.75);
  Case unknown = pair_case("theirs");
  unknown.id = "c9";
  CHECK_FALSE(judge_one(*metric, asker, unknown, "mine").values.back());
  const auto by_text = make_metric(
      "pairwise", options("{path: " + at + "/by_text.jsonl, key: instruction, column: hardness}"));
  Case row = pair_case("theirs");
  row.variables.add("instruction", "q");
  CHECK(judge_one(*by_text, asker, row, "mine").values.back() == 2.0);
  CHECK(metric->signature() != by_text->signature());
  CHECK(metric->signature().find("|difficulties:") != std::string::npos);
  CHECK(metric_problems("pairwise", options(at + "/broken.csv"))
            .find("column `difficulty` holds no number here") != std::string::npos);
  CHECK_FALSE(metric_problems("pairwise", options(at + "/none.csv")).empty());
}
