#include "ci/compare/changes.h"

#include <fmt/format.h>

#include <algorithm>

namespace llmops {
namespace {

std::string text_of(const Object& object, std::string_view key) {
  const Value* value = object.find(key);
  return value == nullptr ? "" : to_text(*value);
}

std::string called(const Object& prompt) {
  const std::string version = text_of(prompt, "version");
  return text_of(prompt, "name") + (version.empty() ? "" : " " + version);
}

void note(std::vector<std::string>& changes, std::string_view what, const std::string& before,
          const std::string& after) {
  if (before == after) return;
  changes.push_back(fmt::format("{} {} -> {}", what, before.empty() ? "(none)" : before,
                                after.empty() ? "(none)" : after));
}

// Every member but those that `known` handles.
void note_members(std::vector<std::string>& changes, std::string_view what, const Object& before,
                  const Object& after) {
  for (const Member& member : before)
    note(changes, fmt::format("{}.{}", what, member.key), to_text(member.value),
         text_of(after, member.key));
  for (const Member& member : after)
    if (before.find(member.key) == nullptr)
      note(changes, fmt::format("{}.{}", what, member.key), "", to_text(member.value));
}

// Runs from before prices were kept have none: that is no change.
Object without_unknown_price(const Object& model, const Object& other) {
  Object kept;
  for (const Member& member : model)
    if (member.key != "price" || other.find("price") != nullptr) kept.add(member.key, member.value);
  return kept;
}

void note_prompt(std::vector<std::string>& changes, const Object& before, const Object& after) {
  const std::size_t known = changes.size();
  note(changes, "prompt", called(before), called(after));
  if (changes.size() == known && text_of(before, "sha256") != text_of(after, "sha256"))
    changes.push_back(fmt::format("prompt {}: content under the same version", called(after)));
}

void note_dataset(std::vector<std::string>& changes, const Object& before, const Object& after) {
  note(changes, "dataset", text_of(before, "path"), text_of(after, "path"));
  if (text_of(before, "sha256") != text_of(after, "sha256")) changes.push_back("dataset content");
  note(changes, "cases", text_of(before, "cases"), text_of(after, "cases"));
}

void note_measures(std::vector<std::string>& changes, const std::vector<Measure>& before,
                   const std::vector<Measure>& after) {
  for (const Measure& measure : before) {
    const auto same = std::ranges::find(after, measure.name, &Measure::name);
    if (same == after.end())
      changes.push_back("no longer measured: " + measure.name);
    else if (same->signature != measure.signature)
      note(changes, "metric " + measure.name, measure.signature, same->signature);
  }
  for (const Measure& measure : after)
    if (std::ranges::find(before, measure.name, &Measure::name) == before.end())
      changes.push_back("newly measured: " + measure.name);
}

}  // namespace

std::vector<std::string> changes_between(const RunHeader& baseline, const RunHeader& candidate) {
  std::vector<std::string> changes;
  note_prompt(changes, baseline.prompt, candidate.prompt);
  note_members(changes, "model", without_unknown_price(baseline.model, candidate.model),
               without_unknown_price(candidate.model, baseline.model));
  note_dataset(changes, baseline.dataset, candidate.dataset);
  note(changes, "samples a case", std::to_string(baseline.samples_per_case),
       std::to_string(candidate.samples_per_case));
  note_measures(changes, baseline.measures, candidate.measures);
  if (other_hardware(baseline, candidate))
    note_members(changes, "hardware", baseline.hardware, candidate.hardware);
  return changes;
}

bool other_hardware(const RunHeader& baseline, const RunHeader& candidate) {
  return !baseline.hardware.empty() && !candidate.hardware.empty() &&
         !(baseline.hardware == candidate.hardware);
}

}  // namespace llmops
