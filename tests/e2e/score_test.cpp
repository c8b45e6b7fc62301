// `score`: from outside, with one system and with several.
#include <doctest/doctest.h>

#include <map>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/metric.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

namespace {

Value score(const TemporaryFolder& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "score");
  arguments.emplace_back("--json");
  const CliRun run = run_cli(arguments, {.folder = folder.path()});
  CAPTURE(run.err);
  REQUIRE(run.code == 0);
  Result<Value> document = parse_json(run.out, "stdout");
  REQUIRE(document);
  return *std::move(document);
}

const Value& result_of(const Value& document, std::string_view metric, std::string_view system) {
  for (const Value& result : *at(at(document, "significance"), "results").list())
    if (text_at(result, "metric") == metric && text_at(result, "system") == system) return result;
  throw std::runtime_error("no result of " + std::string(system));
}

constexpr const char* kThree =
    "{\"ref\": \"the cat sat on the mat\", \"old\": \"the cat sat on a mat\", \"new\": \"a dog\"}\n"
    "{\"ref\": \"it rains all day\", \"old\": \"it rains all day\", \"new\": \"it rains all "
    "day\"}\n"
    "{\"ref\": \"two more chairs\", \"old\": \"two chairs\", \"new\": \"chairs\"}\n";

}  // namespace

TEST_CASE("score: one system has the reference program's parts and line") {
  const TemporaryFolder folder;
  folder.write("d.jsonl", kThree);
  const Value document = score(folder, {"d.jsonl", "--hypothesis", "old", "--reference", "ref",
                                        "--metric", "bleu,chrf,ter,rouge,exact_match"});
  const Value& bleu = at(at(document, "metrics"), "bleu");
  CHECK(at(at(bleu, "parts"), "sys_len").number() == 12);
  CHECK(at(at(bleu, "parts"), "ref_len").number() == 13);
  CHECK(at(at(bleu, "parts"), "counts").list()->size() == 4);
  CHECK(text_at(bleu, "sacrebleu")
            .starts_with("BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0 = "));
  CHECK(text_at(bleu, "sacrebleu").ends_with("hyp_len = 12 ref_len = 13)"));
  CHECK(text_at(at(at(document, "metrics"), "chrf"), "sacrebleu").starts_with("chrF2|nrefs:1|"));
  CHECK(at(at(at(at(document, "metrics"), "ter"), "parts"), "num_edits").number() == 2);
  CHECK(at(at(at(document, "metrics"), "exact_match"), "score").number() ==
        doctest::Approx(1.0 / 3));
  CHECK(document.find("significance") == nullptr);
}

TEST_CASE("score: several systems are tested against the first") {
  const TemporaryFolder folder;
  folder.write("d.jsonl", kThree);
  const Value document =
      score(folder, {"d.jsonl", "--hypothesis", "old,new,old", "--reference", "ref", "--metric",
                     "bleu,token_f1", "--resamples", "999", "--per-row", "rows.jsonl"});
  CHECK(at(document, "systems").object()->size() == 3);
  CHECK(at(at(document, "significance"), "baseline") == Value("old"));
  const Value& f1 = result_of(document, "token_f1", "new");
  CHECK(at(f1, "difference").number() < 0);
  CHECK(text_at(f1, "test") == "sign flips");
  CHECK(at(f1, "p_value").number() == 0.5);  // two of three rows differ: of 4 ways 2 are as far
  const Value& bleu = result_of(document, "bleu", "new");
  CHECK(text_at(bleu, "test") == "approximate randomization");
  CHECK(at(bleu, "n").number() == 3);
  CHECK(at(result_of(document, "bleu", "old"), "p_value").number() == 1.0);  // the same system
  const Result<Source> rows = read_source(folder.path() / "rows.jsonl");
  REQUIRE(rows);
  CHECK(rows->text().find("{\"row\":1,\"system\":\"new\",\"scores\":{\"bleu\":100") !=
        std::string::npos);

  const CliRun screen = run_cli(
      {"score", "d.jsonl", "--hypothesis", "old,new", "--reference", "ref", "--metric", "token_f1"},
      {.folder = folder.path()});
  CHECK(screen.code == 0);
  CHECK(screen.out.find("Against old: paired (9999 resamples, seed 1)") != std::string::npos);
}

TEST_CASE("score: sacrebleu's tests give its numbers") {
  const auto file = text_vectors("significance.json");
  const auto corpus = text_vectors("significance_corpus.json");
  if (!file || !corpus) return;
  const TemporaryFolder folder;
  std::string rows;
  for (const Value& row : *at(*corpus, "rows").list()) rows += dump_json(row) + "\n";
  folder.write("d.jsonl", rows);
  for (const Value& test : *at(*file, "tests").list()) {
    const std::string& tag = text_at(test, "tag");
    if (tag != "bs default" && at(test, "segments").number() != 500) continue;
    if (at(test, "nrefs").number() != 1 || !at(test, "options").find("bleu")->object()->empty())
      continue;
    if (at(test, "n").number() > 1000) continue;  // the rest is in the slow unit test
    CAPTURE(tag);
    const Value document = score(
        folder, {"d.jsonl", "--hypothesis", "baseline,A,B", "--reference", "ref", "--metric",
                 "bleu", "--significance", "sacrebleu-" + text_at(test, "test"), "--resamples",
                 to_text(at(test, "n")), "--seed", to_text(at(test, "seed")), "--ar-confidence",
                 to_text(std::max<std::int64_t>(0, *at(test, "ar_conf").integer()))});
    const Value& wanted = at(at(at(test, "metrics"), "BLEU"), "results");
    const char* names[] = {"baseline", "A", "B"};
    for (std::size_t s = 0; s < 3; ++s) {
      const Value& result = result_of(document, "bleu", names[s]);
      CHECK(at(result, "score").number() ==
            doctest::Approx(at(at(wanted, s), "score").number()).epsilon(1e-11));
      if (s > 0)
        CHECK(at(result, "p_value").number() ==
              doctest::Approx(at(at(wanted, s), "p").number()).epsilon(1e-9));
      CHECK(text_at(result, "signature") == text_at(at(at(test, "metrics"), "BLEU"), "sig"));
    }
  }
}

TEST_CASE("score: pass@k over the rows of a problem") {
  const TemporaryFolder folder;
  folder.write("d.csv", "task,out,ref\na,1,1\na,2,1\na,1,1\nb,2,1\nb,2,1\nb,1,1\n");
  const Value document =
      score(folder, {"d.csv", "--hypothesis", "out", "--reference", "ref", "--metric",
                     "exact_match", "--pass-at", "1,2,4", "--group", "task"});
  const Value& passes = at(at(at(document, "metrics"), "exact_match"), "pass_at");
  CHECK(at(passes, "1").number() == doctest::Approx(0.5));
  // 1 - C(1, 2)/C(3, 2) = 1 and 1 - C(2, 2)/C(3, 2) = 2/3.
  CHECK(at(passes, "2").number() == doctest::Approx(5.0 / 6));
  CHECK(passes.find("4") == nullptr);
  CHECK(at(document, "warnings").list()->size() == 1);
}

TEST_CASE("score: what is wrong with the input") {
  const TemporaryFolder folder;
  folder.write("d.jsonl", kThree);
  struct Row {
    std::vector<std::string> arguments;
    const char* message;
  };
  const Row rows[] = {
      {{"--hypothesis", "old,nwe", "--metric", "bleu"},                                "d.jsonl has no column `nwe`"},
      {{"--hypothesis", "old,nwe", "--metric", "bleu"},                                "did you mean `new`"         },
      {{"--hypothesis", "old", "--metric", "blue"},                                    "unknown metric `blue`"      },
      {{"--hypothesis", "old,new", "--metric", "bleu", "--significance", "sacrebleu"},
       "--significance is `sacrebleu`"                                                                              },
      {{"--hypothesis", "old", "--metric", "bleu", "--significance", "paired"},
       "--significance compares systems, and --hypothesis names one"                                                },
  };
  for (const Row& row : rows) {
    std::vector<std::string> all = {"score", "d.jsonl", "--reference", "ref"};
    all.insert(all.end(), row.arguments.begin(), row.arguments.end());
    const CliRun run = run_cli(all, {.folder = folder.path()});
    CAPTURE(run.err);
    CHECK(run.code == 2);
    CHECK(run.err.find(row.message) != std::string::npos);
  }
}

TEST_CASE("score --aggregate: rouge_score's low, mid and high") {
  const auto file = text_vectors("rouge.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const TemporaryFolder folder;
  std::map<std::string, std::vector<std::string>> sets;
  std::size_t tried = 0;
  for (const Value& row : *at(*file, "aggregator").list()) {
    const std::string& set = text_at(row, "set");
    if (at(row, "ids").is_list()) sets[set] = texts_at(row, "ids");
    if (sets[set].size() > 400) continue;  // the unit test has them
    std::string lines;
    for (const std::string& id : sets[set]) {
      const Segment& segment = segments->at(id);
      lines += dump_json(Value(Object{
                   {"hyp", segment.hypothesis        },
                   {"ref", segment.references.front()}
      })) +
               "\n";
    }
    folder.write("d.jsonl", lines);
    CAPTURE(set);
    const Value document = score(
        folder,
        {"d.jsonl", "--hypothesis", "hyp", "--reference", "ref", "--metric", "rouge", "--option",
         "rouge.variants=rouge1+rouge2+rouge3+rougeL+rougeLsum", "--option",
         at(row, "stem").number() != 0 ? "rouge.use_stemmer=true" : "rouge.use_stemmer=false",
         "--aggregate", "--confidence", dump_json(at(row, "confidence_interval")), "--resamples",
         dump_json(at(row, "n_samples")), "--seed", dump_json(at(row, "seed"))});
    ++tried;
    for (const char* variant : {"rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"}) {
      const Value& found =
          at(at(at(document, "metrics"), "rouge." + std::string(variant)), "aggregate");
      const Value& wanted = at(at(row, "result"), variant);
      std::size_t bound = 0;
      for (const char* name : {"low", "mid", "high"}) {
        std::size_t part = 0;
        for (const char* figure : {"precision", "recall", "fmeasure"})
          CHECK(at(at(found, name), figure).number() ==
                doctest::Approx(at(at(wanted, bound), part++).number()).epsilon(1e-9));
        ++bound;
      }
    }
  }
  CHECK(tried > 0);
  const CliRun without = run_cli({"score", "d.jsonl", "--hypothesis", "hyp", "--reference", "ref",
                                  "--metric", "bleu", "--aggregate"},
                                 {.folder = folder.path()});
  CHECK(without.code == 2);
  CHECK(without.err.find("expected `rouge` among the metrics") != std::string::npos);
}
