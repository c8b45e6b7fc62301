// libpq's functions, loaded when the first server store is opened. A new one that is used needs its
// line here; the linker says so.
#include <libpq-fe.h>

#include "datasets/text/lazy_library.h"

namespace {

constexpr llmops::LazyLibrary kPostgres("libpq.so.5", "libpq5");

}  // namespace

LLMOPS_FORWARD(kPostgres, PGconn*, PQconnectdbParams,
               (const char* const* keywords, const char* const* values, int expand),
               (keywords, values, expand))
LLMOPS_FORWARD(kPostgres, ConnStatusType, PQstatus, (const PGconn* connection), (connection))
LLMOPS_FORWARD(kPostgres, char*, PQerrorMessage, (const PGconn* connection), (connection))
LLMOPS_FORWARD(kPostgres, void, PQfinish, (PGconn * connection), (connection))
LLMOPS_FORWARD(kPostgres, PQnoticeProcessor, PQsetNoticeProcessor,
               (PGconn * connection, PQnoticeProcessor processor, void* argument),
               (connection, processor, argument))
LLMOPS_FORWARD(kPostgres, PGresult*, PQexec, (PGconn * connection, const char* sql),
               (connection, sql))
LLMOPS_FORWARD(kPostgres, PGresult*, PQexecParams,
               (PGconn * connection, const char* sql, int count, const Oid* types,
                const char* const* values, const int* lengths, const int* formats, int result),
               (connection, sql, count, types, values, lengths, formats, result))
LLMOPS_FORWARD(kPostgres, ExecStatusType, PQresultStatus, (const PGresult* result), (result))
LLMOPS_FORWARD(kPostgres, void, PQclear, (PGresult * result), (result))
LLMOPS_FORWARD(kPostgres, int, PQntuples, (const PGresult* result), (result))
LLMOPS_FORWARD(kPostgres, int, PQgetisnull, (const PGresult* result, int row, int column),
               (result, row, column))
LLMOPS_FORWARD(kPostgres, char*, PQgetvalue, (const PGresult* result, int row, int column),
               (result, row, column))
LLMOPS_FORWARD(kPostgres, int, PQgetlength, (const PGresult* result, int row, int column),
               (result, row, column))
