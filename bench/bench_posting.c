/*
 * What posting an adjustment into an ERP cannot be faster than:
 *
 *     ERP_CONNECTION=... bench_posting NAME LINES
 *
 * A bare ODBC program executing the statement of bench/posting.pl's mapping LINES times, prepared once, each in a
 * transaction of its own and with all of its parameters, as the worker posts.  Prints one JSON object.
 */
#include <string.h>

#include "bench/lib/odbc.h"

enum { TEXT_SIZE = 64 };

/* As in the mapping: a parameter each, but for lot and uom, which these lines have none of. */
static const char sql[] =
    "INSERT INTO adjustments (adjustment_id, line, item_code, warehouse, lot, delta, uom, unit_cost, "
    "reason, counted_at, posted_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

typedef enum {
    ID,
    LINE,
    ITEM_CODE,
    WAREHOUSE,
    LOT,
    DELTA,
    UOM,
    UNIT_COST,
    REASON,
    COUNTED_AT,
    POSTED_BY,
    PARAMETERS
} parameter_t;

static char texts[PARAMETERS][TEXT_SIZE] = { [WAREHOUSE] = "BENCH",
                                             [DELTA] = "-3",
                                             [UNIT_COST] = "1.25",
                                             [REASON] = "Bench",
                                             [COUNTED_AT] = "2026-01-05T08:00:00Z",
                                             [POSTED_BY] = "bench" };
static SQLLEN lengths[PARAMETERS];

static void
post(const char *connection, const char *name, long lines)
{
    bare_odbc_t erp;
    double begun;

    bare_odbc_open(&erp, connection);
    must(SQLPrepare(erp.statement, (SQLCHAR *) (uintptr_t) sql, SQL_NTS), SQL_HANDLE_STMT, erp.statement, sql);
    snprintf(texts[ID], TEXT_SIZE, "%s", name);
    for (SQLUSMALLINT i = 0; i < PARAMETERS; i++) {
        lengths[i] = texts[i][0] == '\0' && i != LINE && i != ITEM_CODE ? SQL_NULL_DATA : SQL_NTS;
        must(SQLBindParameter(erp.statement, (SQLUSMALLINT) (i + 1), SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
                              TEXT_SIZE, 0, texts[i], TEXT_SIZE, &lengths[i]),
             SQL_HANDLE_STMT, erp.statement, "bind");
    }
    begun = now_s();
    for (long i = 1; i <= lines; i++) {
        snprintf(texts[LINE], TEXT_SIZE, "%ld", i);
        snprintf(texts[ITEM_CODE], TEXT_SIZE, "BENCH-%05ld", i);
        must(SQLExecute(erp.statement), SQL_HANDLE_STMT, erp.statement, "execute");
    }
    printf("{\"lines\":%ld,\"seconds\":%.3f}\n", lines, now_s() - begun);
    bare_odbc_close(&erp);
}

int
main(int argc, char **argv)
{
    const char *connection = getenv("ERP_CONNECTION");
    long lines = argc == 3 ? strtol(argv[2], NULL, 10) : 0;

    if (connection == NULL || lines <= 0) {
        fprintf(stderr, "usage: ERP_CONNECTION=... bench_posting NAME LINES\n");
        return 2;
    }
    post(connection, argv[1], lines);
    return 0;
}
