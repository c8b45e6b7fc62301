#pragma once
// What the providers that speak HTTP have in common: a body for a request, a reader for its answer.

#include <functional>
#include <memory>

#include "datasets/text/result.h"
#include "evaluators/providers/batch_api.h"
#include "evaluators/providers/endpoint.h"
#include "evaluators/providers/stream_call.h"

namespace llmops {

class HttpModel final : public Provider {
 public:
  // For `count` answers at once; a provider without such calls is never asked for more than one.
  using Write = std::function<Result<std::string>(const Request&, int count)>;
  using Read = std::function<std::unique_ptr<AnswerReader>(int count)>;
  // `batch`: where the provider has batches.
  HttpModel(const ModelSpec& model, Endpoint endpoint, EventLoop& loop, Write write, Read read,
            std::unique_ptr<const BatchApi> batch = nullptr);
  ~HttpModel() override;

  // A body that cannot be written is a failed call of class bad_request.
  std::uint64_t ask(const std::shared_ptr<const Request>& request, Clock::time_point scheduled,
                    Done done) override {
    return ask_several(request, 1, scheduled, std::move(done));
  }
  std::uint64_t ask_several(const std::shared_ptr<const Request>& request, int count,
                            Clock::time_point scheduled, Done done) override;
  void cancel(std::uint64_t attempt) override { calls_.cancel(attempt); }
  void cancel_all() override { calls_.cancel_all(); }
  const BatchApi* batch() const override { return batch_.get(); }

 private:
  const ModelSpec& model_;
  Endpoint endpoint_;
  Write write_;
  Read read_;
  std::unique_ptr<const BatchApi> batch_;
  StreamCalls calls_;
};

}  // namespace llmops
