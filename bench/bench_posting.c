/*
 * What posting an adjustment into an ERP cannot be faster than:
 *
 *     ERP_CONNECTION=... bench_posting SQL LINES
 *
 * A bare ODBC program executing the statement LINES times, prepared once, each in a transaction of its own as the worker
 * posts: its parameters are a line's number and its item's code.  Prints one JSON object.
 */
#include <sql.h>
#include <sqlext.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TEXT_SIZE = 32 };

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
must(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle, const char *what)
{
    SQLCHAR state[6] = "", text[512] = "";
    SQLINTEGER native;
    SQLSMALLINT length;

    if (!SQL_SUCCEEDED(code)) {
        SQLGetDiagRec(type, handle, 1, state, &native, text, sizeof(text), &length);
        fprintf(stderr, "bench_posting: %s: %s\n", what, (const char *) text);
        exit(1);
    }
}

static void
bind_text(SQLHSTMT statement, SQLUSMALLINT at, char *text, SQLLEN *length)
{
    *length = SQL_NTS;
    must(SQLBindParameter(statement, at, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, TEXT_SIZE, 0, text, TEXT_SIZE, length),
         SQL_HANDLE_STMT, statement, "bind");
}

static void
post(const char *connection, const char *sql, long lines)
{
    static char number[TEXT_SIZE], code[TEXT_SIZE];
    SQLLEN number_length, code_length;
    SQLHENV environment;
    SQLHDBC erp;
    SQLHSTMT statement;
    double begun;

    must(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment), SQL_HANDLE_ENV, NULL, "ODBC");
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER) SQL_OV_ODBC3, 0);
    must(SQLAllocHandle(SQL_HANDLE_DBC, environment, &erp), SQL_HANDLE_ENV, environment, "ODBC");
    must(SQLDriverConnect(erp, NULL, (SQLCHAR *) (uintptr_t) connection, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
         SQL_HANDLE_DBC, erp, "connect");
    must(SQLAllocHandle(SQL_HANDLE_STMT, erp, &statement), SQL_HANDLE_DBC, erp, "statement");
    must(SQLPrepare(statement, (SQLCHAR *) (uintptr_t) sql, SQL_NTS), SQL_HANDLE_STMT, statement, sql);
    bind_text(statement, 1, number, &number_length);
    bind_text(statement, 2, code, &code_length);
    begun = now_s();
    for (long i = 1; i <= lines; i++) {
        snprintf(number, sizeof(number), "%ld", i);
        snprintf(code, sizeof(code), "BENCH-%05ld", i);
        must(SQLExecute(statement), SQL_HANDLE_STMT, statement, "execute");
    }
    printf("{\"lines\":%ld,\"seconds\":%.3f}\n", lines, now_s() - begun);
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    SQLDisconnect(erp);
    SQLFreeHandle(SQL_HANDLE_DBC, erp);
    SQLFreeHandle(SQL_HANDLE_ENV, environment);
}

int
main(int argc, char **argv)
{
    const char *connection = getenv("ERP_CONNECTION");
    long lines = argc == 3 ? strtol(argv[2], NULL, 10) : 0;

    if (connection == NULL || lines <= 0) {
        fprintf(stderr, "usage: ERP_CONNECTION=... bench_posting SQL LINES\n");
        return 2;
    }
    post(connection, argv[1], lines);
    return 0;
}
