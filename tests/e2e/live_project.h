#pragma once
// A project whose model is a loopback server.

#include <doctest/doctest.h>

#include <string>

#include "datasets/text/json.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

namespace llmops::test {

// `cases` questions "q0", "q1", ...; the reference of each is "1". `model`: further keys of the
// model's mapping; `more`: further keys of the suite.
inline void write_live_project(const TemporaryFolder& folder, const std::string& url, int cases,
                               const std::string& model = "name: m, limits: {concurrency: 8}",
                               const std::string& more = "") {
  std::string rows;
  for (int i = 0; i < cases; ++i)
    rows += "{\"id\": \"c" + std::to_string(i) + "\", \"question\": \"q" + std::to_string(i) +
            "\", \"answer\": \"1\"}\n";
  folder.write("cases.jsonl", rows);
  folder.write("llmops.yaml",
               "prompt: {name: q, version: \"1.0.0\", user: \"{{ question }}\"}\n"
               "dataset: {path: cases.jsonl, fields: {reference: answer}}\n"
               "model: {provider: openai, base_url: " +
                   url + "/v1, " + model + "}\nevaluators: [exact_match]\n" + more);
}

inline Value json_of(const CliRun& run) {
  Result<Value> value = parse_json(run.out, "stdout");
  REQUIRE_MESSAGE(value, run.out, run.err);
  return *std::move(value);
}

inline std::string text_at(const Value& document, const char* path) {
  const Value* found = find_path(document, path);
  return found == nullptr ? "(absent)" : to_text(*found);
}

inline double number_at(const Value& document, const char* path) {
  const Value* found = find_path(document, path);
  return found == nullptr ? -1 : found->number();
}

}  // namespace llmops::test
