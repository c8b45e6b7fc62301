#include "evaluators/store/database.h"

#include <array>
#include <stdexcept>

#include "evaluators/store/connection.h"

namespace llmops {
namespace {

constexpr std::array<std::string_view, 2> kSchemes = {"postgresql://", "postgres://"};

}  // namespace

bool is_server_store(const std::filesystem::path& store) {
  for (const std::string_view scheme : kSchemes)
    if (store.native().starts_with(scheme)) return true;
  return false;
}

std::string shown_store(const std::filesystem::path& store) {
  std::string shown = store.string();
  if (!is_server_store(store)) return shown;
  const std::size_t authority = shown.find("://") + 3;
  const std::size_t end = shown.find_first_of("/?", authority);
  const std::size_t at = shown.rfind('@', end);
  const std::size_t colon = shown.find(':', authority);
  if (at != std::string::npos && at > authority && colon < at) shown.erase(colon, at - colon);
  // "?password=..." works too.
  for (std::size_t from = shown.find("password="); from != std::string::npos;
       from = shown.find("password=", from + 1)) {
    const std::size_t value = from + std::string_view("password=").size();
    shown.replace(value, shown.find('&', value) - value, "...");
  }
  return shown;
}

Database::Database(const std::filesystem::path& store)
    : on_server_(is_server_store(store)),
      connection_(on_server_ ? open_postgres(store.string()) : open_sqlite(store / "store.db")) {}

Database::~Database() = default;

void Database::execute(const std::string& sql) { connection_->execute(sql); }

Statement Database::prepare(std::string_view sql) const {
  return Statement(connection_->prepare(sql, false));
}

Statement Database::scan(std::string_view sql) const {
  return Statement(connection_->prepare(sql, true));
}

Statement::Statement(std::unique_ptr<PreparedStatement> statement)
    : statement_(std::move(statement)) {}
Statement::Statement(Statement&& other) noexcept = default;
Statement::~Statement() = default;

Statement& Statement::bind(int parameter, std::string_view text) {
  statement_->bind_text(parameter, text);
  return *this;
}
Statement& Statement::bind(int parameter, std::int64_t number) {
  statement_->bind_integer(parameter, number);
  return *this;
}
Statement& Statement::bind(int parameter, double number) {
  statement_->bind_number(parameter, number);
  return *this;
}
Statement& Statement::bind_null(int parameter) {
  statement_->bind_null(parameter);
  return *this;
}

bool Statement::step() { return statement_->step(); }

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() { statement_->reset(); }

bool Statement::null(int column) const { return statement_->null(column); }
std::string_view Statement::view(int column) const { return statement_->view(column); }
std::string Statement::text(int column) const { return std::string(view(column)); }
std::int64_t Statement::integer(int column) const { return statement_->integer(column); }
double Statement::number(int column) const { return statement_->number(column); }

std::optional<double> Statement::optional_number(int column) const {
  if (null(column)) return std::nullopt;
  return number(column);
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.connection_->begin();
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const std::runtime_error&) {
    // The connection is closed next, which rolls back as well.
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace llmops
