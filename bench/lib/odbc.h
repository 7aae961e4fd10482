#ifndef SV_BENCH_ODBC_H
#define SV_BENCH_ODBC_H

#include <sql.h>
#include <sqlext.h>
#include <stdint.h>

#include "bench/lib/measure.h"

/* A bare ODBC program. */
typedef struct {
    SQLHENV environment;
    SQLHDBC connection;
    SQLHSTMT statement;
} bare_odbc_t;

static inline void
must(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle, const char *what)
{
    SQLCHAR state[6] = "", text[512] = "";
    SQLINTEGER native;
    SQLSMALLINT length;

    if (!SQL_SUCCEEDED(code)) {
        SQLGetDiagRec(type, handle, 1, state, &native, text, sizeof(text), &length);
        die(what, (const char *) text);
    }
}

static inline void
bare_odbc_open(bare_odbc_t *bare, const char *connection)
{
    must(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &bare->environment), SQL_HANDLE_ENV, NULL, "ODBC");
    SQLSetEnvAttr(bare->environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER) SQL_OV_ODBC3, 0);
    must(SQLAllocHandle(SQL_HANDLE_DBC, bare->environment, &bare->connection), SQL_HANDLE_ENV, bare->environment,
         "ODBC");
    must(SQLDriverConnect(bare->connection, NULL, (SQLCHAR *) (uintptr_t) connection, SQL_NTS, NULL, 0, NULL,
                          SQL_DRIVER_NOPROMPT),
         SQL_HANDLE_DBC, bare->connection, "connect");
    must(SQLAllocHandle(SQL_HANDLE_STMT, bare->connection, &bare->statement), SQL_HANDLE_DBC, bare->connection,
         "statement");
}

static inline void
bare_odbc_close(bare_odbc_t *bare)
{
    SQLFreeHandle(SQL_HANDLE_STMT, bare->statement);
    SQLDisconnect(bare->connection);
    SQLFreeHandle(SQL_HANDLE_DBC, bare->connection);
    SQLFreeHandle(SQL_HANDLE_ENV, bare->environment);
}

#endif
