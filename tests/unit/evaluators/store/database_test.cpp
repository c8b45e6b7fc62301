#include "evaluators/store/database.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("database: a place is a folder or an address, and shows no password") {
  struct Row {
    const char* place;
    bool server;
    const char* shown;
  };
  const Row rows[] = {
      {".llmops",                                     false, ".llmops"                               },
      {"postgres:x",                                  false, "postgres:x"                            },
      {"postgresql://host/db",                        true,  "postgresql://host/db"                  },
      {"postgres://me@host:5432/db",                  true,  "postgres://me@host:5432/db"            },
      {"postgres://me:secret@host:5432/db",           true,  "postgres://me@host:5432/db"            },
      {"postgres://me:s@c:r@host/db?sslmode=require", true,
       "postgres://me@host/db?sslmode=require"                                                       },
      {"postgresql://:secret@/db",                    true,  "postgresql://@/db"                     },
      {"postgresql:///db?password=secret&host=h",     true,  "postgresql:///db?password=...&host=h"  },
      {"postgresql://h/db?user=me&password=secret",   true,  "postgresql://h/db?user=me&password=..."},
      {"postgresql://h:5432/db?application_name=a@b", true,
       "postgresql://h:5432/db?application_name=a@b"                                                 },
  };
  for (const Row& row : rows) {
    CAPTURE(row.place);
    CHECK(is_server_store(row.place) == row.server);
    CHECK(shown_store(row.place) == row.shown);
  }
}
