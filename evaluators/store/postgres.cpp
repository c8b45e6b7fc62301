#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <stdexcept>
#include <vector>

#include "datasets/text/utf8.h"
#include "evaluators/store/connection.h"
#include "evaluators/store/database.h"

namespace llmops {
namespace {

constexpr int kRowsAtOnce = 512;  // of a scan, in memory
// Types of parameters, as the catalogue numbers them; kUnknown: what the place wants.
constexpr Oid kUnknown = 0, kInteger = 20, kText = 25, kNumber = 701;

// Taken by every transaction that writes: numbers of calls come one by one.
constexpr std::string_view kWriter = "SELECT pg_advisory_xact_lock(7236183104)";

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPointer = std::unique_ptr<PGresult, ResultDeleter>;

// `?` and `?N` of the store's statements as PostgreSQL writes them: `$1`. Texts in quotes stay.
std::string with_dollars(std::string_view sql) {
  std::string out;
  int next = 1;
  bool quoted = false;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == '\'') quoted = !quoted;
    out += sql[i] == '?' && !quoted ? '$' : sql[i];
    const bool numbered = i + 1 < sql.size() && sql[i + 1] >= '0' && sql[i + 1] <= '9';
    if (sql[i] == '?' && !quoted && !numbered) out += std::to_string(next++);
  }
  return out;
}

class Postgres final : public Connection {
 public:
  explicit Postgres(const std::string& address) : shown_(shown_store(address)) {
    // What stands in the address goes before what stands before it here.
    constexpr std::array<const char*, 5> kNames = {"connect_timeout", "application_name",
                                                   "client_encoding", "dbname", nullptr};
    const std::array<const char*, 5> values = {"10", "llmops", "UTF8", address.c_str(), nullptr};
    handle_ = PQconnectdbParams(kNames.data(), values.data(), 1);
    if (PQstatus(handle_) != CONNECTION_OK) {
      const std::string why = message();
      PQfinish(handle_);
      throw std::runtime_error(fmt::format("{}: {}", shown_, why));
    }
    PQsetNoticeProcessor(
        handle_, [](void*, const char*) {}, nullptr);
    execute("SET search_path TO llmops");
  }
  ~Postgres() override { PQfinish(handle_); }
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  void execute(const std::string& sql) override {
    checked(ResultPointer(PQexec(handle_, sql.c_str())));
  }
  std::unique_ptr<PreparedStatement> prepare(std::string_view sql, bool many) override;
  void begin() override {
    execute("BEGIN");
    execute(std::string(kWriter));
  }

  ResultPointer execute(const std::string& sql, const std::vector<Oid>& types,
                        const std::vector<const char*>& values, const std::vector<int>& lengths,
                        const std::vector<int>& formats) {
    return checked(ResultPointer(PQexecParams(handle_, sql.c_str(), static_cast<int>(types.size()),
                                              types.data(), values.data(), lengths.data(),
                                              formats.data(), 0)));
  }
  int next_cursor() { return ++cursors_; }

 private:
  // In one line; a server's words are not trusted.
  std::string message() const {
    std::string line;
    for (const char* at = PQerrorMessage(handle_); *at != '\0'; ++at)
      if (*at != '\n' && *at != '\t')
        line += *at;
      else if (!line.empty() && line.back() != ' ')
        line += ' ';
    while (line.ends_with(' ')) line.pop_back();
    return visible(line);
  }
  ResultPointer checked(ResultPointer result) const {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(fmt::format("{}: {}", shown_, message()));
    return result;
  }

  std::string shown_;
  PGconn* handle_ = nullptr;
  int cursors_ = 0;
};

class PostgresStatement final : public PreparedStatement {
 public:
  PostgresStatement(Postgres& connection, std::string sql, bool many)
      : connection_(connection), sql_(std::move(sql)), many_(many) {}
  ~PostgresStatement() override {
    try {
      reset();
    } catch (const std::runtime_error&) {
      // A cursor that cannot be closed goes with its connection.
    }
  }

  // Bytes as they are: a text with a NUL is refused, not cut.
  void bind_text(int parameter, std::string_view text) override {
    bind(parameter, kText, std::string(text), 1);
  }
  void bind_integer(int parameter, std::int64_t number) override {
    bind(parameter, kInteger, std::to_string(number), 0);
  }
  void bind_number(int parameter, double number) override {
    bind(parameter, kNumber, fmt::format("{}", number), 0);
  }
  void bind_null(int parameter) override { bind(parameter, kUnknown, std::nullopt, 0); }

  bool step() override {
    if (!result_) {
      many_ ? open_cursor() : ask(sql_);
      row_ = -1;
    }
    ++row_;
    if (row_ < PQntuples(result_.get())) return true;
    if (cursor_.empty() || PQntuples(result_.get()) < kRowsAtOnce) return false;
    fetch();
    row_ = 0;
    return PQntuples(result_.get()) > 0;
  }
  void reset() override {
    result_.reset();
    if (cursor_.empty()) return;
    const std::string cursor = std::move(cursor_);
    cursor_.clear();
    connection_.execute("CLOSE " + cursor);
  }

  bool null(int column) const override { return PQgetisnull(result_.get(), row_, column) == 1; }
  std::string_view view(int column) const override {
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
  }
  std::int64_t integer(int column) const override { return read<std::int64_t>(column); }
  double number(int column) const override { return read<double>(column); }

 private:
  void bind(int parameter, Oid type, std::optional<std::string> value, int format) {
    const auto at = static_cast<std::size_t>(parameter - 1);
    if (values_.size() <= at) {
      values_.resize(at + 1);
      types_.resize(at + 1, kUnknown);
      formats_.resize(at + 1, 0);
    }
    values_[at] = std::move(value);
    types_[at] = type;
    formats_[at] = format;
  }

  void ask(const std::string& sql) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::optional<std::string>& value : values_) {
      values.push_back(value ? value->c_str() : nullptr);
      lengths.push_back(value ? static_cast<int>(value->size()) : 0);
    }
    result_ = connection_.execute(sql, types_, values, lengths, formats_);
  }

  // Held by the server, also beyond a transaction, so that other statements may come between.
  void open_cursor() {
    const std::string cursor = fmt::format("scan{}", connection_.next_cursor());
    ask(fmt::format("DECLARE {} NO SCROLL CURSOR WITH HOLD FOR {}", cursor, sql_));
    cursor_ = cursor;
    fetch();
  }
  void fetch() {
    result_ =
        connection_.execute(fmt::format("FETCH {} FROM {}", kRowsAtOnce, cursor_), {}, {}, {}, {});
  }

  // 0 where it is no number, as SQLite has it for NULL.
  template <typename Number>
  Number read(int column) const {
    const std::string_view text = view(column);
    Number value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  Postgres& connection_;
  std::string sql_;
  bool many_;
  std::vector<std::optional<std::string>> values_;
  std::vector<Oid> types_;
  std::vector<int> formats_;
  ResultPointer result_;
  std::string cursor_;
  int row_ = -1;
};

std::unique_ptr<PreparedStatement> Postgres::prepare(std::string_view sql, bool many) {
  return std::make_unique<PostgresStatement>(*this, with_dollars(sql), many);
}

}  // namespace

std::unique_ptr<Connection> open_postgres(const std::string& address) {
  return std::make_unique<Postgres>(address);
}

}  // namespace llmops
