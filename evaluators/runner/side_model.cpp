#include "evaluators/runner/side_model.h"

#include "evaluators/providers/make_model.h"
#include "evaluators/runner/budget.h"

namespace llmops {
namespace {

// How soon an interrupt is seen.
constexpr auto kLook = std::chrono::milliseconds(100);

}  // namespace

struct SideModel::Batch {
  Requests requests;
  std::vector<Sample> samples;
  std::size_t left = 0;  // of the loop's thread
  std::atomic<bool> done{false};
};

std::unique_ptr<SideModel> SideModel::make(const Value& model, const Source& source,
                                           const std::filesystem::path& folder,
                                           Diagnostics& problems, const ProviderInfo* protocol) {
  std::unique_ptr<SideModel> made(new SideModel);
  made->model_ = protocol == nullptr
                     ? make_model(model, source, folder, made->loop_, problems)
                     : make_model_of(*protocol, model, source, folder, made->loop_, problems);
  if (made->model_ == nullptr) return nullptr;
  made->use_.model = made->model_->spec.name;
  return made;
}

SideModel::~SideModel() = default;

void SideModel::attach(const SideContext& context) {
  if (context.budget != nullptr && context.budget != context_.budget)
    spender_ = context.budget->join();
  context_ = context;
}

std::vector<Sample> SideModel::ask(Requests requests) {
  Batch batch{.requests = requests,
              .samples = std::vector<Sample>(requests.size()),
              .left = requests.size()};
  if (requests.empty()) return {};
  loop_.post([&] {
    for (std::size_t i = 0; i < batch.requests.size(); ++i) queue_.emplace_back(&batch, i);
    feed();
  });
  std::unique_lock lock(mutex_);
  while (!batch.done) {
    if (turning_) {
      changed_.wait(lock, [&] { return batch.done || !turning_; });
      continue;
    }
    turning_ = true;
    lock.unlock();
    turn_until(batch);
    lock.lock();
    turning_ = false;
    changed_.notify_all();
  }
  return std::move(batch.samples);
}

void SideModel::turn_until(const Batch& batch) {
  // Made here, so that prices and rates that were set before the first call count.
  if (caller_ == nullptr) caller_ = std::make_unique<Caller>(*model_, loop_, 1);
  while (!batch.done) {
    loop_.turn(kLook);
    look_at_interrupts();
    feed();
  }
}

void SideModel::feed() {
  while (!queue_.empty() && caller_->has_room()) {
    const auto [batch, place] = queue_.front();
    const Room room = room_for(*batch->requests[place]);
    if (room == Room::no) return refuse_all(context_.budget->why());
    if (room == Room::later) return;  // the next answer, or the next look, asks again
    queue_.pop_front();
    Batch* const asked = batch;
    const std::size_t at = place;
    caller_->ask(batch->requests[place], [this, asked, at](Sample sample) {
      count(sample);
      settle(sample);
      asked->samples[at] = std::move(sample);
      if (--asked->left > 0) return;
      const std::lock_guard lock(mutex_);  // the batch is gone as soon as its thread sees this
      asked->done = true;
      changed_.notify_all();
    });
  }
}

SideModel::Room SideModel::room_for(const Request& request) {
  if (context_.budget == nullptr) return Room::yes;
  const CallEstimate estimate = caller_->estimate(request);
  // An embedding has no output: what is estimated for it is the default of a chat.
  Spend guess{.cost_usd = 0, .tokens = estimate.input_tokens};
  if (const auto& price = model_->spec.price)
    guess.cost_usd = estimate.input_tokens * price->input / 1e6;
  switch (context_.budget->take(spender_, guess)) {
    case Budget::Room::yes:
      return Room::yes;
    case Budget::Room::later:
      return Room::later;
    case Budget::Room::no:
      break;
  }
  return Room::no;
}

void SideModel::settle(const Sample& sample) {
  if (context_.budget == nullptr) return;
  const std::int64_t tokens = sample.usage.input.value_or(0) + sample.usage.output.value_or(0);
  context_.budget->settle(
      spender_, {.cost_usd = sample.cost_usd.value_or(0), .tokens = static_cast<double>(tokens)},
      !sample.error);
}

void SideModel::refuse_all(const std::string& why) {
  if (context_.refused != nullptr) *context_.refused = true;
  const std::lock_guard lock(mutex_);  // the batch is gone as soon as its thread sees `done`
  for (; !queue_.empty(); queue_.pop_front()) {
    const auto [batch, place] = queue_.front();
    Sample& sample = batch->samples[place];
    sample.attempts = 0;
    sample.error = {ErrorClass::budget, "not asked: " + why};
    if (--batch->left == 0) batch->done = true;
  }
  changed_.notify_all();
}

void SideModel::look_at_interrupts() {
  const int count = context_.interrupts == nullptr ? 0 : context_.interrupts->load();
  if (count >= 1) caller_->stop_retrying();
  if (count >= 2) caller_->cancel_all();
}

void SideModel::count(const Sample& sample) {
  const std::lock_guard lock(mutex_);
  use_.made += sample.attempts;
  use_.retried += sample.attempts - 1;
  ++(sample.error ? use_.failed : use_.answered);
  use_.input_tokens += sample.usage.input.value_or(0);
  use_.output_tokens += sample.usage.output.value_or(0);
  use_.cost_usd += sample.cost_usd.value_or(0);
}

SideUse SideModel::use() const {
  const std::lock_guard lock(mutex_);
  return use_;
}

}  // namespace llmops
