// SQL validity: every statement of the output is one that SQLite can parse. Statements are prepared
// against an empty database and never run. Without `schema` names are not checked: a statement that
// fails only because a table, column or function is unknown counts as valid.
// Cost: O(n).
#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/fenced.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"schema", "allow_fence"};
constexpr std::size_t kMost = 1'000'000;  // bytes

using Database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

// Some pragmas act while they are prepared, ATTACH names files: both are refused.
int authorize(void*, int action, const char*, const char*, const char*, const char*) {
  return action == SQLITE_PRAGMA || action == SQLITE_ATTACH || action == SQLITE_DETACH ? SQLITE_DENY
                                                                                       : SQLITE_OK;
}

Database open_database() {
  sqlite3* opened = nullptr;
  sqlite3_open_v2(":memory:", &opened,
                  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, nullptr);
  Database database(opened, &sqlite3_close);
  if (opened != nullptr) sqlite3_limit(opened, SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(kMost));
  return database;
}

bool grammar_error(std::string_view message) {
  return message.find("syntax error") != std::string_view::npos ||
         message.find("incomplete input") != std::string_view::npos ||
         message.find("unrecognized token") != std::string_view::npos;
}

Measurement check(std::string_view text, const std::string& schema) {
  if (text.size() >= kMost) return scored(0.0, "longer than 1 MB");
  if (text.find('\0') != std::string_view::npos) return scored(0.0, "holds a zero byte");
  const Database database = open_database();
  if (database == nullptr) return unscored("SQLite has no memory");
  if (!schema.empty()) sqlite3_exec(database.get(), schema.c_str(), nullptr, nullptr, nullptr);
  sqlite3_set_authorizer(database.get(), &authorize, nullptr);
  std::size_t statements = 0;
  while (!text.empty()) {
    sqlite3_stmt* statement = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v2(database.get(), text.data(), static_cast<int>(text.size()),
                                        &statement, &tail);
    const bool empty = statement == nullptr;
    sqlite3_finalize(statement);
    const auto done = static_cast<std::size_t>(tail - text.data());
    if (code != SQLITE_OK) {
      const std::string message = sqlite3_errmsg(database.get());
      if ((!schema.empty() && code != SQLITE_AUTH) || grammar_error(message))
        return scored(0.0, message);
      // A name that is unknown at the start of a long statement (a trigger) ends the parsing inside
      // it.
      if (done == 0 || text[done - 1] != ';') return scored(1.0, "not read beyond: " + message);
    }
    statements += code != SQLITE_OK || !empty;
    if (done == 0) break;
    text.remove_prefix(done);
  }
  return statements > 0 ? scored(1.0) : scored(0.0, "no statement");
}

std::unique_ptr<Metric> make(Fields& fields) {
  const bool allow_fence = fields.boolean("allow_fence").value_or(false);
  const std::string schema = fields.text("schema").value_or("");
  if (!schema.empty()) {
    const Database database = open_database();
    if (sqlite3_exec(database.get(), schema.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      fields.error(fields.mark("schema"),
                   fmt::format("`schema` does not run: {}", sqlite3_errmsg(database.get())),
                   "expected CREATE statements of SQLite");
      return nullptr;
    }
  }
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary),
      fmt::format("sql_valid|dialect:sqlite|fence:{}|schema:{}|version:1", yes_no(allow_fence),
                  schema.empty() ? "none" : schema),
      [=](const Case&, const Sample& sample) {
        return check(allow_fence ? without_fence(sample.text) : std::string_view(sample.text),
                     schema);
      });
}

}  // namespace

extern const MetricInfo kSqlValid;
constexpr MetricInfo kSqlValid{
    .name = "sql_valid",
    .summary = "the output's statements parse as SQL of SQLite; nothing is run",
    .source = "grammar of SQLite 3",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
