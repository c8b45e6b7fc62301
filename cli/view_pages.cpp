#include "cli/view_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "ci/baseline.h"
#include "ci/reports/escape.h"
#include "ci/reports/figures.h"
#include "ci/reports/html/case_data.h"
#include "ci/reports/page.h"
#include "ci/reports/plots.h"
#include "cli/outputs.h"
#include "cli/report_context.h"
#include "cli/stored_gate.h"
#include "datasets/text/utf8.h"
#include "evaluators/store/database.h"

namespace llmops {
namespace {

constexpr std::size_t kOpenReports = 4;
constexpr std::size_t kRunsOfPage = 200;
constexpr std::size_t kTrendRuns = 60;
constexpr std::int64_t kTrendRows = 1'000'000;  // that one trend reads
constexpr std::size_t kLongText = 1 << 20;      // bytes of a text that a case shows

LocalReply not_found(std::string_view what) {
  return {404, page_start("not found", page_style()) + "<h1>not found</h1><p>" +
                   escape_markup(what) + "</p>" + std::string(kPageEnd)};
}

// As a part of an address.
std::string part(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.');
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

std::size_t page_number(const std::string& text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::min<std::size_t>(number, 1'000'000);
}

std::string suite_name(const StoredRunInfo& info) {
  const Value* file = info.spec.find("suite");
  return file == nullptr ? info.header.suite : to_text(*file);
}

std::string cell(std::string_view text, std::string_view kind = "") {
  return fmt::format("<td{}>{}</td>", kind.empty() ? "" : fmt::format(" class=\"{}\"", kind),
                     escape_markup(visible(text)));
}

}  // namespace

// A report that was asked for, with what its cases need.
struct ViewPages::Opened {
  std::string a, b;
  Decided decided;
  ReportContext context;
  std::vector<std::string> ids;  // of the cases, in the order of the page
  ReportInput input() const {
    ReportInput made = input_of(decided, a.empty() ? "view" : "compare");
    context.add_to(made);
    made.served = true;
    return made;
  }
};

ViewPages::~ViewPages() = default;

LocalReply ViewPages::answer(const LocalRequest& request) {
  const std::vector<std::string>& path = request.segments;
  if (path.size() == 1 && path[0].empty()) return runs(request);
  if (path.size() >= 3 && path[0] == "run")
    return report("", path[1], {path.begin() + 2, path.end()});
  if (path.size() >= 4 && path[0] == "compare")
    return report(path[1], path[2], {path.begin() + 3, path.end()});
  return not_found("there is no such page");
}

std::shared_ptr<ViewPages::Opened> ViewPages::open(const std::string& a, const std::string& b) {
  for (auto each = opened_.begin(); each != opened_.end(); ++each)
    if ((*each)->a == a && (*each)->b == b) {
      opened_.splice(opened_.begin(), opened_, each);
      return opened_.front();
    }
  const Result<StoredRunInfo> candidate = store_->find_run(b);
  if (!candidate || candidate->header.id != b) return nullptr;
  auto made = std::make_shared<Opened>();
  made->a = a;
  made->b = b;
  if (a.empty()) {
    std::vector<std::string> warnings;
    Result<StoredGate> gate = gate_of(*candidate, "", "");
    if (!gate) warnings.push_back("no gate here: " + gate.problems().front().what);
    StoredGate used = gate ? *std::move(gate) : StoredGate{};
    made->decided = decide_run(*store_, candidate->header, used.gate ? &*used.gate : nullptr,
                               std::move(used.baseline));
    for (std::string& warning : warnings) made->decided.warnings.push_back(std::move(warning));
  } else {
    const Result<StoredRunInfo> baseline = store_->find_run(a);
    if (!baseline || baseline->header.id != a) return nullptr;
    made->decided =
        decide_run(*store_, candidate->header, nullptr, store_->open_run(baseline->header));
  }
  made->context = report_context(
      *store_, candidate->header,
      made->decided.comparison ? made->decided.comparison->baseline_id : std::string());
  CaseRow row;
  for (const auto rows = made->decided.run->rows(); rows->next(row);) made->ids.push_back(row.id);
  // A run that still grows is read anew each time.
  if (candidate->header.complete) opened_.push_front(made);
  if (opened_.size() > kOpenReports) opened_.pop_back();
  return made;
}

LocalReply ViewPages::report(const std::string& a, const std::string& b,
                             const std::vector<std::string>& rest) {
  const bool page = rest.size() == 1 && rest[0].empty();
  const bool of_case = rest.size() == 2 && rest[0] == "case";
  if (!page && !of_case) return not_found("there is no such page");
  // The page itself is always made from what the store holds now.
  if (page) std::erase_if(opened_, [&](const auto& each) { return each->a == a && each->b == b; });
  const std::shared_ptr<Opened> opened = open(a, b);
  if (opened == nullptr) return not_found("no run of that id is stored");
  if (page) return {200, report_text(*find_report("html"), opened->input())};
  std::size_t at = 0;
  const std::string& number = rest[1];
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), at);
  if (error != std::errc{} || end != number.data() + number.size() || at >= opened->ids.size())
    return not_found("there is no such case");
  return {200, case_json(opened->input(), opened->ids[at], kLongText),
          "application/json; charset=utf-8"};
}

std::string ViewPages::trends(const std::vector<StoredRunInfo>& all, const StoredRunInfo& newest) {
  std::string baseline;
  if (const Result<StoredGate> gate = gate_of(newest, "", ""); gate && gate->baseline != nullptr)
    baseline = gate->baseline->header().id;
  std::vector<PastRun> history;
  std::int64_t rows = 0;
  for (const StoredRunInfo& info : all) {
    if (history.size() == kTrendRuns || !same_suite(info, newest)) continue;
    const std::string& id = info.header.id;
    const auto known = means_.find(id);
    PastRun run;
    if (known != means_.end()) {
      run = {.id = id,
             .created = info.header.created,
             .label = who(info.header),
             .outcome = outcome_of(info),
             .cases = info.header.counts.cases,
             .means = known->second};
    } else {
      rows += info.header.counts.cases;
      if (rows > kTrendRows && !history.empty()) break;
      run = past_run(*store_, info);
      if (info.header.complete) means_[id] = run.means;
    }
    run.baseline = id == baseline;
    history.push_back(std::move(run));
  }
  std::ranges::reverse(history);
  const std::string plots = history_svg(history, newest.header.measures, "");
  if (plots.empty()) return "";
  return "<h2>Trends</h2>\n<div class=\"plots\">\n" + plots +
         "</div>\n<p class=\"soft\">means of the suite's runs, oldest first; circle: passed or not "
         "gated, cross: failed, triangle: undecided; ringed: the baseline</p>\n";
}

LocalReply ViewPages::runs(const LocalRequest& request) {
  const std::vector<StoredRunInfo> all = store_->runs();
  const std::string suite = request.value("suite"), first = request.value("a");
  std::vector<const StoredRunInfo*> shown_runs;
  std::vector<std::string> suites;
  for (const StoredRunInfo& info : all) {
    const std::string name = suite_name(info);
    if (std::ranges::find(suites, name) == suites.end()) suites.push_back(name);
    if (suite.empty() || name == suite) shown_runs.push_back(&info);
  }
  std::string out =
      page_start("llmops: stored runs", page_style()) + "<header><h1>Stored runs</h1>\n";
  out += fmt::format("<p class=\"soft\">{} of {} runs in {}</p>\n", shown_runs.size(), all.size(),
                     escape_markup(visible(shown_store(store_->folder()))));
  if (suites.size() > 1) {
    out += "<p>suite: <a href=\"./\">all</a>";
    for (const std::string& name : suites)
      out += fmt::format(" · <a href=\"./?suite={}\">{}</a>", part(name),
                         escape_markup(visible(name)));
    out += "</p>\n";
  }
  out += "</header>\n<main>\n";
  if (shown_runs.empty())
    return {200, out + "<p>No run is stored.</p></main>" + std::string(kPageEnd)};
  if (!first.empty())
    out += fmt::format(
        "<p><b>{}</b> is the baseline: choose the run to compare with it below, or "
        "<a href=\"./\">leave it</a>.</p>\n",
        escape_markup(visible(first)));
  else
    out += trends(all, *shown_runs.front());
  out +=
      "<h2>Runs</h2>\n<div class=\"scroll\"><table><thead><tr><th scope=\"col\">run</th><th "
      "scope=\"col\">created</th><th scope=\"col\">outcome</th><th scope=\"col\">prompt</th><th "
      "scope=\"col\">model</th><th scope=\"col\" class=\"n\">cases</th><th scope=\"col\" "
      "class=\"n\">failed</th><th scope=\"col\" class=\"n\">cost $</th><th "
      "scope=\"col\">compare</th></tr></thead><tbody>\n";
  const std::size_t page = page_number(request.value("page"));
  const std::size_t from = std::min(shown_runs.size(), page * kRunsOfPage);
  const std::size_t to = std::min(shown_runs.size(), from + kRunsOfPage);
  for (std::size_t i = from; i < to; ++i) {
    const RunHeader& header = shown_runs[i]->header;
    const std::string id = part(header.id), outcome = outcome_of(*shown_runs[i]);
    out += fmt::format("<tr><td><a href=\"run/{}/\">{}</a></td>", id,
                       escape_markup(visible(header.id)));
    const bool known = outcome == "pass" || outcome == "fail" || outcome == "inconclusive" ||
                       outcome == "incomplete" || outcome == "not_comparable";
    out += cell(header.created) + cell(outcome, known ? outcome : "") + cell(prompt_name(header)) +
           cell(model_name(header));
    out += cell(fmt::format("{}", header.counts.cases), "n") +
           cell(fmt::format("{}", header.counts.failed), "n") +
           cell(fmt::format("{:.4f}", header.cost_usd), "n");
    if (first.empty())
      out += fmt::format("<td><a href=\"./?a={}\">with …</a></td></tr>\n", id);
    else if (first == header.id)
      out += "<td>baseline</td></tr>\n";
    else
      out += fmt::format("<td><a href=\"compare/{}/{}/\">compare</a></td></tr>\n", part(first), id);
  }
  out += "</tbody></table></div>\n";
  const auto turn = [&](std::size_t to_page, const char* text) {
    return fmt::format("<a href=\"./?page={}&amp;suite={}&amp;a={}\">{}</a> ", to_page, part(suite),
                       part(first), text);
  };
  if (page > 0) out += turn(page - 1, "newer");
  if (to < shown_runs.size()) out += turn(page + 1, "older");
  return {200, out + "</main>" + std::string(kPageEnd)};
}

}  // namespace llmops
