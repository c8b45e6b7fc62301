#pragma once
// The pages of `llmops view`: the stored runs, one run, two runs side by side.

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/local_server.h"
#include "cli/stored.h"
#include "evaluators/store/store.h"

namespace llmops {

class ViewPages {
 public:
  explicit ViewPages(std::shared_ptr<Store> store) : store_(std::move(store)) {}
  ~ViewPages();
  ViewPages(const ViewPages&) = delete;
  ViewPages& operator=(const ViewPages&) = delete;

  // "/": the runs, and trends of a suite (?suite=, ?page=, ?a= a run that waits for its partner);
  // "/run/ID/", "/compare/A/B/": the report, and below it "case/N": the texts of case N as JSON.
  LocalReply answer(const LocalRequest& request);

 private:
  struct Opened;
  using Means = std::vector<std::pair<std::string, double>>;
  LocalReply runs(const LocalRequest& request);
  // The report of a run against its baseline, or (`a` not empty) against run `a`; kept for the
  // requests of its cases.
  std::shared_ptr<Opened> open(const std::string& a, const std::string& b);
  LocalReply report(const std::string& a, const std::string& b,
                    const std::vector<std::string>& rest);
  std::string trends(const std::vector<StoredRunInfo>& all, const StoredRunInfo& newest);

  std::shared_ptr<Store> store_;
  std::map<std::string, Means> means_;         // of complete runs: they stay as they are
  std::list<std::shared_ptr<Opened>> opened_;  // the newest first
};

}  // namespace llmops
