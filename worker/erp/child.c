#include "worker/erp/child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "worker/erp/child_parts.h"
#include "worker/erp/frame.h"
#include "worker/erp/utf16.h"

enum {
    SV_CHUNK_UNITS = 1024,
    SV_CELL_MAX = 1024 * 1024,    /* longer texts are cut, and refused by the limits of their fields */
    SV_ROW_MAX = 8 * 1024 * 1024, /* that the cells of a row share: with half as much again as UTF-8 still a frame */
    SV_ROWS_BYTES = 128 * 1024,
    SV_ROWS_MAX = 500,
    SV_NAME_MAX = 256,
    SV_REASON_UNITS = 512,
};

static bool
sv_child_read(void *to, size_t length)
{
    char *at = to;

    while (length > 0) {
        ssize_t got = read(STDIN_FILENO, at, length);

        if (got <= 0) {
            if (got < 0 && errno == EINTR) {
                continue;
            }
            return false;
        }
        at += got;
        length -= (size_t) got;
    }
    return true;
}

void
sv_child_send(const sv_erp_child_t *child, const bson_t *document)
{
    const uint8_t *at = bson_get_data(document);
    size_t length = document->len;

    while (length > 0) {
        ssize_t put = write(child->out, at, length);

        if (put < 0 && errno != EINTR) {
            _exit(0); /* nobody listens any more */
        }
        at += put > 0 ? put : 0;
        length -= put > 0 ? (size_t) put : 0;
    }
}

void
sv_child_fail(const sv_erp_child_t *child, SQLSMALLINT type, SQLHANDLE handle)
{
    SQLWCHAR state[6] = { 0 }, text[SV_REASON_UNITS] = { 0 };
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    sv_buffer_t message;
    bson_t *answer;

    sv_buffer_init(&message, child->arena, SV_REASON_UNITS);
    if (handle != SQL_NULL_HANDLE &&
        SQL_SUCCEEDED(SQLGetDiagRecW(type, handle, 1, state, &native, text, SV_REASON_UNITS, &length))) {
        sv_utf16_append(&message, state, 5);
        sv_buffer_putc(&message, ' ');
        sv_utf16_append(&message, text, length < SV_REASON_UNITS ? (size_t) length : SV_REASON_UNITS - 1);
    } else {
        sv_buffer_puts(&message, "the driver says no reason");
    }
    for (char *c = message.data; *c != '\0'; c++) {
        *c = *c >= ' ' && *c <= '~' ? *c : ' '; /* goes into a log */
    }
    answer = BCON_NEW("error", BCON_UTF8(message.data));
    sv_child_send(child, answer);
    bson_destroy(answer);
}

/* How the connection is made decides what the driver's texts are. */
static SQLRETURN
sv_child_open(const sv_erp_child_t *child, const char *connection)
{
    size_t count;

    if (child->utf8) {
        return SQLDriverConnect(child->connection, NULL, (SQLCHAR *) connection, SQL_NTS, NULL, 0, NULL,
                                SQL_DRIVER_NOPROMPT);
    }
    return SQLDriverConnectW(child->connection, NULL, sv_utf16_from(connection, child->arena, &count), SQL_NTS, NULL, 0,
                             NULL, SQL_DRIVER_NOPROMPT);
}

static void
sv_child_connect(sv_erp_child_t *child, const char *connection, bool utf8)
{
    bson_t *answer;

    child->utf8 = utf8;
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &child->environment)) ||
        !SQL_SUCCEEDED(SQLSetEnvAttr(child->environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER) SQL_OV_ODBC3, 0)) ||
        !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, child->environment, &child->connection))) {
        sv_child_fail(child, SQL_HANDLE_ENV, child->environment);
        return;
    }
    if (!SQL_SUCCEEDED(sv_child_open(child, connection))) {
        sv_child_fail(child, SQL_HANDLE_DBC, child->connection);
        return;
    }
    answer = BCON_NEW("ok", BCON_BOOL(true));
    sv_child_send(child, answer);
    bson_destroy(answer);
}

/* What a parameter points to lives in the arena until the statement has run. */
static bool
sv_child_bind(const sv_erp_child_t *child, SQLHSTMT statement, SQLUSMALLINT number, const char *text)
{
    SQLLEN *length = sv_arena_alloc(child->arena, sizeof(*length));
    size_t count = text == NULL ? 0 : strlen(text);
    void *data = (void *) text;
    bool wide = text != NULL && !child->utf8;

    if (wide) {
        data = sv_utf16_from(text, child->arena, &count);
    }
    *length = text == NULL ? SQL_NULL_DATA : (SQLLEN) (wide ? count * sizeof(SQLWCHAR) : count);
    return SQL_SUCCEEDED(SQLBindParameter(statement, number, SQL_PARAM_INPUT, wide ? SQL_C_WCHAR : SQL_C_CHAR,
                                          wide ? SQL_WVARCHAR : SQL_VARCHAR, count > 0 ? count : 1, 0, data,
                                          text == NULL ? 0 : *length, length));
}

static bool
sv_child_execute(const sv_erp_child_t *child, SQLHSTMT statement, const char *sql, bson_iter_t *parameters)
{
    SQLUSMALLINT number = 0;
    SQLRETURN code;

    while (bson_iter_next(parameters)) {
        const char *text = BSON_ITER_HOLDS_UTF8(parameters) ? bson_iter_utf8(parameters, NULL) : NULL;

        if (!sv_child_bind(child, statement, ++number, text)) {
            return false;
        }
    }
    if (child->utf8) {
        code = SQLExecDirect(statement, (SQLCHAR *) sql, SQL_NTS);
    } else {
        size_t count;
        SQLWCHAR *wide = sv_utf16_from(sql, child->arena, &count);

        code = SQLExecDirectW(statement, wide, SQL_NTS);
    }
    return SQL_SUCCEEDED(code) || code == SQL_NO_DATA;
}

static void
sv_array_put(bson_t *array, uint32_t i, const char *text, size_t length)
{
    char digits[16];
    const char *key;
    size_t key_length = bson_uint32_to_string(i, &key, digits, sizeof(digits));

    if (text == NULL) {
        bson_append_null(array, key, (int) key_length);
    } else {
        bson_append_utf8(array, key, (int) key_length, text, (int) length);
    }
}

static bool
sv_child_columns(const sv_erp_child_t *child, SQLHSTMT statement, SQLSMALLINT *count)
{
    bson_t answer = BSON_INITIALIZER, names;

    if (!SQL_SUCCEEDED(SQLNumResultCols(statement, count))) {
        bson_destroy(&answer);
        return false;
    }
    BSON_APPEND_ARRAY_BEGIN(&answer, "columns", &names);
    for (SQLSMALLINT i = 0; i < *count; i++) {
        SQLWCHAR name[SV_NAME_MAX];
        SQLSMALLINT length = 0;
        sv_buffer_t text;

        sv_buffer_init(&text, child->arena, SV_NAME_MAX);
        if (SQL_SUCCEEDED(SQLDescribeColW(statement, (SQLUSMALLINT) (i + 1), name, SV_NAME_MAX, &length, NULL, NULL,
                                          NULL, NULL))) {
            sv_utf16_append(&text, name, length < SV_NAME_MAX ? (size_t) length : SV_NAME_MAX - 1);
        }
        sv_array_put(&names, (uint32_t) i, text.length > 0 ? text.data : "", text.length);
    }
    bson_append_array_end(&answer, &names);
    sv_child_send(child, &answer);
    bson_destroy(&answer);
    return true;
}

/* Where an ERP tells hundreds of columns, a frame has room for less of each. */
static size_t
sv_child_cell_max(SQLSMALLINT columns)
{
    size_t share = (size_t) SV_ROW_MAX / (size_t) columns;

    return share < SV_CELL_MAX ? share : SV_CELL_MAX;
}

/* A cell as text, whatever its type: numbers and dates as the driver writes them, exactly. */
static bool
sv_child_cell(const sv_erp_child_t *child, SQLHSTMT statement, SQLUSMALLINT column, size_t max, sv_buffer_t *wide,
              bool *null)
{
    char chunk[SV_CHUNK_UNITS * sizeof(SQLWCHAR)];
    size_t unit = child->utf8 ? 1 : sizeof(SQLWCHAR);

    *null = false;
    wide->length = 0;
    for (;;) {
        SQLLEN told = 0;
        SQLRETURN code =
            SQLGetData(statement, column, child->utf8 ? SQL_C_CHAR : SQL_C_WCHAR, chunk, sizeof(chunk), &told);
        size_t got = sizeof(chunk) - unit;

        if (code == SQL_NO_DATA) {
            return true;
        }
        if (!SQL_SUCCEEDED(code)) {
            return false;
        }
        if (told == SQL_NULL_DATA) {
            *null = true;
            return true;
        }
        if (told != SQL_NO_TOTAL && told >= 0 && (size_t) told < sizeof(chunk)) {
            got = (size_t) told;
        }
        sv_buffer_append(wide, chunk, got < max - wide->length ? got : max - wide->length);
        if (code == SQL_SUCCESS) {
            return true;
        }
    }
}

typedef struct {
    bson_t answer, rows;
    uint32_t count;
    sv_buffer_t raw, text; /* kept between cells */
} sv_row_batch_t;

static void
sv_batch_begin(sv_row_batch_t *batch)
{
    bson_init(&batch->answer);
    BSON_APPEND_ARRAY_BEGIN(&batch->answer, "rows", &batch->rows);
    batch->count = 0;
}

static void
sv_batch_end(const sv_erp_child_t *child, sv_row_batch_t *batch, bool send)
{
    bson_append_array_end(&batch->answer, &batch->rows);
    if (send && batch->count > 0) {
        sv_child_send(child, &batch->answer);
    }
    bson_destroy(&batch->answer);
}

static bool
sv_child_row(const sv_erp_child_t *child, SQLHSTMT statement, SQLSMALLINT columns, sv_row_batch_t *batch)
{
    char digits[16];
    const char *key;
    size_t key_length = bson_uint32_to_string(batch->count++, &key, digits, sizeof(digits));
    size_t max = sv_child_cell_max(columns);
    bson_t row;
    bool good = true;

    bson_append_array_begin(&batch->rows, key, (int) key_length, &row);
    for (SQLSMALLINT i = 0; good && i < columns; i++) {
        bool null;

        good = sv_child_cell(child, statement, (SQLUSMALLINT) (i + 1), max, &batch->raw, &null);
        batch->text.length = 0;
        if (good && !null && !child->utf8) {
            sv_utf16_append(&batch->text, (const uint16_t *) (void *) batch->raw.data,
                            batch->raw.length / sizeof(SQLWCHAR));
        } else if (good && !null) {
            sv_buffer_append(&batch->text, batch->raw.data, batch->raw.length);
        }
        if (good && !null && batch->raw.length >= max) {
            sv_buffer_putc(&batch->text, '\xff'); /* which no text has: one that was cut is not taken for the whole */
        }
        if (good) {
            sv_array_put(&row, (uint32_t) i, null ? NULL : batch->text.data, batch->text.length);
        }
    }
    bson_append_array_end(&batch->rows, &row);
    return good;
}

static bool
sv_child_rows(const sv_erp_child_t *child, SQLHSTMT statement, SQLSMALLINT columns)
{
    sv_row_batch_t batch;
    SQLRETURN code = SQL_NO_DATA;
    bool good = true;

    sv_buffer_init(&batch.raw, child->arena, 4096);
    sv_buffer_init(&batch.text, child->arena, 4096);
    sv_buffer_puts(&batch.text, "");
    sv_batch_begin(&batch);
    while (good && columns > 0 && SQL_SUCCEEDED(code = SQLFetch(statement))) {
        good = sv_child_row(child, statement, columns, &batch);
        if (good && (batch.count == SV_ROWS_MAX || batch.rows.len >= SV_ROWS_BYTES)) {
            sv_batch_end(child, &batch, true);
            sv_batch_begin(&batch);
        }
    }
    sv_batch_end(child, &batch, good);
    return good && code == SQL_NO_DATA;
}

static void
sv_child_query(const sv_erp_child_t *child, const char *sql, bson_iter_t *parameters)
{
    SQLHSTMT statement = SQL_NULL_HANDLE;
    SQLSMALLINT columns = 0;
    bson_t *answer;

    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, child->connection, &statement))) {
        sv_child_fail(child, SQL_HANDLE_DBC, child->connection);
        return;
    }
    if (sv_child_execute(child, statement, sql, parameters) && sv_child_columns(child, statement, &columns) &&
        sv_child_rows(child, statement, columns)) {
        answer = BCON_NEW("end", BCON_BOOL(true));
        sv_child_send(child, answer);
        bson_destroy(answer);
    } else {
        sv_child_fail(child, SQL_HANDLE_STMT, statement);
    }
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

/* False: the request is none of ours. */
static bool
sv_child_serve(sv_erp_child_t *child, const bson_t *request)
{
    bson_iter_t iter, parameters;
    const char *text;

    if (bson_iter_init_find(&iter, request, "connect") && BSON_ITER_HOLDS_UTF8(&iter)) {
        text = bson_iter_utf8(&iter, NULL);
        sv_child_connect(child, text, bson_iter_init_find(&iter, request, "utf8") && bson_iter_as_bool(&iter));
        return true;
    }
    if (!bson_iter_init_find(&iter, request, "sql") || !BSON_ITER_HOLDS_UTF8(&iter)) {
        return false;
    }
    text = bson_iter_utf8(&iter, NULL);
    if (bson_iter_init_find(&iter, request, "parameters") && bson_iter_recurse(&iter, &parameters)) {
        sv_child_query(child, text, &parameters);
        return true;
    }
    return bson_iter_init_find(&iter, request, "for_ms") && BSON_ITER_HOLDS_INT64(&iter) &&
           sv_child_write_rows(child, text, request, bson_iter_int64(&iter));
}

int
sv_erp_child_main(void)
{
    sv_erp_child_t child = { .out = dup(STDOUT_FILENO) };
    uint8_t head[SV_ERP_FRAME_HEAD];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    if (child.out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        return EXIT_FAILURE;
    }
    while (sv_child_read(head, sizeof(head))) {
        uint32_t length = sv_erp_frame_length(head);
        uint8_t *bytes;
        bson_t request;

        if (length == 0) {
            return EXIT_FAILURE;
        }
        child.arena = sv_arena_create();
        bytes = sv_arena_alloc(child.arena, length);
        memcpy(bytes, head, sizeof(head));
        if (!sv_child_read(bytes + sizeof(head), length - sizeof(head)) || !bson_init_static(&request, bytes, length) ||
            !sv_child_serve(&child, &request)) {
            return EXIT_FAILURE;
        }
        sv_arena_destroy(child.arena);
    }
    return EXIT_SUCCESS;
}
