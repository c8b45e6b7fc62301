#include "ci/reports/html/case_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "ci/reports/follower.h"
#include "ci/reports/html/packed.h"
#include "ci/reports/layout.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "prompts/request.h"

namespace llmops {
namespace {

// A page of 1,000 cases stays under 2 MB, what is not texts included.
constexpr std::size_t kTextBudget = 1'500'000;  // characters of base64
constexpr std::size_t kMostText = 64'000'000;   // bytes before they are packed
constexpr std::size_t kChunk = 256 * 1024;      // bytes unpacked when one of its cases is opened
constexpr std::size_t kLongText = 16 * 1024;    // of one text
constexpr std::size_t kLeastText = 512;         // texts are cut to fit, but not below this
constexpr std::size_t kProbe = 400;             // cases that tell how large the texts are
constexpr std::size_t kMostSamples = 20;        // of one case

std::string shown_text(std::string_view text, std::size_t limit, Object& into) {
  const std::string_view part = head_bytes(text, limit);
  if (part.size() < text.size()) into.add("n", static_cast<std::int64_t>(text.size()));
  return visible_lines(part);
}

Value text_value(std::string_view text, std::size_t limit) {
  Object whole;
  std::string shown = shown_text(text, limit, whole);
  if (whole.empty()) return shown;
  whole.add("t", std::move(shown));
  return whole;
}

List texts_value(const std::vector<std::string>& texts, std::size_t limit) {
  List list;
  for (const std::string& text : texts) list.push_back(text_value(text, limit));
  return list;
}

List messages_value(const Prompt& prompt, const Case& row, std::size_t limit) {
  List list;
  const Result<std::vector<Message>> messages = render_messages(prompt, row);
  if (!messages) return list;
  for (const Message& message : *messages) {
    std::string text;
    for (const Part& part : message.parts)
      text += (text.empty() ? "" : "\n") +
              (part.type == "text" ? part.content
                                   : "[" + part.type + ": " + part.content.substr(0, 200) + "]");
    if (const Value* calls = message.extra.find("tool_calls"))
      text += (text.empty() ? "" : "\n") + dump_json(*calls);
    list.push_back(Object{
        {"role",           visible(message.role)},
        { "text", text_value(text,                limit)}
    });
  }
  return list;
}

void add_number(Object& to, const char* key, std::optional<double> value) {
  if (value && std::isfinite(*value)) to.add(key, *value);
}

Object sample_value(const SampleView& view, std::size_t limit) {
  const Sample& sample = view.sample;
  Object out;
  std::string text = shown_text(sample.text, limit, out);
  out.add("t", std::move(text));
  if (sample.error) {
    out.add("e", name(sample.error.kind));
    out.add("em", text_value(sample.error.message, limit));
  }
  if (!sample.reasoning.empty()) out.add("think", text_value(sample.reasoning, limit));
  if (!sample.tool_calls.is_null())
    out.add("tools", text_value(dump_json(sample.tool_calls), limit));
  if (!sample.finish_reason.empty()) out.add("finish", visible(sample.finish_reason));
  if (!sample.model.empty()) out.add("model", visible(sample.model));
  if (sample.attempts != 1) out.add("attempts", sample.attempts);
  if (sample.cached) out.add("cached", true);
  const auto count = [&](const char* key, std::optional<std::int64_t> tokens) {
    if (tokens) out.add(key, *tokens);
  };
  count("input", sample.usage.input);
  count("output", sample.usage.output);
  count("cachedTokens", sample.usage.cached);
  count("reasoning", sample.usage.reasoning);
  add_number(out, "cost", sample.cost_usd);
  add_number(out, "ttft", sample.timing.ttft_ms);
  add_number(out, "tpot", sample.timing.tpot_ms);
  add_number(out, "latency", sample.timing.latency_ms);
  Object scores, notes;
  for (const auto& [measure, value] : view.scores)
    if (value && std::isfinite(*value)) scores.set(visible(measure), *value);
  for (const auto& [measure, note] : view.notes)
    notes.set(visible(measure), text_value(note, limit));
  if (!scores.empty()) out.add("scores", std::move(scores));
  if (!notes.empty()) out.add("notes", std::move(notes));
  return out;
}

List samples_value(const OutputSource* outputs, const std::string& id, std::size_t limit) {
  List list;
  if (outputs == nullptr) return list;
  for (const SampleView& view : outputs->samples(id))
    if (list.size() < kMostSamples) list.push_back(sample_value(view, limit));
  return list;
}

// What makes a case worth its texts, most of all first.
enum Interest : std::uint8_t { listed, failed_or_lost, changed, other, kinds };

class Index {
 public:
  Index(const ReportInput& input, std::span<const CaseChange> first)
      : input_(input),
        measures_(input.rows.header().measures),
        theirs_(columns_in(input.baseline_rows, measures_)) {
    for (const CaseChange& change : first) first_.insert(change.id);
  }

  // Writes the index, and notes how much each case is of interest.
  std::vector<std::uint8_t> write(PackedWriter& out) const {
    out.add("{\"measures\":" + dump_json(measures()) +
            fmt::format(",\"baseline\":{},\"rows\":[", input_.baseline_rows != nullptr));
    std::vector<std::uint8_t> interest;
    Follower baseline(input_.baseline_rows);
    CaseRow row;
    std::string line;
    for (const auto rows = input_.rows.rows(); rows->next(row);) {
      const CaseRow* old = baseline.at(row.id);
      line = interest.empty() ? "" : ",\n";
      add_row(row, old, line);
      out.add(line);
      interest.push_back(interest_of(row, old));
    }
    out.add("]}");
    return interest;
  }

 private:
  List measures() const {
    List list;
    for (const Measure& measure : measures_) {
      Object one{
          {"name",   visible(measure.name)},
          {"better", name(measure.better) },
          {"unit",   measure.unit         }
      };
      if (measure.builtin) one.add("builtin", true);
      list.push_back(std::move(one));
    }
    return list;
  }

  static void add_values(const std::vector<std::optional<double>>& values, std::string& out) {
    out += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out += ',';
      if (values[i] && std::isfinite(*values[i]))
        out += fmt::format("{:.6g}", *values[i]);
      else
        out += "null";
    }
    out += ']';
  }

  // [id, samples, failed, error, tags, group, state, values, baseline's values]; state 0: not in
  // the baseline, 1: the same output there, 2: another.
  void add_row(const CaseRow& row, const CaseRow* old, std::string& out) const {
    out += '[';
    dump_json_string(visible(row.id), out);
    out += fmt::format(",{},{},", row.samples, row.failed);
    dump_json_string(row.failed > 0 ? error_of(row.id) : "", out);
    out += ",[";
    for (std::size_t i = 0; i < row.tags.size(); ++i) {
      const Tag& tag = row.tags[i];
      if (i > 0) out += ',';
      dump_json_string(visible(tag.value == "true" ? tag.key : tag.key + "=" + tag.value), out);
    }
    out += "],";
    dump_json_string(visible(row.group), out);
    out += fmt::format(",{},", old == nullptr ? 0 : row.output == old->output ? 1 : 2);
    add_values(row.values, out);
    if (old != nullptr) {
      out += ',';
      add_values(aligned(*old), out);
    }
    out += ']';
  }

  std::vector<std::optional<double>> aligned(const CaseRow& old) const {
    std::vector<std::optional<double>> values(measures_.size());
    for (std::size_t i = 0; i < measures_.size(); ++i)
      if (theirs_[i] && *theirs_[i] < old.values.size()) values[i] = old.values[*theirs_[i]];
    return values;
  }

  std::string error_of(const std::string& id) const {
    if (input_.outputs == nullptr) return "failed";
    for (const SampleView& view : input_.outputs->samples(id))
      if (view.sample.error) return std::string(name(view.sample.error.kind));
    return "failed";
  }

  std::uint8_t interest_of(const CaseRow& row, const CaseRow* old) const {
    if (first_.contains(row.id)) return listed;
    if (row.failed > 0) return failed_or_lost;
    if (old == nullptr) return other;
    const std::vector<std::optional<double>> before = aligned(*old);
    for (std::size_t i = 0; i < measures_.size() && i < row.values.size(); ++i) {
      if (measures_[i].builtin || !before[i]) continue;
      const double sign = measures_[i].better == Better::lower ? -1 : 1;
      if (!row.values[i] || sign * (*row.values[i] - *before[i]) < 0) return failed_or_lost;
    }
    return row.output == old->output ? other : changed;
  }

  const ReportInput& input_;
  const std::vector<Measure>& measures_;
  std::vector<std::optional<std::size_t>> theirs_;
  std::set<std::string> first_;
};

std::size_t packed_size(const std::string& text) {
  PackedWriter writer([](std::string_view) {});
  writer.add(text);
  return writer.finish();
}

// How much of each text to keep so that all cases fit, by a probe of cases spread over the run.
std::size_t text_limit(const ReportInput& input, std::size_t cases) {
  const std::size_t step = std::max<std::size_t>(1, cases / kProbe);
  std::vector<std::string> ids;
  CaseRow row;
  std::size_t at = 0;
  for (const auto rows = input.rows.rows(); rows->next(row);)
    if (at++ % step == 0) ids.push_back(row.id);
  for (std::size_t limit = kLongText; limit > kLeastText; limit = limit * 3 / 4) {
    std::string text;
    for (const std::string& id : ids)
      if (text.size() < kMostText / 4) text += case_json(input, id, limit);
    const double share =
        static_cast<double>(cases) / static_cast<double>(std::max<std::size_t>(1, ids.size()));
    if (static_cast<double>(packed_size(text)) * share * 1.05 < kTextBudget) return limit;
  }
  return kLeastText;
}

class Chunks {
 public:
  explicit Chunks(std::FILE* out) : out_(out) {}

  bool full() const { return written_ + packed_estimate() > kTextBudget || raw_ > kMostText; }
  void add(std::uint32_t at, const std::string& json) {
    text_ += fmt::format("{}\"{}\":", text_.empty() ? "{" : ",\n", at) + json;
    chunk_.push_back(at);
    if (text_.size() >= kChunk) flush();
  }
  void flush() {
    if (chunk_.empty()) return;
    text_ += '}';
    raw_ += text_.size();
    const std::size_t packed = write_packed(fmt::format("texts-{}", all_.size()), text_);
    ratio_ = static_cast<double>(packed) / static_cast<double>(text_.size());
    written_ += packed;
    text_.clear();
    all_.push_back(std::move(chunk_));
    chunk_.clear();
  }
  // Which cases each chunk holds.
  void finish() {
    flush();
    std::string list = "[";
    for (const std::vector<std::uint32_t>& chunk : all_)
      list += fmt::format("{}[{}]", list.size() > 1 ? "," : "", fmt::join(chunk, ","));
    write_packed("chunks", list + "]");
  }
  std::int64_t count() const {
    std::int64_t count = 0;
    for (const auto& chunk : all_) count += std::ssize(chunk);
    return count;
  }

 private:
  std::size_t packed_estimate() const {
    return static_cast<std::size_t>(ratio_ * static_cast<double>(text_.size()));
  }
  std::size_t write_packed(const std::string& id, const std::string& text) {
    write_all(out_, fmt::format("<script type=\"text/plain\" id=\"{}\">", id));
    PackedWriter writer([&](std::string_view part) { write_all(out_, part); });
    writer.add(text);
    const std::size_t size = writer.finish();
    write_all(out_, "</script>\n");
    return size;
  }

  std::FILE* out_;
  std::string text_;
  std::vector<std::uint32_t> chunk_;
  std::vector<std::vector<std::uint32_t>> all_;
  std::size_t written_ = 0, raw_ = 0;
  double ratio_ = 0.5;
};

}  // namespace

std::string case_json(const ReportInput& input, const std::string& id, std::size_t limit) {
  Object out;
  const std::optional<Case> row =
      input.outputs == nullptr ? std::nullopt : input.outputs->find_case(id);
  if (row) {
    List sent;
    if (input.prompt != nullptr) sent = messages_value(*input.prompt, *row, limit);
    if (input.baseline_prompt != nullptr && !sent.empty()) {
      List before = messages_value(*input.baseline_prompt, *row, limit);
      if (!(Value(before) == Value(sent))) out.add("bm", std::move(before));
    }
    if (!sent.empty()) {
      out.add("m", std::move(sent));
    } else {
      Object variables;
      for (const Member& variable : row->variables)
        if (variable.key != "id" && variable.key != "tags")
          variables.set(visible(variable.key), text_value(to_text(variable.value), limit));
      out.add("v", std::move(variables));
    }
    if (!row->references.empty()) out.add("r", texts_value(row->references, limit));
    if (!row->context.empty()) out.add("c", texts_value(row->context, limit));
  }
  if (List samples = samples_value(input.outputs, id, limit); !samples.empty())
    out.add("s", std::move(samples));
  if (List samples = samples_value(input.baseline_outputs, id, limit); !samples.empty())
    out.add("b", std::move(samples));
  return dump_json(Value(std::move(out)));
}

WrittenCases write_cases(const ReportInput& input, std::span<const CaseChange> first,
                         std::FILE* out) {
  write_all(out, "<script type=\"text/plain\" id=\"index\">");
  PackedWriter writer([&](std::string_view part) { write_all(out, part); });
  const std::vector<std::uint8_t> interest = Index(input, first).write(writer);
  writer.finish();
  write_all(out, "</script>\n");
  WrittenCases written{.cases = std::ssize(interest)};
  const bool texts = (input.outputs != nullptr || input.baseline_outputs != nullptr);
  if (!texts || input.served) return written;

  written.text_limit = text_limit(input, interest.size());
  Chunks chunks(out);
  for (std::uint8_t kind = listed; kind < kinds && !chunks.full(); ++kind) {
    if (std::ranges::find(interest, kind) == interest.end()) continue;
    CaseRow row;
    std::uint32_t at = 0;
    for (const auto rows = input.rows.rows(); !chunks.full() && rows->next(row); ++at)
      if (interest[at] == kind)
        chunks.add(at, case_json(input, row.id, kind == listed ? kLongText : written.text_limit));
  }
  chunks.finish();
  written.with_texts = chunks.count();
  return written;
}

}  // namespace llmops
