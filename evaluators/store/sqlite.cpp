#include <fmt/format.h>
#include <sqlite3.h>

#include <stdexcept>

#include "evaluators/store/connection.h"

namespace llmops {
namespace {

class Sqlite;

class SqliteStatement final : public PreparedStatement {
 public:
  SqliteStatement(const Sqlite& connection, sqlite3_stmt* handle)
      : connection_(connection), handle_(handle) {}
  ~SqliteStatement() override { sqlite3_finalize(handle_); }

  void bind_text(int parameter, std::string_view text) override {
    // A view of no bytes may have no address, which SQLite takes for NULL.
    const char* bytes = text.data() != nullptr ? text.data() : "";
    sqlite3_bind_text64(handle_, parameter, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  void bind_integer(int parameter, std::int64_t number) override {
    sqlite3_bind_int64(handle_, parameter, number);
  }
  void bind_number(int parameter, double number) override {
    sqlite3_bind_double(handle_, parameter, number);
  }
  void bind_null(int parameter) override { sqlite3_bind_null(handle_, parameter); }

  bool step() override;
  void reset() override { sqlite3_reset(handle_); }

  bool null(int column) const override {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL;
  }
  std::string_view view(int column) const override {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
  }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(handle_, column); }
  double number(int column) const override { return sqlite3_column_double(handle_, column); }

 private:
  const Sqlite& connection_;
  sqlite3_stmt* handle_;
};

class Sqlite final : public Connection {
 public:
  explicit Sqlite(const std::filesystem::path& file) : file_(file) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(file.c_str(), &handle_, flags, nullptr) != SQLITE_OK) {
      const std::string why = handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory";
      sqlite3_close(handle_);
      throw std::runtime_error(fmt::format("{}: {}", file.string(), why));
    }
    sqlite3_busy_timeout(handle_, 30'000);
  }
  ~Sqlite() override { sqlite3_close_v2(handle_); }
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  void execute(const std::string& sql) override {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }

  std::unique_ptr<PreparedStatement> prepare(std::string_view sql, bool) override {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement,
                           nullptr) != SQLITE_OK)
      fail();
    return std::make_unique<SqliteStatement>(*this, statement);
  }

  void begin() override { execute("BEGIN IMMEDIATE"); }

  [[noreturn]] void fail() const {
    throw std::runtime_error(fmt::format("{}: {}", file_.string(), sqlite3_errmsg(handle_)));
  }

 private:
  std::filesystem::path file_;
  sqlite3* handle_ = nullptr;
};

bool SqliteStatement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_.fail();
  return false;
}

}  // namespace

std::unique_ptr<Connection> open_sqlite(const std::filesystem::path& file) {
  return std::make_unique<Sqlite>(file);
}

}  // namespace llmops
