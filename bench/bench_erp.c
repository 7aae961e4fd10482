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
#include <string.h>

#include "bench/lib/bare_store.h"
#include "bench/lib/odbc.h"

enum { MAX_COLUMNS = 64, CELL_SIZE = 1024, UPSERTS = 1000 };

/* ---- the ERP's side */

static void
fetch(const char *connection, const char *sql)
{
    static char cells[MAX_COLUMNS][CELL_SIZE];
    static SQLLEN lengths[MAX_COLUMNS];
    bare_odbc_t erp;
    SQLSMALLINT columns;
    long rows = 0, texts = 0;
    double begun = now_s();

    bare_odbc_open(&erp, connection);
    must(SQLExecDirect(erp.statement, (SQLCHAR *) (uintptr_t) sql, SQL_NTS), SQL_HANDLE_STMT, erp.statement, sql);
    must(SQLNumResultCols(erp.statement, &columns), SQL_HANDLE_STMT, erp.statement, sql);
    for (SQLSMALLINT i = 0; i < columns && i < MAX_COLUMNS; i++) {
        must(SQLBindCol(erp.statement, (SQLUSMALLINT) (i + 1), SQL_C_CHAR, cells[i], CELL_SIZE, &lengths[i]),
             SQL_HANDLE_STMT, erp.statement, "bind");
    }
    while (SQL_SUCCEEDED(SQLFetch(erp.statement))) {
        rows++;
        for (SQLSMALLINT i = 0; i < columns && i < MAX_COLUMNS; i++) {
            texts += lengths[i] != SQL_NULL_DATA;
        }
    }
    printf("{\"rows\":%ld,\"texts\":%ld,\"seconds\":%.3f}\n", rows, texts, now_s() - begun);
    bare_odbc_close(&erp);
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
keep(const bson_t *document, void *context)
{
    documents_t *documents = context;
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

/* From `first` on, in one transaction. */
static void
upsert_some(sv_store_t *store, mongoc_client_session_t *session, const documents_t *documents, size_t first)
{
    bson_t options = BSON_INITIALIZER, upsert = BSON_INITIALIZER, reply;
    mongoc_bulk_operation_t *bulk;
    bson_error_t reason;

    BSON_APPEND_BOOL(&options, "ordered", false);
    BSON_APPEND_BOOL(&upsert, "upsert", true);
    bare_transaction_begin(session, &options);
    bulk = mongoc_collection_create_bulk_operation_with_opts(store->collections[documents->collection], &options);
    for (size_t i = first; i < documents->count && i < first + UPSERTS; i++) {
        mongoc_bulk_operation_update_one_with_opts(bulk, documents->filters[i], documents->updates[i], &upsert, NULL);
    }
    if (mongoc_bulk_operation_execute(bulk, &reply, &reason) == 0) {
        die("upsert", reason.message);
    }
    bson_destroy(&reply);
    bare_transaction_commit(session);
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

static void
upsert(void)
{
    documents_t documents[] = { { .collection = SV_COLLECTION_ERP_ITEMS, .keys = { "item_code" } },
                                { .collection = SV_COLLECTION_ITEM_STOCK,
                                  .keys = { "warehouse", "item_code", "lot" } } };
    sv_arena_t *arena = sv_arena_create();
    bson_t *of_erp = BCON_NEW("erp_code", "{", "$exists", BCON_BOOL(true), "}"), *all = bson_new();
    bare_store_t tested, own;
    double seconds;

    bare_store_open_tested(&tested, arena);
    bare_store_each(&tested, documents[0].collection, of_erp, keep, &documents[0]);
    bare_store_each(&tested, documents[1].collection, all, keep, &documents[1]);
    bare_store_close(&tested);
    bare_store_open_own(&own, arena);
    seconds = upsert_all(own.store, documents, sizeof(documents) / sizeof(documents[0]));
    printf("{\"items\":%zu,\"stock\":%zu,\"seconds\":%.3f}\n", documents[0].count, documents[1].count, seconds);
    mongoc_database_drop(own.store->database, NULL);
    bare_store_close(&own);
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
