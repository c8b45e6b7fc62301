#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("sql_valid: the grammar, and names where a schema is given") {
  constexpr const char* kSchema = "{schema: 'CREATE TABLE t(a, b); CREATE TABLE u(a)'}";
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    double score;
  };
  const Row rows[] = {
      {"a query of unknown tables",     "",                    "SELECT a, count(*) FROM t JOIN u USING (a) GROUP BY a;",
       1                                                                                                                  },
      {"a comment and no semicolon",    "",                    "-- all\nSELECT 1",                                       1},
      {"several statements",            "",                    "INSERT INTO t VALUES (1); DELETE FROM t WHERE a = 1;",   1},
      {"a broken word",                 "",                    "SELEC 1",                                                0},
      {"the second is broken",          "",                    "SELECT * FROM t; SELECT FROM",                           0},
      {"cut off",                       "",                    "SELECT (1",                                              0},
      {"prose",                         "",                    "Here is your query",                                     0},
      {"nothing",                       "",                    "  ",                                                     0},
      {"a trigger on an unknown table", "",
       "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM u; END;",                                                   1},
      {"pragmas are not run",           "",                    "PRAGMA hard_heap_limit = 1",                             1},
      {"files are not attached",        "",                    "ATTACH '/tmp/x' AS y",                                   1},
      {"known names",                   kSchema,               "SELECT t.b FROM t JOIN u ON t.a = u.a",                  1},
      {"an unknown column",             kSchema,               "SELECT c FROM t",                                        0},
      {"an unknown table",              kSchema,               "SELECT a FROM v",                                        0},
      {"fenced, allowed",               "{allow_fence: true}", "```sql\nSELECT 1;\n```",                                 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("sql_valid", row.options), row.output) == row.score);
  }
  CHECK(measure(*make_metric("sql_valid"), "SELEC 1").note == "near \"SELEC\": syntax error");
  CHECK(
      metric_problems("sql_valid", "{schema: 'CREATE TABEL t(a)'}").find("`schema` does not run") !=
      std::string::npos);
}
