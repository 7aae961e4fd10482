#include <string.h>

#include "core/base/clock.h"
#include "worker/erp/child_parts.h"
#include "worker/erp/frame.h"
#include "worker/erp/utf16.h"

/* What was taken is told when so much time has passed: the worker need not wake for each row of a quick ERP. */
enum { SV_TELL_MS = 5 };

/* Bound once, and filled in anew for each row. */
typedef struct {
    void *text;
    SQLLEN length; /* in bytes, or SQL_NULL_DATA */
} sv_written_parameter_t;

typedef struct {
    const sv_erp_child_t *child;
    SQLHSTMT statement;
    sv_erp_frame_rows_t rows;
    sv_written_parameter_t parameters[SV_ERP_MAX_PARAMETERS];
    int64_t untold; /* rows that were taken, and not told yet */
    int64_t told_ms;
} sv_child_writing_t;

static void
sv_writing_tell(sv_child_writing_t *writing)
{
    bson_t *answer;

    if (writing->untold > 0) {
        answer = BCON_NEW("wrote", BCON_INT64(writing->untold));
        sv_child_send(writing->child, answer);
        bson_destroy(answer);
    }
    writing->untold = 0;
    writing->told_ms = sv_clock_monotonic_ms();
}

static bool
sv_writing_prepare(const sv_child_writing_t *writing, const char *sql)
{
    size_t count;

    if (writing->child->utf8) {
        return SQL_SUCCEEDED(SQLPrepare(writing->statement, (SQLCHAR *) sql, SQL_NTS));
    }
    return SQL_SUCCEEDED(SQLPrepareW(writing->statement, sv_utf16_from(sql, writing->child->arena, &count), SQL_NTS));
}

/* No text has more units in UTF-16 than bytes in UTF-8. */
static bool
sv_writing_bind(sv_child_writing_t *writing)
{
    bool wide = !writing->child->utf8;

    for (size_t i = 0; i < writing->rows.parameters; i++) {
        sv_written_parameter_t *parameter = &writing->parameters[i];
        size_t units = writing->rows.longest[i] > 0 ? writing->rows.longest[i] : 1;
        size_t bytes = (units + 1) * (wide ? sizeof(SQLWCHAR) : 1);

        parameter->text = sv_arena_alloc(writing->child->arena, bytes);
        if (!SQL_SUCCEEDED(SQLBindParameter(writing->statement, (SQLUSMALLINT) (i + 1), SQL_PARAM_INPUT,
                                            wide ? SQL_C_WCHAR : SQL_C_CHAR, wide ? SQL_WVARCHAR : SQL_VARCHAR, units,
                                            0, parameter->text, (SQLLEN) bytes, &parameter->length))) {
            return false;
        }
    }
    return true;
}

static void
sv_writing_fill(sv_child_writing_t *writing, bson_iter_t *row)
{
    bson_iter_t cell;
    size_t count;

    bson_iter_recurse(row, &cell);
    for (size_t i = 0; bson_iter_next(&cell); i++) {
        sv_written_parameter_t *parameter = &writing->parameters[i];
        const char *text = BSON_ITER_HOLDS_UTF8(&cell) ? bson_iter_utf8(&cell, NULL) : NULL;

        if (text == NULL) {
            parameter->length = SQL_NULL_DATA;
        } else if (writing->child->utf8) {
            parameter->length = (SQLLEN) strlen(text);
            memcpy(parameter->text, text, strlen(text) + 1);
        } else {
            const SQLWCHAR *wide = sv_utf16_from(text, writing->child->arena, &count);

            parameter->length = (SQLLEN) (count * sizeof(SQLWCHAR));
            memcpy(parameter->text, wide, (count + 1) * sizeof(SQLWCHAR));
        }
    }
}

/* Rows that the statement answers are read to their end: only then it has ended. */
static bool
sv_writing_execute(const sv_child_writing_t *writing)
{
    SQLRETURN code = SQLExecute(writing->statement);
    SQLSMALLINT columns = 0;

    if (code != SQL_NO_DATA &&
        (!SQL_SUCCEEDED(code) || !SQL_SUCCEEDED(SQLNumResultCols(writing->statement, &columns)))) {
        return false;
    }
    while (columns > 0 && SQL_SUCCEEDED(code = SQLFetch(writing->statement))) {
    }
    if (columns > 0 && code != SQL_NO_DATA) {
        return false;
    }
    SQLFreeStmt(writing->statement, SQL_CLOSE);
    return true;
}

static void
sv_writing_run(sv_child_writing_t *writing, const bson_t *request, int64_t for_ms)
{
    int64_t begun_ms = sv_clock_monotonic_ms();
    bson_iter_t rows, row;
    bson_t *end;

    bson_iter_init_find(&rows, request, "rows");
    bson_iter_recurse(&rows, &row);
    writing->told_ms = begun_ms;
    while (bson_iter_next(&row) && sv_clock_monotonic_ms() - begun_ms < for_ms) {
        sv_writing_fill(writing, &row);
        if (!sv_writing_execute(writing)) {
            sv_writing_tell(writing);
            sv_child_fail(writing->child, SQL_HANDLE_STMT, writing->statement);
            return;
        }
        writing->untold++;
        if (sv_clock_monotonic_ms() - writing->told_ms >= SV_TELL_MS) {
            sv_writing_tell(writing);
        }
    }
    sv_writing_tell(writing);
    end = BCON_NEW("end", BCON_BOOL(true));
    sv_child_send(writing->child, end);
    bson_destroy(end);
}

bool
sv_child_write_rows(const sv_erp_child_t *child, const char *sql, const bson_t *request, int64_t for_ms)
{
    sv_child_writing_t writing = { .child = child, .statement = SQL_NULL_HANDLE };

    if (!sv_erp_frame_rows(request, &writing.rows)) {
        return false;
    }
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, child->connection, &writing.statement))) {
        sv_child_fail(child, SQL_HANDLE_DBC, child->connection);
        return true;
    }
    if (sv_writing_prepare(&writing, sql) && sv_writing_bind(&writing)) {
        sv_writing_run(&writing, request, for_ms);
    } else {
        sv_child_fail(child, SQL_HANDLE_STMT, writing.statement);
    }
    SQLFreeHandle(SQL_HANDLE_STMT, writing.statement);
    return true;
}
