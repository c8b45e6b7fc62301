#include "evaluators/metrics/text/significance.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "datasets/text/json.h"
#include "evaluators/metrics/text/bleu.h"
#include "evaluators/metrics/text/chrf.h"
#include "evaluators/metrics/text/ter.h"
#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

namespace {

struct Corpus {
  std::vector<Segment> segments;  // with up to two references
  std::map<std::string, std::vector<std::string>> systems;
};

Corpus corpus_of(const Value& file) {
  Corpus corpus;
  std::vector<std::size_t> from_b;
  for (const Value& place : *at(at(at(file, "meta"), "few"), "positions").list())
    from_b.push_back(static_cast<std::size_t>(place.number()));
  for (const Value& row : *at(file, "rows").list()) {
    const std::size_t i = corpus.segments.size();
    corpus.segments.push_back({
        "", "", {text_at(row, "ref"), text_at(row, "ref2")}
    });
    for (const char* name : {"baseline", "A", "B"})
      corpus.systems[name].push_back(text_at(row, name));
    corpus.systems["same"].push_back(text_at(row, "baseline"));
    corpus.systems["few"].push_back(
        text_at(row, std::ranges::count(from_b, i) > 0 ? "B" : "baseline"));
  }
  return corpus;
}

struct Scorer {
  std::unique_ptr<Metric> metric;
  CountFigure figure;
};

Scorer scorer(const std::string& name, const Value* given) {
  const std::string options = given == nullptr ? "" : dump_json(*given);
  const auto flag = [&](const char* key) {
    const Value* value = given == nullptr ? nullptr : given->find(key);
    return value != nullptr && value->boolean() != nullptr && *value->boolean();
  };
  Scorer made{make_metric(name, options), {}};
  if (name == "bleu") {
    made.figure = [](std::span<const double> sums, bool) {
      return bleu_score(sums, BleuOptions{}, false).score;
    };
  } else if (name == "chrf") {
    ChrfOptions chosen;
    if (given != nullptr && given->find("word_order") != nullptr)
      chosen.word_order = static_cast<std::size_t>(given->find("word_order")->number());
    chosen.eps_smoothing = flag("eps_smoothing");
    made.figure = [chosen](std::span<const double> sums, bool single) {
      return chrf_score(sums, chosen, single);
    };
  } else {
    made.figure = [](std::span<const double> sums, bool single) { return ter_score(sums, single); };
  }
  return made;
}

std::string metric_of(const std::string& shown) {
  return shown.starts_with("BLEU") ? "bleu" : shown.starts_with("chrF") ? "chrf" : "ter";
}

CountTable table_of(const Metric& metric, const Corpus& corpus, const std::string& system,
                    std::size_t segments, std::size_t references) {
  CountTable table;
  for (std::size_t i = 0; i < segments; ++i) {
    std::vector<std::string> wanted = corpus.segments[i].references;
    wanted.resize(references);
    const auto counts = measure(metric, corpus.systems.at(system)[i], wanted).counts;
    table.width = counts.size();
    table.rows.insert(table.rows.end(), counts.begin(), counts.end());
  }
  return table;
}

void check_optional(const std::optional<double>& found, const Value& wanted) {
  CHECK(found.has_value() == !wanted.is_null());
  if (found && !wanted.is_null()) CHECK(*found == doctest::Approx(wanted.number()).epsilon(1e-10));
}

}  // namespace

TEST_CASE("significance: paired tests agree with sacrebleu") {
  const auto file = text_vectors("significance.json");
  const auto texts = text_vectors("significance_corpus.json");
  if (!file || !texts) return;
  const Corpus corpus = corpus_of(*texts);
  for (const Value& test : *at(*file, "tests").list()) {
    CAPTURE(text_at(test, "tag"));
    const auto segments = static_cast<std::size_t>(at(test, "segments").number());
    const auto references = static_cast<std::size_t>(at(test, "nrefs").number());
    const auto n = static_cast<std::size_t>(at(test, "n").number());
    const auto seed = static_cast<std::uint64_t>(at(test, "seed").number());
    const double confidence = at(test, "ar_conf").number();
    for (const Member& member : *at(test, "metrics").object()) {
      CAPTURE(member.key);
      const std::string name = metric_of(member.key);
      const Scorer made = scorer(name, at(test, "options").find(name));
      std::vector<CountTable> tables;
      for (const std::string& system : texts_at(test, "systems"))
        tables.push_back(table_of(*made.metric, corpus, system, segments, references));
      const auto results =
          text_at(test, "test") == "bs"
              ? paired_bootstrap(tables, made.figure, n, seed)
              : approximate_randomization(tables, made.figure, n,
                                          confidence > 0 ? static_cast<std::size_t>(confidence) : 0,
                                          seed);
      for (std::size_t s = 0; s < results.size(); ++s) {
        CAPTURE(s);
        const Value& wanted = at(at(member.value, "results"), s);
        CHECK(results[s].score == doctest::Approx(at(wanted, "score").number()).epsilon(1e-11));
        check_optional(results[s].mean, at(wanted, "mean"));
        check_optional(results[s].half_ci, at(wanted, "ci"));
        CHECK(results[s].p.has_value() == !at(wanted, "p").is_null());
        if (!results[s].p) continue;
        const double slack = at(wanted, "on_line").number() / static_cast<double>(n + 1);
        CHECK(std::abs(*results[s].p - at(wanted, "p").number()) <= slack + 1e-12);
      }
    }
  }
}

TEST_CASE("significance: a system's own interval agrees with sacrebleu") {
  const auto file = text_vectors("significance.json");
  const auto texts = text_vectors("significance_corpus.json");
  if (!file || !texts) return;
  const Corpus corpus = corpus_of(*texts);
  for (const Value& row : *at(*file, "single").list()) {
    CAPTURE(dump_json(row));
    const Scorer made = scorer(metric_of(text_at(row, "metric")), nullptr);
    const std::vector<CountTable> tables = {
        table_of(*made.metric, corpus, text_at(row, "system"), corpus.segments.size(), 1)};
    const auto samples = static_cast<std::size_t>(at(row, "n_bootstrap").number());
    const auto results = paired_bootstrap(tables, made.figure, samples,
                                          static_cast<std::uint64_t>(at(row, "seed").number()));
    CHECK(results[0].score == doctest::Approx(at(row, "score").number()).epsilon(1e-11));
    check_optional(results[0].mean, at(row, "mean"));
    check_optional(results[0].half_ci, at(row, "ci"));
  }
}
