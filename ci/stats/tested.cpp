#include "ci/stats/tested.h"

namespace llmops::stats {

std::string_view name(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::not_testable:
      return "not_testable";
    case Status::invalid_input:
      return "invalid_input";
  }
  return "";
}

Refusal not_testable(std::string_view code, std::string sentence) {
  return {Status::not_testable, code, std::move(sentence), std::nullopt};
}

Refusal invalid_input(std::string_view code, std::string sentence,
                      std::optional<std::size_t> index) {
  return {Status::invalid_input, code, std::move(sentence), index};
}

}  // namespace llmops::stats
