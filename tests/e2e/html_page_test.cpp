// The HTML report in a real browser: what a model said never runs, no request leaves, and the page
// can be used by keys alone.
#include <doctest/doctest.h>

#include "tests/support/browser.h"
#include "tests/support/loopback_server.h"
#include "tests/support/served_project.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr const char* kRows = "document.getElementById('grid').getAttribute('aria-rowcount') - 1";
constexpr const char* kOpen = "document.querySelector('dialog[open] h2')?.textContent";

bool is(Browser& browser, const std::string& expression, const std::string& wanted) {
  const Value value = browser.evaluate(expression);
  const bool same = to_text(value) == wanted;
  if (!same) MESSAGE(expression << " is " << to_text(value));
  return same;
}

void choose(Browser& browser, const char* label, const std::string& value) {
  browser.evaluate(
      "(() => { const s = [...document.querySelectorAll('.tools select')].find((e) => "
      "e.labels[0].textContent.startsWith('" +
      std::string(label) + "')); s.value = '" + value +
      "'; s.dispatchEvent(new Event('change')); })()");
}

void nothing_ran(Browser& browser, const LoopbackServer& outside) {
  CHECK(is(browser, "String(window.hacked)", "undefined"));
  CHECK(outside.requests() == 0);
}

}  // namespace

TEST_CASE("html: hostile answers stay text in a browser, and the page works by keys") {
  const std::unique_ptr<Browser> browser = Browser::start();
  if (browser == nullptr) return;
  const LoopbackServer outside([](const Received&) { return answer(200, "x"); });
  const HostileProject project(outside.url());
  const std::string url = "file://" + (project.folder() / "page.html").string();
  browser->open(url);
  for (const std::string& asked : browser->requests()) CHECK(asked == url);
  CHECK(browser->troubles().empty());
  nothing_ran(*browser, outside);

  // Whoever reads the page by ear: every field has its name, every plot its words.
  CHECK(is(*browser,
           "[...document.querySelectorAll('input,select')].filter((e) => !(e.labels && "
           "e.labels.length) && !e.getAttribute('aria-label')).length",
           "0"));
  CHECK(is(
      *browser,
      "[...document.querySelectorAll('svg')].filter((e) => !e.getAttribute('aria-label')).length",
      "0"));

  // Search by keys, open what is found: the hostile answer as text.
  CHECK(is(*browser, kRows, "40"));
  browser->press("/");
  CHECK(is(*browser, "document.activeElement.id", "search"));
  browser->type("gnp.exe later");
  CHECK(browser->becomes(std::string(kRows) + " === 2"));
  browser->press("Enter");
  CHECK(is(*browser, "document.activeElement.id", "grid"));
  browser->press("Enter");
  CHECK(browser->becomes("document.querySelectorAll('dialog[open] pre').length > 2"));
  CHECK(is(*browser,
           "document.querySelector('dialog[open]').textContent.includes('window.hacked=1')",
           "true"));
  CHECK(
      is(*browser,
         "document.querySelectorAll('dialog img, dialog iframe, dialog svg, dialog script, dialog "
         "a, dialog style').length",
         "0"));
  CHECK(is(*browser, "document.querySelectorAll('dialog ins').length > 0", "true"));
  CHECK(is(*browser, "document.querySelector('dialog[open]').textContent.includes('Be brief.')",
           "true"));
  browser->press("Escape");
  CHECK(browser->becomes("!document.querySelector('dialog[open]')"));

  // Filters and sorting.
  browser->evaluate(
      "document.getElementById('search').value = ''; "
      "document.getElementById('search').dispatchEvent(new Event('input'))");
  CHECK(browser->becomes(std::string(kRows) + " === 40"));
  choose(*browser, "Show", "failed");
  CHECK(browser->becomes(std::string(kRows) + " === 1"));
  choose(*browser, "Show", "worse");
  CHECK(browser->becomes(std::string(kRows) + " === 8"));
  choose(*browser, "Slice", "kind=odd");
  CHECK(browser->becomes(std::string(kRows) + " < 8"));
  choose(*browser, "Show", "all");
  choose(*browser, "Slice", "");
  choose(*browser, "Sort", "at");
  CHECK(browser->becomes("document.querySelector('.rows .row .id').textContent.length > 0"));

  // Keys alone: down, open, next, close.
  browser->evaluate("document.getElementById('grid').focus()");
  choose(*browser, "Slice", "kind=even");
  CHECK(browser->becomes(std::string(kRows) + " === 19"));
  browser->press("ArrowDown");
  browser->press("Enter");
  CHECK(browser->becomes(std::string(kOpen) + " === 'case-02'"));
  browser->press("n");
  CHECK(browser->becomes(std::string(kOpen) + " === 'case-04'"));
  CHECK(is(*browser, "location.hash", "#case=case-04"));
  browser->press("Escape");
  CHECK(browser->becomes("!document.querySelector('dialog[open]')"));

  // The names of the columns stay in sight.
  choose(*browser, "Slice", "");
  CHECK(browser->becomes(std::string(kRows) + " === 40"));
  browser->evaluate("document.getElementById('grid').scrollTop = 200");
  CHECK(browser->becomes("Math.abs(document.querySelector('.head').getBoundingClientRect().top - "
                         "document.getElementById('grid').getBoundingClientRect().top) < 3"));

  // The policy holds even where a script of the page would be fooled.
  CHECK_THROWS(browser->evaluate("document.body.insertAdjacentHTML('beforeend', '<b>x</b>')"));
  CHECK(is(*browser, "fetch('" + outside.url() + "/x').then(() => 'left', () => 'stayed')",
           "stayed"));
  browser->troubles();  // those two were refused
  nothing_ran(*browser, outside);

  // The same run by `llmops view`: a case's texts come from the server on demand.
  Viewer viewer(project.folder());
  REQUIRE_FALSE(viewer.url().empty());
  browser->open(viewer.url());
  CHECK(is(*browser, "document.querySelectorAll('tbody tr').length", "2"));
  browser->evaluate("document.querySelector('tbody a').click()");
  CHECK(browser->becomes("'ready' in document.documentElement.dataset"));
  browser->requests();
  browser->evaluate("document.querySelector('.rows .row').click()");
  CHECK(browser->becomes("document.querySelectorAll('dialog[open] pre').length > 0"));
  bool fetched = false;
  for (const std::string& asked : browser->requests()) {
    CHECK(asked.starts_with(viewer.url()));
    fetched = fetched || asked.find("/case/") != std::string::npos;
  }
  CHECK(fetched);
  CHECK(browser->troubles().empty());
  nothing_ran(*browser, outside);
  CHECK(viewer.stop() == 0);
}
