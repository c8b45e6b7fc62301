#include "cli/shard.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <initializer_list>

using namespace llmops;

namespace {

// Sets variables for one test.
class Environment {
 public:
  Environment(std::initializer_list<std::pair<const char*, const char*>> variables)
      : variables_(variables) {
    for (const auto& [name, value] : variables_) ::setenv(name, value, 1);
  }
  ~Environment() {
    for (const auto& entry : variables_) ::unsetenv(entry.first);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::vector<std::pair<const char*, const char*>> variables_;
};

std::string shown(const std::string& text) {
  const Result<Shard> shard = read_shard(text);
  return shard ? std::to_string(shard->index) + "/" + std::to_string(shard->of)
               : shard.problems()[0].what;
}

}  // namespace

TEST_CASE("shard: i/n counts from 1, and everything else is refused") {
  CHECK(shown("1/1") == "1/1");
  CHECK(shown("2/8") == "2/8");
  for (const char* wrong :
       {"0/2", "3/2", "1/0", "-1/2", "1", "1/", "/2", "1/2/3", "a/b", "", "1 /2"}) {
    CAPTURE(wrong);
    CHECK_FALSE(read_shard(wrong));
  }
}

TEST_CASE("shard: auto takes the part from whoever runs the job") {
  for (const char* name : {"SLURM_ARRAY_TASK_ID", "CI_NODE_INDEX", "CIRCLE_NODE_INDEX",
                           "BUILDKITE_PARALLEL_JOB", "JOB_COMPLETION_INDEX"})
    ::unsetenv(name);
  CHECK_FALSE(read_shard("auto"));
  {
    const Environment slurm{
        {"SLURM_ARRAY_TASK_ID",    "12"},
        {"SLURM_ARRAY_TASK_MIN",   "10"},
        {"SLURM_ARRAY_TASK_COUNT", "4" }
    };
    CHECK(shown("auto") == "3/4");
  }
  {
    const Environment gitlab{
        {"CI_NODE_INDEX", "2"},
        {"CI_NODE_TOTAL", "5"}
    };
    CHECK(shown("auto") == "2/5");
  }
  {
    const Environment kubernetes{
        {"JOB_COMPLETION_INDEX", "0"}
    };
    CHECK_FALSE(read_shard("auto"));  // it does not say how many there are
    CHECK(shown("auto/3") == "1/3");
  }
}
