// `llmops stats` from outside: its figures against the reference vectors, what it refuses.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"
#include "tests/support/stat_vectors.h"

using namespace llmops;
using namespace llmops::test;

namespace {

using Arguments = std::vector<std::string>;

Value json_of(const CliRun& run) {
  CAPTURE(run.err);
  REQUIRE(run.code == 0);
  Result<Value> value = parse_json(run.out, "stdout");
  REQUIRE_MESSAGE(value, run.out);
  return *std::move(value);
}

std::string text_at(const Value& document, const char* path) {
  const Value* found = find_path(document, path);
  return found == nullptr ? "(absent)" : to_text(*found);
}

// Student's sleep data (1908): hours gained with two drugs, ten patients.
constexpr const char* kSleep =
    "a,b\n0.7,1.9\n-1.6,0.8\n-0.2,1.1\n-1.2,0.1\n-0.1,-0.1\n3.4,4.4\n3.7,5.5\n0.8,1.6\n0.0,4.6\n2."
    "0,3.4\n";

double number_at(const Value& document, const char* path) {
  const Value* found = find_path(document, path);
  REQUIRE_MESSAGE(found != nullptr, path);
  return found->number();
}

// Cells beyond the end of a column stay empty.
std::string csv(const std::vector<double>& baseline, const std::vector<double>& candidate) {
  std::string text = "a,b\n";
  const auto cell = [](const std::vector<double>& column, std::size_t row) {
    return row < column.size() ? fmt::format("{}", column[row]) : std::string();
  };
  for (std::size_t i = 0; i < std::max(baseline.size(), candidate.size()); ++i)
    text += cell(baseline, i) + "," + cell(candidate, i) + "\n";
  return text;
}

Arguments on_columns(const char* test, const Arguments& more = {}) {
  Arguments all{"stats", test, "--file", "s.csv", "--baseline", "a", "--candidate", "b", "--json"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// Names of the vectors and of the documents: {"t", "statistic"}.
using Names = std::vector<std::pair<const char*, const char*>>;

void check_fields(const Value& expected, const Value& document, const Names& names, double rel) {
  for (const auto& name : names) {
    const Value* wanted = expected.find(name.first);
    if (wanted == nullptr) continue;
    CAPTURE(name.first);
    const Value* found = find_path(document, name.second);
    const auto problem = difference(found == nullptr ? Value() : *found, *wanted, rel, 1e-12);
    CHECK_MESSAGE(!problem, problem.value_or(""));
  }
}

// Every `step`-th case of one operation.
template <class Check>
void each_case(const char* topic, std::string_view operation, std::size_t step, Check check) {
  const auto file = shared(fmt::format("reference/statistics/{}.json", topic));
  if (!file) return;
  const Result<Source> source = read_source(*file);
  REQUIRE(source);
  const Result<Value> vectors = parse_json(*source);
  REQUIRE(vectors);
  std::size_t seen = 0;
  for (const Value& item : *member(*vectors, "cases").list()) {
    if (text(item, "op") != operation || seen++ % step != 0) continue;
    const std::string id = text(item, "id");
    CAPTURE(id);
    check(member(item, "input"), member(item, "expected"));
  }
  CHECK(seen > 0);
}

std::string decimal(double value) { return fmt::format("{}", value); }

}  // namespace

TEST_CASE("stats: Student's sleep data gives the published figures") {
  const TemporaryFolder folder;
  folder.write("s.csv", kSleep);
  const CliOptions here{.folder = folder.path()};
  const Value paired = json_of(run_cli(on_columns("paired-t"), here));
  CHECK(number_at(paired, "statistic") == doctest::Approx(4.062128).epsilon(1e-6));
  CHECK(number_at(paired, "p_value") == doctest::Approx(0.00283289).epsilon(1e-5));
  CHECK(number_at(paired, "df") == 9);
  CHECK(number_at(paired, "/interval/0") != number_at(paired, "/interval/1"));
  const Value welch = json_of(run_cli(on_columns("welch-t"), here));
  CHECK(number_at(welch, "p_value") == doctest::Approx(0.07939414).epsilon(1e-6));
  CHECK(number_at(json_of(run_cli(on_columns("paired-t", {"--alternative", "greater"}), here)),
                  "p_value") == doctest::Approx(0.001416445).epsilon(1e-5));
  CHECK(number_at(json_of(run_cli(on_columns("permutation"), here)), "p_value") ==
        doctest::Approx(4.0 / 1024));
  CHECK(number_at(json_of(run_cli(on_columns("wilcoxon", {"--zeros", "wilcox"}), here)),
                  "w_minus") == 0);
  CHECK(number_at(json_of(run_cli(on_columns("bootstrap"), here)), "/interval/0") > 0);
}

TEST_CASE("stats: t tests agree with the reference") {
  const TemporaryFolder folder;
  const Names names = {
      {"t",           "statistic"    },
      {"df",          "df"           },
      {"mean",        "difference"   },
      {"se",          "se"           },
      {"ci_lo",       "/interval/0"  },
      {"ci_hi",       "/interval/1"  },
      {"n",           "n"            },
      {"lower_bound", "lower_bound"  },
      {"n_base",      "n_baseline"   },
      {"upper_bound", "upper_bound"  },
      {"n_cand",      "n_candidate"  },
      {"mean_base",   "baseline_mean"}
  };
  for (const char* test : {"paired", "welch"})
    each_case("t_tests", fmt::format("t.{}", test), 6, [&](const Value& in, const Value& expected) {
      if (!member(in, "baseline").is_list()) return;
      folder.write("s.csv", csv(numbers(in, "baseline"), numbers(in, "candidate")));
      const std::string command = fmt::format("{}-t", test);
      for (const char* side : {"two-sided", "less", "greater"}) {
        Names with_p = names;
        const std::string p =
            side == std::string("two-sided") ? "p_two_sided" : fmt::format("p_{}", side);
        with_p.emplace_back(p.c_str(), "p_value");
        Arguments more{"--alternative", side, "--confidence", decimal(number(in, "level"))};
        if (in.find("mu0") != nullptr)
          more.insert(more.end(), {"--null", decimal(number(in, "mu0"))});
        check_fields(expected,
                     json_of(run_cli(on_columns(command.c_str(), more), {.folder = folder.path()})),
                     with_p, 1e-9);
      }
    });
}

TEST_CASE("stats: wilcoxon, mcnemar and permutation agree with the reference") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  each_case("wilcoxon", "wilcoxon", 11, [&](const Value& in, const Value& expected) {
    const std::vector<double> d = numbers(in, "d");
    folder.write("s.csv", csv(std::vector<double>(d.size(), 0.0), d));
    const std::string method = text(in, "method");
    Arguments more{"--zeros", text(in, "zero"), "--method",
                   method == "exact" ? "exact" : "approximate"};
    const Value* correction = in.find("correction");
    if (method != "exact" && correction != nullptr && correction->boolean() != nullptr &&
        !*correction->boolean())
      more.emplace_back("--no-continuity");
    check_fields(expected, json_of(run_cli(on_columns("wilcoxon", more), here)),
                 {
                     {"n",           "ranked" },
                     {"n_zero",      "zeros"  },
                     {"w_plus",      "w_plus" },
                     {"w_minus",     "w_minus"},
                     {"p_two_sided", "p_value"}
    },
                 1e-9);
  });
  each_case("mcnemar", "mcnemar", 10, [&](const Value& in, const Value& expected) {
    const std::vector<double> table = numbers(in, "table");  // n11, n10, n01, n00
    if (table[0] + table[1] + table[2] + table[3] > 5000) return;
    std::vector<double> a, b;
    for (std::size_t cell = 0; cell < 4; ++cell)
      for (int i = 0; i < static_cast<int>(table[cell]); ++i) {
        a.push_back(cell < 2 ? 1 : 0);
        b.push_back(cell % 2 == 0 ? 1 : 0);
      }
    folder.write("s.csv", csv(a, b));
    check_fields(expected, json_of(run_cli(on_columns("mcnemar"), here)),
                 {
                     {"n",                 "n"               },
                     {"discordant",        "discordant"      },
                     {"diff",              "difference"      },
                     {"p_exact_two_sided", "p_value"         },
                     {"p_mid_two_sided",   "p_mid"           },
                     {"chi2",              "chi2"            },
                     {"p_chi2_cc",         "p_chi2_corrected"}
    },
                 1e-9);
  });
  each_case("sign_flip", "sign_flip.exact", 4, [&](const Value& in, const Value& expected) {
    const std::vector<double> d = numbers(in, "d");
    folder.write("s.csv", csv(std::vector<double>(d.size(), 0.0), d));
    check_fields(expected, json_of(run_cli(on_columns("permutation"), here)),
                 {
                     {"n",           "n"      },
                     {"p_two_sided", "p_value"}
    },
                 1e-9);
    check_fields(expected,
                 json_of(run_cli(on_columns("permutation",
                                            {
                                                "--alternative", "greater"
    }),
                                 here)),
                 {{"p_greater", "p_value"}}, 1e-9);
  });
}

TEST_CASE("stats power: agrees with the reference") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  const auto ask = [&](const Value& in, Arguments more) {
    Arguments all{"stats", "power", "--json", "--alpha", decimal(number(in, "alpha"))};
    const Value* alternative = in.find("alternative");
    if (alternative != nullptr && to_text(*alternative) != "two_sided")
      more.insert(more.end(), {"--alternative", "greater"});
    if (in.find("power") != nullptr)
      more.insert(more.end(), {"--power", decimal(number(in, "power"))});
    all.insert(all.end(), more.begin(), more.end());
    return json_of(run_cli(all, here));
  };
  const auto given = [](const Value& in, const char* key) { return decimal(number(in, key)); };
  each_case("power", "power.t_paired", 12, [&](const Value& in, const Value& expected) {
    const Value out = ask(in, {"--effect", given(in, "dz"), "--n", given(in, "n")});
    CHECK(number(out, "power") == doctest::Approx(expected.number()).epsilon(1e-6));
  });
  each_case("power", "sample_size.t_paired", 12, [&](const Value& in, const Value& expected) {
    CHECK(integer(ask(in, {"--effect", given(in, "dz")}), "n") == *expected.integer());
  });
  each_case(
      "power", "sample_size.two_proportions", 12, [&](const Value& in, const Value& expected) {
        std::string method = text(in, "method");
        if (method == "fleiss_cc") method = "fleiss-cc";
        check_fields(
            expected,
            ask(in,
                {
                    "--p1", given(in, "p_base"), "--p2", given(in, "p_cand"), "--method", method
        }),
            {{"n", "n"}, {"n_real", "n_real"}}, 1e-6);
      });
  each_case("power", "sample_size.mcnemar", 3, [&](const Value& in, const Value& expected) {
    check_fields(
        expected,
        ask(in,
            {
                "--discordance", given(in, "discordance"), "--effect", given(in, "delta")
    }),
        {{"n", "n"}, {"n_real", "n_real"}}, 1e-6);
  });
}

TEST_CASE("stats power: the check values of the planning formulas") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  CHECK(number_at(
            json_of(run_cli({"stats", "power", "--p1", "0.65", "--p2", "0.72", "--json"}, here)),
            "cases_per_arm") == 690);
  CHECK(number_at(json_of(run_cli({"stats", "power", "--effect", "0.1", "--json"}, here)),
                  "cases") == 787);
  CHECK(run_cli({"stats", "power"}, here).code == 2);
}

TEST_CASE("stats bootstrap: the same seed gives the same interval, around the mean difference") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  std::vector<double> a, b;
  for (int i = 0; i < 200; ++i) {
    a.push_back((i * 37 % 101) / 101.0);
    b.push_back(a.back() + 0.05 + (i * 53 % 97 - 48) / 970.0);
  }
  folder.write("s.csv", csv(a, b));
  const CliRun one = run_cli(on_columns("bootstrap", {"--seed", "7"}), here);
  const Value first = json_of(one), t = json_of(run_cli(on_columns("paired-t"), here));
  CHECK(one.out == run_cli(on_columns("bootstrap", {"--seed", "7"}), here).out);
  CHECK(one.out != run_cli(on_columns("bootstrap", {"--seed", "8"}), here).out);
  for (const char* end : {"/interval/0", "/interval/1"})
    CHECK(std::abs(find_path(first, end)->number() - find_path(t, end)->number()) < 0.001);
  CHECK(number(first, "difference") == doctest::Approx(number(t, "difference")));
}

TEST_CASE("stats: what cannot be tested is said, exit code 0; wrong input is refused") {
  struct Row {
    const char* why;
    const char* test;
    const char* file;
    int code;
    const char* says;
  };
  const Row rows[] = {
      {"equal columns",             "paired-t", "a,b\n1,1\n2,2\n",                0, "zero"                                },
      {"one case",                  "paired-t", "a,b\n1,2\n",                     0, "not testable"                        },
      {"one value in an arm",       "welch-t",  "a,b\n1,2\n3,\n",                 0, "not testable"                        },
      {"no rows",                   "paired-t", "a,b\n",                          0, "not testable"                        },
      {"no change",                 "wilcoxon", "a,b\n1,1\n2,2\n",                0, "not testable"                        },
      {"both cells empty: no case", "paired-t", "a,b\n1,2\n,\n2,5\n",             0, "\"n\": 2"                            },
      {"true and false",            "mcnemar",  "a,b\ntrue,false\nfalse,false\n", 0, "\"losses\": 1"                       },
      {"NaN",                       "paired-t", "a,b\n1,2\nNaN,3\n",              2, "s.csv:3:1: error: column `a`: `NaN`" },
      {"text",                      "welch-t",  "a,b\n1,2\n3,high\n",             2, "s.csv:3:3: error: column `b`: `high`"},
      {"beyond double",             "welch-t",  "a,b\n1,2\n3,1e999\n",            2, "beyond the range"                    },
      {"unknown column",            "paired-t", "a,bb\n1,2\n",                    2, "did you mean `bb`?"                  },
      {"other length",              "paired-t", "a,b\n1,2\n3,\n",                 2, "s.csv:3"                             },
      {"no 0/1",                    "mcnemar",  "a,b\n1,0.5\n",                   2, "error:"                              },
  };
  const TemporaryFolder folder;
  for (const Row& row : rows) {
    CAPTURE(row.why);
    folder.write("s.csv", row.file);
    const CliRun run = run_cli(on_columns(row.test), {.folder = folder.path()});
    CAPTURE(run.out);
    CAPTURE(run.err);
    CHECK(run.code == row.code);
    CHECK((row.code == 0 ? run.out : run.err).find(row.says) != std::string::npos);
  }
  const CliRun level =
      run_cli(on_columns("paired-t", {"--confidence", "95"}), {.folder = folder.path()});
  CHECK(level.code == 2);
  CHECK(run_cli({"stats", "power", "--p1", "0.5"}, {.folder = folder.path()}).code == 2);
  CHECK(run_cli({"stats", "paired-t", "--file", "none.csv", "--baseline", "a", "--candidate", "b"},
                {.folder = folder.path()})
            .code == 2);
}

TEST_CASE("stats: a test that is not there is named with its nearest") {
  const TemporaryFolder folder;
  const CliRun near = run_cli({"stats", "pared-t"}, {.folder = folder.path()});
  CHECK(near.code == 2);
  CHECK(near.err.find("did you mean `paired-t`?") != std::string::npos);
  const CliRun none = run_cli({"stats"}, {.folder = folder.path()});
  CHECK(none.code == 2);
  CHECK(none.err.find("bootstrap") != std::string::npos);
}

TEST_CASE("stats: JSON lines, and a screen for people") {
  const TemporaryFolder folder;
  folder.write("s.jsonl",
               "{\"x\": {\"a\": 0.1}, \"b\": 0.3}\n{\"x\": {\"a\": 0.2}, \"b\": 0.5}\n"
               "{\"x\": {}, \"b\": null}\n{\"x\": {\"a\": 0.4}, \"b\": 0.5}\n");
  const CliRun run =
      run_cli({"stats", "paired-t", "--file", "s.jsonl", "--baseline", "x.a", "--candidate", "b"},
              {.folder = folder.path()});
  CHECK(run.code == 0);
  CHECK(run.out.find("test                  paired t\n") == 0);
  CHECK(run.out.find("difference            0.2\n") != std::string::npos);
  CHECK(run.out.find("n                     3\n") != std::string::npos);
}

TEST_CASE("stats ab: two arms, rates or means, and how many cases it takes") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  std::string rates = "arm,won,ms\n";
  for (int i = 0; i < 200; ++i) {
    rates += fmt::format("old,{},{}\n", i < 130 ? 1 : 0, 100 + i % 10);
    rates += fmt::format("new,{},{}\n", i < 144 ? 1 : 0, 102 + i % 10);
  }
  folder.write("ab.csv", rates);
  const Value won = json_of(run_cli(
      {"stats", "ab", "--file", "ab.csv", "--arm", "arm", "--outcome", "won", "--json"}, here));
  CHECK(text_at(won, "test") == "two proportions z");
  CHECK(text_at(won, "/baseline/arm") == "old");
  CHECK(number(won, "difference") == doctest::Approx(0.07));
  CHECK(text_at(won, "cases_needed_per_arm") == "690");
  const double detectable = number(won, "detectable_effect");
  CHECK(detectable > 0.07);
  CHECK(detectable < 0.2);
  const Value ms = json_of(run_cli({"stats", "ab", "--file", "ab.csv", "--arm", "arm", "--outcome",
                                    "ms", "--baseline", "new", "--json"},
                                   here));
  CHECK(text_at(ms, "test") == "welch t");
  CHECK(number(ms, "difference") == doctest::Approx(-2.0));
  CHECK(run_cli({"stats", "ab", "--file", "ab.csv", "--arm", "arm", "--outcome", "won",
                 "--baseline", "odl"},
                here)
            .err.find("did you mean `old`?") != std::string::npos);
}
