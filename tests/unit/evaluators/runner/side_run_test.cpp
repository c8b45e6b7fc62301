#include "evaluators/runner/side_run.h"

#include <doctest/doctest.h>

#include "datasets/text/yaml.h"
#include "evaluators/scoring.h"
#include "evaluators/store/side_calls.h"
#include "evaluators/store/store.h"
#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

// Asks what it is told to, and says what it wishes for.
class Asking final : public Metric, public AsksModels {
 public:
  explicit Asking(std::vector<ModelWish> wishes) : wishes_(std::move(wishes)) {}
  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override { return "asking"; }
  Measurement score(const Case&, const Sample&) const override { return {}; }
  std::vector<ModelWish>& wishes() override { return wishes_; }
  void connect(const AskingContext&) override {}

 private:
  std::vector<Column> columns_ = {Column{}};
  std::vector<ModelWish> wishes_;
};

struct Project {
  TemporaryFolder folder;
  std::unique_ptr<SideModels> models;
  Evaluator evaluator;

  // `more`: further keys of the judge's mapping.
  explicit Project(const LoopbackServer& server, const std::string& more = "") {
    const Source source("suite.yaml", "{provider: openai, base_url: " + server.url() +
                                          "/v1, name: j, retries: {max: 1, base: 1ms}" + more +
                                          "}");
    const Result<Value> mapping = parse_yaml(source);
    REQUIRE(mapping);
    evaluator.name = "grader";
    evaluator.metric = std::make_unique<Asking>(std::vector<ModelWish>{
        {.model = *mapping, .mark = {}}
    });
    models = std::make_unique<SideModels>();
    Diagnostics problems;
    models->add(evaluator, source, ".", problems);
    REQUIRE_MESSAGE(problems.empty(), render(problems));
  }

  std::string new_run() {
    Store store(folder.path());
    RunHeader header;
    store.begin_run(header, {});
    return header.id;
  }
  std::vector<SideUse> uses(const std::string& run) const {
    return side_uses(folder.path(), run);
  }
};

std::vector<Question> questions(int count, int draw = 0) {
  std::vector<Question> all;
  for (int i = 0; i < count; ++i)
    all.push_back({0, test::question("c" + std::to_string(i), "q" + std::to_string(i), draw)});
  return all;
}

Reply echo(const Received& request) { return chat_reply(request, "re " + last_user_text(request)); }

}  // namespace

TEST_CASE("side_run: answers come in order, are stored, and are not asked for again") {
  LoopbackServer server(echo);
  Project project(server);
  const std::string run = project.new_run();
  {
    SideRun side(*project.models, project.folder.path(), run, {});
    const std::vector<Sample> answers = side.asker(0).ask(questions(40));
    REQUIRE(answers.size() == 40);
    for (int i = 0; i < 40; ++i) {
      CHECK(answers[static_cast<std::size_t>(i)].text == "re q" + std::to_string(i));
      CHECK(answers[static_cast<std::size_t>(i)].case_id == "c" + std::to_string(i));
    }
    CHECK(server.requests() == 40);
    CHECK(side.waiting() == 0);
  }
  // The same run goes on in another process: everything is there.
  SideRun again(*project.models, project.folder.path(), run, {});
  const std::vector<Sample> known = again.asker(0).ask(questions(40));
  CHECK(known[7].text == "re q7");
  CHECK(known[7].cached);
  CHECK(server.requests() == 40);
  CHECK(again.asker(0).ask(questions(1, 1))[0].text == "re q0");  // another draw is another call
  CHECK(server.requests() == 41);
  const std::vector<SideUse> uses = project.uses(run);
  REQUIRE(uses.size() == 1);
  CHECK(uses[0].evaluator == "grader");
  CHECK(uses[0].model == "j");
  CHECK(uses[0].answered == 41);
  CHECK(uses[0].cached == 0);
  CHECK(uses[0].made == 41);
  CHECK(uses[0].output_tokens > 0);
}

TEST_CASE("side_run: another run gets answers up to their age, where it may") {
  LoopbackServer server(echo);
  Project project(server);
  {
    SideRun(*project.models, project.folder.path(), project.new_run(), {})
        .asker(0)
        .ask(questions(3));
  }
  struct Row {
    const char* why;
    SideRunOptions options;
    std::int64_t requests, cached;
  };
  const Row rows[] = {
      {"reads no cache",    {},          6, 0},
      {"finds the answers", {.ttl = 1h}, 6, 3},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const std::string run = project.new_run();
    SideRun side(*project.models, project.folder.path(), run, row.options);
    CHECK(side.asker(0).ask(questions(3))[2].text == "re q2");
    CHECK(server.requests() == row.requests);
    CHECK(project.uses(run).at(0).cached == row.cached);
  }
  // --no-cache leaves nothing to others.
  const auto draw = [](int number) { return questions(2, number); };
  {
    SideRun(*project.models, project.folder.path(), project.new_run(), {.keep = false})
        .asker(0)
        .ask(draw(5));
  }
  SideRun side(*project.models, project.folder.path(), project.new_run(), {.ttl = 1h});
  side.asker(0).ask(draw(5));
  CHECK(server.requests() == 10);
}

TEST_CASE("side_run: the same question of several samples is one call") {
  LoopbackServer server(echo);
  Project project(server);
  SideRun side(*project.models, project.folder.path(), project.new_run(), {});
  std::vector<Question> twice = questions(2);
  twice.push_back({0, test::question("other", "q1")});
  const std::vector<Sample> answers = side.asker(0).ask(twice);
  CHECK(server.requests() == 2);
  CHECK(answers[2].text == "re q1");
  CHECK(answers[2].case_id == "other");
}

TEST_CASE("side_run: a failed question carries its error and is asked again by the next") {
  std::atomic<bool> broken{true};
  LoopbackServer server([&](const Received& request) {
    if (broken && last_user_text(request) == "q1") return answer(400, R"({"error": "no"})");
    return echo(request);
  });
  Project project(server);
  const std::string run = project.new_run();
  SideRun side(*project.models, project.folder.path(), run, {});
  const std::vector<Sample> answers = side.asker(0).ask(questions(3));
  CHECK(answers[0].text == "re q0");
  CHECK(answers[1].error.kind == ErrorClass::bad_request);
  CHECK_FALSE(side.stopped());
  CHECK(project.uses(run).at(0).failed == 1);
  broken = false;
  CHECK(side.asker(0).ask(questions(3))[1].text == "re q1");
  CHECK(server.requests() == 4);
}

TEST_CASE("side_run: what ends the asking is told, and what waits is given back at once") {
  std::atomic<int> interrupts{0};
  LoopbackServer silent([](const Received&) {
    return stream({
        {"", 1h}
    });
  });
  LoopbackServer closed([](const Received&) { return answer(401, R"({"error": "wrong key"})"); });
  LoopbackServer dear([](const Received& r) { return chat_answer(last_user_text(r), 1000, 1000); });
  struct Row {
    const char* why;
    LoopbackServer& server;
    std::string model;
    SideRunOptions options;
    const char* stopped;
  };
  const Row rows[] = {
      {"interrupted",
       silent,                  ", limits: {concurrency: 2}",
       {.interrupts = &interrupts, .grace = 1ms},
       "interrupted"                                                                                                                                               },
      {"out of time",   silent, "",                                                               {.deadline = Clock::now() + 20ms}, "max-time reached"            },
      {"refused",       closed, "",                                                               {},                                "judge j: the key was refused"},
      {"out of money",
       dear,                    ", limits: {concurrency: 1}, price: {input: 1000, output: 1000}",
       {.max_cost_usd = 5},
       "max-cost reached"                                                                                                                                          },
      {"out of tokens",
       dear,                    ", limits: {concurrency: 1}",
       {.max_tokens = 5000},
       "max-tokens reached"                                                                                                                                        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    Project project(row.server, row.model);
    interrupts = row.options.interrupts != nullptr ? 1 : 0;
    SideRun side(*project.models, project.folder.path(), project.new_run(), row.options);
    const std::vector<Sample> answers = side.asker(0).ask(questions(20));
    CHECK(answers[19].error);
    const std::string why = side.stopped().value_or("(not stopped)");
    CAPTURE(why);
    CHECK(why.starts_with(row.stopped));
    CHECK(side.asker(0).ask(questions(1, 9))[0].error);  // nothing is asked any more
  }
  CHECK(dear.requests() < 8);
}

TEST_CASE("side_run: spending of the run counts, and is counted") {
  LoopbackServer server([](const Received& r) { return chat_answer(last_user_text(r), 10, 10); });
  Project project(server, ", price: {input: 100, output: 100}");
  Budget budget(1000.0, std::nullopt);
  const std::size_t model = budget.join();
  REQUIRE(budget.take(model, {.cost_usd = 0.5, .tokens = 100}) == Budget::Room::yes);
  budget.settle(model, {.cost_usd = 0.5, .tokens = 100}, true);
  int told = 0;
  SideRun side(*project.models, "", "",
               {.budget = &budget, .on_call = [&](const ModelSpec& spec, const Request&, const Sample& answer) {
                  CHECK(spec.name == "j");
                  CHECK(answer.usage.output == 10);
                  ++told;
                }});
  side.asker(0).ask(questions(3));
  CHECK(budget.spent().cost_usd == doctest::Approx(0.5 + 3 * 20 * 100e-6));
  CHECK(budget.spent().tokens == doctest::Approx(160));
  CHECK(told == 3);
}

TEST_CASE("side_models: equal mappings are one model, which does not stream") {
  LoopbackServer server(echo);
  Project project(server);
  Evaluator second;
  second.name = "second";
  second.metric = std::make_unique<Asking>(asks_models(project.evaluator.metric.get())->wishes());
  Diagnostics problems;
  project.models->add(second, Source("", ""), ".", problems);
  CHECK(project.models->models().size() == 1);
  CHECK(project.models->asking().size() == 2);
  const ModelSpec& spec = project.models->models()[0]->spec;
  CHECK_FALSE(spec.stream);
}
