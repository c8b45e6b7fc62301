#pragma once
// Asks a Hugging Face style hub: what a repository holds, and the files themselves. Blocking.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "datasets/text/result.h"
#include "evaluators/hub/listing.h"

namespace llmops {

struct HubOptions {
  std::string endpoint = "https://huggingface.co";  // HF_ENDPOINT
  std::string token;                                // HF_TOKEN; goes to the endpoint alone
  int retries = 5;                                  // after a fault that another attempt may mend
  std::chrono::nanoseconds backoff = std::chrono::milliseconds(500);
  std::chrono::nanoseconds silence = std::chrono::seconds(60);  // longest, from the server

  static HubOptions from_environment();
};

class HubClient {
 public:
  explicit HubClient(HubOptions options);
  ~HubClient();

  const std::string& endpoint() const;
  Result<HubListing> listing(const std::string& model, const std::string& revision);

  // Bytes of the file that are there, now and then; false ends the download.
  using Progress = std::function<bool(std::uint64_t bytes)>;
  // Appends what `part` does not hold yet; what arrived stays there when the download fails, and
  // the next one goes on behind it. A server that knows no ranges sends all of it again.
  Diagnostics download(const std::string& model, const std::string& commit, const HubFile& file,
                       const std::filesystem::path& part, const Progress& progress);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace llmops
