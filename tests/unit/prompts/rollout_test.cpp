#include "prompts/rollout.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "prompts/audit.h"
#include "prompts/prompt_file.h"
#include "prompts/registry.h"
#include "tests/support/reference.h"

using namespace llmops;
namespace fs = std::filesystem;

namespace {

struct Registry {
  test::TemporaryFolder folder;

  Prompt write(const std::string& version) const {
    Result<Prompt> prompt = load_prompt(folder.write(
        "prompts/support/" + version + ".yaml",
        fmt::format("name: support\nversion: {}\nuser: '{} {{{{ q }}}}'\n", version, version)));
    REQUIRE(prompt);
    return std::move(*prompt);
  }
  static Evidence passed(const Prompt& prompt) {
    return {"run1", "pass", prompt.sha256, "2025-11-15T09:00:00Z", Object{{"judge", 0.92}}};
  }
  static Change change(bool force = false) { return {"ada", "2025-11-15T10:00:00Z", force}; }
  fs::path audit() const { return folder.path() / "prompts/audit.jsonl"; }
};

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string message(const Diagnostics& problems) { return render(problems); }

}  // namespace

TEST_CASE("rollout: promote, find by label, roll back") {
  const Registry registry;
  const Prompt first = registry.write("1.0.0");
  const Prompt second = registry.write("1.1.0");
  REQUIRE(promote(registry.folder.path(), first, "production", 100, Registry::passed(first),
                  Registry::change()));
  REQUIRE(promote(registry.folder.path(), second, "production", 100, Registry::passed(second),
                  Registry::change()));
  Result<Prompt> prompt = find_prompt("support@production", registry.folder.path());
  REQUIRE(prompt);
  CHECK(prompt->version == "1.1.0");
  CHECK(prompt.problems().empty());

  const Result<Labels> labels = load_labels(registry.folder.path());
  REQUIRE(labels);
  const LabelEntry& entry = labels->find("support")->find("production")->current();
  CHECK(entry.author == "ada");
  CHECK(entry.sha256 == second.sha256);
  REQUIRE(entry.evidence);
  CHECK(entry.evidence->run == "run1");
  CHECK(entry.evidence->scores == Object{
                                      {"judge", 0.92}
  });

  const Result<LabelEntry> back =
      rollback(registry.folder.path(), "support", "production", Registry::change());
  REQUIRE(back);
  CHECK(back->version == "1.0.0");
  CHECK(find_prompt("support@production", registry.folder.path())->version == "1.0.0");
  CHECK(message(rollback(registry.folder.path(), "support", "production", Registry::change())
                    .problems()) ==
        "error: nothing stands before 1.0.0 at `production` of `support`\n  = help: promote "
        "another version\n");
  CHECK(message(
            rollback(registry.folder.path(), "support", "canary", Registry::change()).problems()) ==
        "error: `support` has no label `canary`\n");
  const Result<AuditHead> audit = verify_audit(registry.audit());
  REQUIRE(audit);
  CHECK(audit->entries == 3);
}

TEST_CASE("rollout: what changed since the promotion is said") {
  const Registry registry;
  const Prompt first = registry.write("1.0.0");
  REQUIRE(promote(registry.folder.path(), first, "production", 100, Registry::passed(first),
                  Registry::change()));
  (void)registry.folder.write("prompts/support/1.0.0.yaml",
                              "name: support\nversion: 1.0.0\nuser: other\n");
  const Result<Prompt> prompt = find_prompt("support@production", registry.folder.path());
  REQUIRE(prompt);
  CHECK(message(prompt.problems()) ==
        "warning: support@1.0.0 is not what was promoted to `production`\n"
        "  = help: its content changed under the same version: give it the next number\n");
  CHECK(message(find_prompt("support@producton", registry.folder.path()).problems()) ==
        "error: `support` has no version, label or git revision `producton`\n"
        "  = there are: 1.0.0, production\n"
        "  = help: did you mean `production`?\n");
}

TEST_CASE("rollout: what is refused without force") {
  const Registry registry;
  const Prompt prompt = registry.write("1.0.0");
  Evidence evidence = Registry::passed(prompt);
  const auto refused = [&](const std::optional<Evidence>& given, double percent = 100,
                           const char* label = "production") {
    return message(
        promote(registry.folder.path(), prompt, label, percent, given, Registry::change())
            .problems());
  };
  CHECK(refused(std::nullopt) ==
        "error: support@1.0.0 was not gated\n"
        "  = expected a run of `llmops eval` whose gate passed\n"
        "  = help: `--force` promotes it all the same, and says so in the log\n");
  evidence.verdict = "fail";
  CHECK(refused(evidence) ==
        "error: the gate of run run1 says fail for support@1.0.0\n"
        "  = expected pass\n"
        "  = help: `--force` promotes it all the same, and says so in the log\n");
  evidence = Registry::passed(prompt);
  evidence.prompt_sha256 = std::string(64, '0');
  CHECK(refused(evidence) ==
        fmt::format("error: run run1 gated another content than that of support@1.0.0\n"
                    "  = expected {}, the run has 000000000000\n"
                    "  = help: the prompt changed since: run `llmops eval` again\n",
                    prompt.sha256.substr(0, 12)));
  CHECK(refused(Registry::passed(prompt), 10) ==
        "error: `production` is what everybody gets\n  = expected 100%\n  = help: give a share to "
        "another label, such as `canary`\n");
  CHECK(refused(Registry::passed(prompt), 0, "canary") ==
        "error: a share of 0%\n  = expected above 0 and at most 100\n");
  CHECK(refused(Registry::passed(prompt), 100, "a b") ==
        "error: `a b` is no label\n  = expected letters, digits, `-` and `_`\n");
  CHECK_FALSE(fs::exists(registry.audit()));
  CHECK_FALSE(fs::exists(labels_file(registry.folder.path())));

  const Result<LabelEntry> forced = promote(registry.folder.path(), prompt, "production", 100,
                                            std::nullopt, Registry::change(true));
  REQUIRE(forced);
  CHECK(forced->forced);
  CHECK(content(registry.audit()).find("\"forced\":true") != std::string::npos);
}

TEST_CASE("rollout: shares of the users") {
  const Registry registry;
  const Prompt stable = registry.write("1.0.0");
  const Prompt next = registry.write("1.1.0");
  const Prompt other = registry.write("1.2.0");
  const auto labels = [&] { return *load_labels(registry.folder.path()); };
  REQUIRE(promote(registry.folder.path(), next, "canary", 10, Registry::passed(next),
                  Registry::change()));
  const Labels without_production = labels();
  CHECK_FALSE(assign(*without_production.find("support"), "user-with-a-high-bucket-2"));
  REQUIRE(promote(registry.folder.path(), stable, "production", 100, Registry::passed(stable),
                  Registry::change()));
  REQUIRE(promote(registry.folder.path(), other, "trial", 5, Registry::passed(other),
                  Registry::change()));
  CHECK(message(promote(registry.folder.path(), other, "more", 90, Registry::passed(other),
                        Registry::change())
                    .problems()) ==
        "error: the shares of `support` come to 105%\n  = expected at most 100\n");

  const auto share = [&](const Labels& from, const std::string& version) {
    int count = 0;
    for (int i = 0; i < 20000; ++i)
      count +=
          assign(*from.find("support"), "user" + std::to_string(i))->version == version ? 1 : 0;
    return count / 200.0;
  };
  const Labels at_ten = labels();
  CHECK(share(at_ten, "1.1.0") == doctest::Approx(10).epsilon(0.1));
  CHECK(share(at_ten, "1.2.0") == doctest::Approx(5).epsilon(0.15));
  // Who is in at 10% is in at 20%.
  REQUIRE(promote(registry.folder.path(), next, "canary", 20, Registry::passed(next),
                  Registry::change()));
  const Labels at_twenty = labels();
  for (int i = 0; i < 2000; ++i) {
    const std::string key = "user" + std::to_string(i);
    if (assign(*at_ten.find("support"), key)->label == "canary")
      CHECK(assign(*at_twenty.find("support"), key)->label == "canary");
  }
  CHECK(share(at_twenty, "1.1.0") == doctest::Approx(20).epsilon(0.1));
}

TEST_CASE("rollout: buckets are uniform, stable and independent between prompts") {
  CHECK(rollout_bucket("support", "user1") == rollout_bucket("support", "user1"));
  CHECK(rollout_bucket("ab", "c") != rollout_bucket("a", "bc"));
  // Fixed for good: a change would move users between versions.
  CHECK(rollout_bucket("support", "user1") == doctest::Approx(98.4440538728132).epsilon(1e-12));
  CHECK(rollout_bucket("support", "") == doctest::Approx(77.8747617506718).epsilon(1e-12));
  constexpr int kUsers = 50000;
  constexpr int kBuckets = 50;
  std::vector<int> counts(kBuckets), other(kBuckets);
  double product = 0;
  for (int i = 0; i < kUsers; ++i) {
    const double a = rollout_bucket("support", std::to_string(i));
    const double b = rollout_bucket("triage", std::to_string(i));
    ++counts[static_cast<std::size_t>(a / 100 * kBuckets)];
    product += (a - 50) * (b - 50);
  }
  double chi_square = 0;
  const double expected = double(kUsers) / kBuckets;
  for (const int count : counts) chi_square += (count - expected) * (count - expected) / expected;
  CHECK(chi_square < 94.6);  // 49 degrees of freedom, p = 1e-4
  // Correlation of two prompts' buckets: standard error 1/sqrt(n), variance of a bucket 100^2/12.
  CHECK(std::abs(product / kUsers / (10000.0 / 12.0)) < 4.0 / std::sqrt(double(kUsers)));
}

TEST_CASE("audit: every way to tamper with the log is found") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "audit.jsonl";
  AuditHead head;
  for (int i = 1; i <= 4; ++i) {
    const Result<AuditHead> made =
        append_audit(file, Object{
                               {"action",              "promote"},
                               { "version", fmt::format("1.{}.0",        i)}
    });
    REQUIRE(made);
    head = *made;
  }
  REQUIRE(verify_audit(file, head));
  CHECK(verify_audit(file)->hash == head.hash);
  const std::string whole = content(file);
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < whole.size(); start = whole.find('\n', start) + 1)
    lines.push_back(whole.substr(start, whole.find('\n', start) + 1 - start));
  REQUIRE(lines.size() == 4);

  const auto verified = [&](const std::string& text) {
    (void)folder.write("audit.jsonl", text);
    const Result<AuditHead> result = verify_audit(file, head);
    if (result) return std::string("good");
    std::string out = render(result.problems());
    return out.substr(out.find("audit.jsonl"));
  };
  CHECK(verified(whole) == "good");
  std::string changed = lines[1];
  changed.replace(changed.find("1.2.0"), 5, "9.9.9");
  CHECK(
      verified(lines[0] + changed + lines[2] + lines[3]) ==
      "audit.jsonl:2: error: the entry is not what was written\n  = help: this line was changed\n");
  CHECK(verified(lines[0] + lines[2] + lines[3]) ==
        "audit.jsonl:2: error: entry 3 stands where 2 is expected\n  = help: a line was taken out "
        "or put in\n");
  CHECK(verified(lines[0] + lines[1]) ==
        "audit.jsonl: error: the log ends after 2 of 4 entries\n  = help: lines were cut off at "
        "its end\n");
  CHECK(verified(whole + "{}\n") ==
        "audit.jsonl:5: error: this line is no entry of an audit log\n");
  CHECK(verified("") ==
        "audit.jsonl: error: the log ends after 0 of 4 entries\n  = help: lines were cut off at "
        "its end\n");
  // An entry that was forged with its own hash right does not fit the next one.
  Result<Value> forged = parse_json(lines[1], "x");
  const test::TemporaryFolder other;
  (void)other.write("audit.jsonl", lines[0]);
  REQUIRE(
      append_audit(other.path() / "audit.jsonl", Object{
                                                     {"action",  "promote"},
                                                     {"version", "9.9.9"  }
  }));
  const std::string forgery = content(other.path() / "audit.jsonl");
  CHECK(verified(forgery + lines[2] + lines[3]) ==
        "audit.jsonl:3: error: the entry does not follow from the one before it\n  = help: a line "
        "before this one was changed\n");
  // A broken log is not continued.
  (void)folder.write("audit.jsonl", lines[1]);
  CHECK_FALSE(append_audit(file, Object{
                                     {"action", "x"}
  }));
  CHECK(content(file) == lines[1]);
}

TEST_CASE("audit: a log that was written anew from its start is not the one that was written") {
  const Registry registry;
  const Prompt prompt = registry.write("1.0.0");
  REQUIRE(promote(registry.folder.path(), prompt, "production", 100, Registry::passed(prompt),
                  Registry::change()));
  REQUIRE(verify_rollout(registry.folder.path()));
  fs::remove(registry.audit());
  REQUIRE(append_audit(registry.audit(), Object{
                                             {"author", "eve"}
  }));
  REQUIRE(verify_audit(registry.audit()));
  const Result<AuditHead> found = verify_rollout(registry.folder.path());
  REQUIRE_FALSE(found);
  const std::string shown = message(found.problems());
  CHECK(shown.substr(shown.find("audit.jsonl")) ==
        "audit.jsonl:1: error: the entry is not the one that the labels file knows\n"
        "  = help: lines were written anew, or labels.json was put back\n");
}
