// `llmops models`, from outside, against a hub on the loopback interface.
#include <doctest/doctest.h>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/e2e/live_project.h"
#include "tests/support/hub_server.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kSnapshot =
    "hub/models--org--tiny/snapshots/0123456789abcdef0123456789abcdef01234567";

std::shared_ptr<HubModel> small_model() {
  auto model = std::make_shared<HubModel>();
  model->files = {
      {"README.md",                 "not for us"},
      {                                              "config.json", R"({"model_type":"bert"})"            },
      {                                    "vocab.txt",                           "[PAD]\n[UNK]\n"                    },
      { "model.safetensors",                           std::string(300'000,                           'w') + "end"},
      {                              "tf_model.h5",                           std::string(1000,                                        'x')}
  };
  model->large = {"model.safetensors", "tf_model.h5"};
  return model;
}

CliOptions at_hub(const TemporaryFolder& folder, const LoopbackServer& server,
                  const std::string& token = "") {
  return {
      .folder = folder.path(),
      .environment = {{"HF_ENDPOINT", server.url()},
                      {"HF_HUB_CACHE", (folder.path() / "hub").string()},
                      {"HF_TOKEN", token}}
  };
}

std::string content(const fs::path& file) {
  const Result<Source> source = read_source(file);
  return source ? source->text() : "";
}

}  // namespace

TEST_CASE("models pull: fetched once, in the layout that other tools share") {
  const TemporaryFolder folder;
  const auto model = small_model();
  model->token = "hf_secret_of_the_test";
  LoopbackServer storage(hub_script(model));  // another origin: the token must not go there
  model->storage = storage.url();
  LoopbackServer server(hub_script(model));
  const CliOptions here = at_hub(folder, server, model->token);
  const CliRun first = run_cli({"models", "pull", "org/tiny", "--json"}, here);
  CAPTURE(first.err);
  REQUIRE(first.code == 0);
  const Value told = json_of(first);
  CHECK(text_at(told, "/files") == "3");
  const fs::path snapshot = folder.path() / kSnapshot;
  CHECK(content(snapshot / "model.safetensors") == model->files.at("model.safetensors"));
  CHECK(fs::is_symlink(snapshot / "config.json"));
  CHECK(fs::read_symlink(snapshot / "config.json").string().starts_with("../../blobs/"));
  CHECK(content(folder.path() / "hub/models--org--tiny/refs/main") == model->commit);
  CHECK(!fs::exists(snapshot / "tf_model.h5"));
  CHECK(storage.requests() == 1);
  CHECK(first.out.find("hf_secret") == std::string::npos);

  const CliRun again = run_cli({"models", "pull", "org/tiny", "--json"}, here);
  CHECK(again.code == 0);
  CHECK(text_at(json_of(again), "/fetched_bytes") == "0");
  CHECK(storage.requests() == 1);

  const CliRun list = run_cli({"models", "list"}, here);
  CHECK(list.out.find("org/tiny") != std::string::npos);
  CHECK(list.out.find("(main)") != std::string::npos);
  CHECK(run_cli({"models", "verify"}, here).code == 0);
  fs::permissions(fs::canonical(snapshot / "vocab.txt"), fs::perms::owner_all);
  write_atomically(fs::canonical(snapshot / "vocab.txt"), "[PAD]\nother\n");
  const CliRun verify = run_cli({"models", "verify", "org/tiny"}, here);
  CHECK(verify.code == 1);
  CHECK(verify.out.find("vocab.txt: its content is not") != std::string::npos);

  const CliRun wrong_name = run_cli({"models", "remove", "org/tini"}, here);
  CHECK(wrong_name.code == 2);
  CHECK(wrong_name.err.find("did you mean `org/tiny`") != std::string::npos);
  CHECK(run_cli({"models", "remove", "org/tiny"}, here).code == 0);
  CHECK(!fs::exists(folder.path() / "hub/models--org--tiny"));
}

TEST_CASE("models pull: a cut download goes on where it ended, with and without ranges") {
  for (const bool ranges : {true, false}) {
    CAPTURE(ranges);
    const TemporaryFolder folder;
    const auto model = small_model();
    model->cut_first_at = 100'000;
    model->ranges = ranges;
    LoopbackServer server(hub_script(model));
    const CliRun run = run_cli({"models", "pull", "org/tiny"}, at_hub(folder, server));
    CAPTURE(run.err);
    CHECK(run.code == 0);
    CHECK(content(folder.path() / kSnapshot / "model.safetensors") ==
          model->files.at("model.safetensors"));
    bool asked_for_the_rest = false;
    for (const Received& request : server.log())
      asked_for_the_rest = asked_for_the_rest || request.header("range") == "bytes=100000-";
    CHECK(asked_for_the_rest);
  }
}

TEST_CASE("models pull: what is refused, in one sentence, and nothing half-made") {
  const TemporaryFolder folder;
  const auto model = small_model();
  model->spoilt = {
      {"model.safetensors", std::string(300'003, 'e')}
  };
  LoopbackServer server(hub_script(model));
  const CliOptions here = at_hub(folder, server);
  const CliRun spoilt = run_cli({"models", "pull", "org/tiny"}, here);
  CHECK(spoilt.code == 2);
  CHECK(spoilt.err.find("`model.safetensors` of `org/tiny` is not what the hub promised") !=
        std::string::npos);
  CHECK(!fs::exists(folder.path() / kSnapshot));

  const CliRun missing = run_cli({"models", "pull", "org/none"}, here);
  CHECK(missing.code == 2);
  CHECK(missing.err.find("has no `org/none` at revision `main`") != std::string::npos);
  const CliRun name = run_cli({"models", "pull", "../x"}, here);
  CHECK(name.code == 2);
  CHECK(name.err.find("is no name of a model") != std::string::npos);
  CHECK(run_cli({"models", "pull"}, here).code == 2);

  const auto guarded = small_model();
  guarded->token = "hf_right_token";
  LoopbackServer private_hub(hub_script(guarded));
  const CliRun refused =
      run_cli({"models", "pull", "org/tiny"}, at_hub(folder, private_hub, "hf_wrong_token"));
  CHECK(refused.code == 2);
  CHECK(refused.err.find("HF_TOKEN") != std::string::npos);
  CHECK(refused.err.find("hf_wrong_token") == std::string::npos);
}
