/*
 * What an import from an ERP cannot be faster than, each by itself:
 *
 *     ERP_CONNECTION=... bench_erp fetch SQL        a bare ODBC program reading the rows, their cells only counted
 *     MONGODB_URI=... MONGODB_DATABASE=... bench_erp upsert
 *                                                   bare libmongoc upserting the documents that the import has written,
 *                                                   a thousand a transaction, which a server makes durable once
 *
 * The documents are read into memory before the time begins, and go into a database of its own with the same indexes,
 * dropped at the end.  Prints one JSON object.
 */
#include <mongoc/mongoc.h>
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/codec.h"
#include "core/store/indexes.h"

enum { MAX_COLUMNS = 64, CELL_SIZE = 1024, UPSERTS = 1000, READ_MS = 600000 };

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "bench_erp: %s: %s\n", what, why);
    exit(1);
}

/* ---- the ERP's side */

static void
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

static void
fetch(const char *connection, const char *sql)
{
    static char cells[MAX_COLUMNS][CELL_SIZE];
    static SQLLEN lengths[MAX_COLUMNS];
    SQLHENV environment;
    SQLHDBC erp;
    SQLHSTMT statement;
    SQLSMALLINT columns;
    long rows = 0, texts = 0;
    double begun;

    must(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment), SQL_HANDLE_ENV, NULL, "ODBC");
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER) SQL_OV_ODBC3, 0);
    must(SQLAllocHandle(SQL_HANDLE_DBC, environment, &erp), SQL_HANDLE_ENV, environment, "ODBC");
    begun = now_s();
    must(SQLDriverConnect(erp, NULL, (SQLCHAR *) (uintptr_t) connection, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
         SQL_HANDLE_DBC, erp, "connect");
    SQLAllocHandle(SQL_HANDLE_STMT, erp, &statement);
    must(SQLExecDirect(statement, (SQLCHAR *) (uintptr_t) sql, SQL_NTS), SQL_HANDLE_STMT, statement, sql);
    must(SQLNumResultCols(statement, &columns), SQL_HANDLE_STMT, statement, sql);
    for (SQLSMALLINT i = 0; i < columns && i < MAX_COLUMNS; i++) {
        must(SQLBindCol(statement, (SQLUSMALLINT) (i + 1), SQL_C_CHAR, cells[i], CELL_SIZE, &lengths[i]),
             SQL_HANDLE_STMT, statement, "bind");
    }
    while (SQL_SUCCEEDED(SQLFetch(statement))) {
        rows++;
        for (SQLSMALLINT i = 0; i < columns && i < MAX_COLUMNS; i++) {
            texts += lengths[i] != SQL_NULL_DATA;
        }
    }
    printf("{\"rows\":%ld,\"texts\":%ld,\"seconds\":%.3f}\n", rows, texts, now_s() - begun);
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    SQLDisconnect(erp);
    SQLFreeHandle(SQL_HANDLE_DBC, erp);
    SQLFreeHandle(SQL_HANDLE_ENV, environment);
}

/* ---- our side */

typedef struct {
    sv_collection_t collection;
    const char *keys[3]; /* NULL: no more */
    bson_t **filters, **updates;
    size_t count;
} documents_t;

static bool
is_key(const documents_t *documents, const char *name)
{
    for (size_t i = 0; i < sizeof(documents->keys) / sizeof(documents->keys[0]) && documents->keys[i] != NULL; i++) {
        if (strcmp(documents->keys[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void
keep(documents_t *documents, const bson_t *document)
{
    bson_t *filter = bson_new(), *update = bson_new(), set;
    bson_iter_t field;

    bson_iter_init(&field, document);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    while (bson_iter_next(&field)) {
        if (is_key(documents, bson_iter_key(&field))) {
            bson_append_iter(filter, NULL, 0, &field);
        } else if (strcmp(bson_iter_key(&field), "_id") != 0) {
            bson_append_iter(&set, NULL, 0, &field);
        }
    }
    bson_append_document_end(update, &set);
    documents->filters = bson_realloc(documents->filters, (documents->count + 1) * sizeof(bson_t *));
    documents->updates = bson_realloc(documents->updates, (documents->count + 1) * sizeof(bson_t *));
    documents->filters[documents->count] = filter;
    documents->updates[documents->count++] = update;
}

static void
load(sv_store_t *store, documents_t *documents, const bson_t *filter)
{
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(store->collections[documents->collection], filter, NULL, NULL);
    const bson_t *document;
    bson_error_t reason;

    while (mongoc_cursor_next(cursor, &document)) {
        keep(documents, document);
    }
    if (mongoc_cursor_error(cursor, &reason)) {
        die("read", reason.message);
    }
    mongoc_cursor_destroy(cursor);
}

/* From `first` on, in one transaction. */
static void
upsert_some(sv_store_t *store, mongoc_client_session_t *session, const documents_t *documents, size_t first)
{
    bson_t options = BSON_INITIALIZER, upsert = BSON_INITIALIZER, reply;
    mongoc_bulk_operation_t *bulk;
    bson_error_t reason;

    BSON_APPEND_BOOL(&options, "ordered", false);
    BSON_APPEND_BOOL(&upsert, "upsert", true);
    if (!mongoc_client_session_start_transaction(session, NULL, &reason) ||
        !mongoc_client_session_append(session, &options, &reason)) {
        die("transaction", reason.message);
    }
    bulk = mongoc_collection_create_bulk_operation_with_opts(store->collections[documents->collection], &options);
    for (size_t i = first; i < documents->count && i < first + UPSERTS; i++) {
        mongoc_bulk_operation_update_one_with_opts(bulk, documents->filters[i], documents->updates[i], &upsert, NULL);
    }
    if (mongoc_bulk_operation_execute(bulk, &reply, &reason) == 0) {
        die("upsert", reason.message);
    }
    bson_destroy(&reply);
    if (!mongoc_client_session_commit_transaction(session, &reply, &reason)) {
        die("commit", reason.message);
    }
    bson_destroy(&reply);
    mongoc_bulk_operation_destroy(bulk);
    bson_destroy(&options);
    bson_destroy(&upsert);
}

static double
upsert_all(sv_store_t *store, const documents_t *documents, size_t count)
{
    mongoc_client_session_t *session = mongoc_client_start_session(store->client, NULL, NULL);
    double begun = now_s();

    for (size_t i = 0; i < count; i++) {
        for (size_t first = 0; first < documents[i].count; first += UPSERTS) {
            upsert_some(store, session, &documents[i], first);
        }
    }
    begun = now_s() - begun;
    mongoc_client_session_destroy(session);
    return begun;
}

static sv_store_t *
open_store(sv_settings_t *settings, sv_store_pool_t **pool, sv_error_t *error)
{
    sv_store_t *store;

    *pool = sv_store_pool_create_limited(settings, 1, READ_MS, error);
    store = *pool == NULL ? NULL : sv_store_acquire(*pool);
    if (store == NULL) {
        die("MongoDB", error->cause != NULL ? error->cause : error->message);
    }
    return store;
}

static void
upsert(void)
{
    documents_t documents[] = { { .collection = SV_COLLECTION_ERP_ITEMS, .keys = { "item_code" } },
                                { .collection = SV_COLLECTION_ITEM_STOCK,
                                  .keys = { "warehouse", "item_code", "lot" } } };
    sv_arena_t *arena = sv_arena_create();
    sv_settings_t settings;
    sv_index_summary_t summary;
    sv_store_pool_t *pool;
    sv_store_t *store;
    sv_error_t error;
    bson_t *of_erp = BCON_NEW("erp_code", "{", "$exists", BCON_BOOL(true), "}"), *all = bson_new();
    uint8_t random[8];
    char hex[sizeof(random) * 2 + 1];
    double seconds;

    sv_error_init(&error, arena);
    sv_settings_defaults(&settings);
    settings.mongodb_uri = getenv("MONGODB_URI");
    settings.mongodb_database = getenv("MONGODB_DATABASE");
    store = open_store(&settings, &pool, &error);
    load(store, &documents[0], of_erp);
    load(store, &documents[1], all);
    sv_store_release(store);
    sv_store_pool_destroy(pool);
    sv_random_bytes(random, sizeof(random));
    sv_hex_encode(random, sizeof(random), hex);
    settings.mongodb_database = sv_arena_printf(arena, "sv_bench_%s", hex);
    store = open_store(&settings, &pool, &error);
    if (sv_indexes_ensure(store, NULL, NULL, &summary, &error) != SV_OK) {
        die("indexes", error.cause != NULL ? error.cause : error.message);
    }
    seconds = upsert_all(store, documents, sizeof(documents) / sizeof(documents[0]));
    printf("{\"items\":%zu,\"stock\":%zu,\"seconds\":%.3f}\n", documents[0].count, documents[1].count, seconds);
    mongoc_database_drop(store->database, NULL);
    sv_store_release(store);
    sv_store_pool_destroy(pool);
    bson_destroy(of_erp);
    bson_destroy(all);
    sv_arena_destroy(arena);
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "fetch") == 0 && getenv("ERP_CONNECTION") != NULL) {
        fetch(getenv("ERP_CONNECTION"), argv[2]);
    } else if (argc == 2 && strcmp(argv[1], "upsert") == 0 && getenv("MONGODB_URI") != NULL &&
               getenv("MONGODB_DATABASE") != NULL) {
        mongoc_init();
        upsert();
        mongoc_cleanup();
    } else {
        fprintf(stderr, "usage: ERP_CONNECTION=... bench_erp fetch SQL\n"
                        "       MONGODB_URI=... MONGODB_DATABASE=... bench_erp upsert\n");
        return 2;
    }
    return 0;
}
