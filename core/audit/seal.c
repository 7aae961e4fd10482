#include "core/audit/seal.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/codec.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

enum { SV_SEAL_BATCH = 400, SV_VERIFY_PAGE = 1000 };

#define SV_CHAIN_START "0000000000000000000000000000000000000000000000000000000000000000"

static bool
sv_is_seal_field(const char *name)
{
    static const char *const names[] = { "sealed", "seq", "prev_hash", "hash" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int
sv_compare_fields(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void
sv_audit_hash(const bson_t *entry, const char *prev_hash, char hash[SV_SHA256_HEX_SIZE])
{
    const char **fields = bson_malloc((bson_count_keys(entry) + 1) * sizeof(*fields));
    size_t count = 0, prev_length = strlen(prev_hash);
    bson_t canonical = BSON_INITIALIZER;
    bson_iter_t iter;
    uint8_t *bytes;

    bson_iter_init(&iter, entry);
    while (bson_iter_next(&iter)) {
        if (!sv_is_seal_field(bson_iter_key(&iter))) {
            fields[count++] = bson_iter_key(&iter);
        }
    }
    qsort(fields, count, sizeof(fields[0]), sv_compare_fields);
    for (size_t i = 0; i < count; i++) {
        if (bson_iter_init_find(&iter, entry, fields[i])) {
            bson_append_iter(&canonical, NULL, -1, &iter);
        }
    }
    bytes = bson_malloc(prev_length + canonical.len);
    memcpy(bytes, prev_hash, prev_length);
    memcpy(bytes + prev_length, bson_get_data(&canonical), canonical.len);
    sv_sha256_hex(bytes, prev_length + canonical.len, hash);
    bson_free(bytes);
    bson_free(fields);
    bson_destroy(&canonical);
}

bool
sv_audit_entry_is_whole(const bson_t *entry, sv_arena_t *arena)
{
    const char *prev_hash = sv_doc_text(entry, "prev_hash", arena), *stored = sv_doc_text(entry, "hash", arena);
    char hash[SV_SHA256_HEX_SIZE];

    if (prev_hash == NULL || stored == NULL) {
        return false;
    }
    sv_audit_hash(entry, prev_hash, hash);
    return strcmp(stored, hash) == 0;
}

/* The head, made when the chain is new. */
static sv_status_t
sv_chain_head(sv_store_t *store, sv_arena_t *arena, int64_t *seq, const char **hash, sv_error_t *error)
{
    bson_t *filter = BCON_NEW("_id", "head");
    const bson_t *head;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_AUDIT_CHAIN, filter, NULL, arena, &head, error);

    bson_destroy(filter);
    *seq = 0;
    *hash = SV_CHAIN_START;
    if (status == SV_OK && head != NULL) {
        *seq = sv_doc_int(head, "seq");
        *hash = sv_doc_text(head, "hash", arena);
        if (*hash == NULL) {
            status = sv_fail_cause(error, SV_ERR_INTERNAL, "audit_chain: the head has no hash");
        }
    }
    return status;
}

/* The changing write that lets only one of two sealers through. */
static sv_status_t
sv_chain_advance(sv_store_t *store, int64_t from_seq, int64_t to_seq, const char *hash, sv_error_t *error)
{
    bson_t *filter, *update;
    int64_t matched = 0;
    sv_status_t status;

    if (from_seq == 0) {
        bson_t *first = BCON_NEW("_id", "head", "seq", BCON_INT64(to_seq), "hash", BCON_UTF8(hash));

        status = sv_store_insert(store, SV_COLLECTION_AUDIT_CHAIN, first, error);
        bson_destroy(first);
        return status;
    }
    filter = BCON_NEW("_id", "head", "seq", BCON_INT64(from_seq));
    update = BCON_NEW("$set", "{", "seq", BCON_INT64(to_seq), "hash", BCON_UTF8(hash), "}");
    status = sv_store_update_one(store, SV_COLLECTION_AUDIT_CHAIN, filter, update, &matched, error);
    if (status == SV_OK && matched != 1) {
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "audit_chain: the head moved inside a transaction");
    }
    bson_destroy(filter);
    bson_destroy(update);
    return status;
}

typedef struct {
    int64_t sealed;
} sv_seal_work_t;

static sv_status_t
sv_seal_entry(sv_bulk_t *bulk, const bson_t *entry, int64_t seq, const char *prev_hash, const char *hash,
              sv_error_t *error)
{
    bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER;
    bson_iter_t id;
    sv_status_t status;

    if (bson_iter_init_find(&id, entry, "_id")) {
        bson_append_iter(&filter, "_id", -1, &id);
    }
    BSON_APPEND_BOOL(&filter, "sealed", false);
    BCON_APPEND(&update, "$set", "{", "sealed", BCON_BOOL(true), "seq", BCON_INT64(seq), "prev_hash",
                BCON_UTF8(prev_hash), "hash", BCON_UTF8(hash), "}");
    status = sv_bulk_update(bulk, &filter, &update, false, error);
    bson_destroy(&filter);
    bson_destroy(&update);
    return status;
}

static sv_status_t
sv_seal_unsealed(sv_store_t *store, sv_seal_work_t *work, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *options = sv_doc_new(arena);
    char hash[SV_SHA256_HEX_SIZE], prev_hash[SV_SHA256_HEX_SIZE];
    int64_t head_seq, seq;
    const char *head_hash;
    mongoc_cursor_t *cursor;
    const bson_t *entry;
    sv_bulk_result_t result;
    sv_bulk_t bulk;
    sv_status_t status = sv_chain_head(store, arena, &head_seq, &head_hash, error);

    work->sealed = 0;
    if (status != SV_OK) {
        return status;
    }
    BSON_APPEND_BOOL(filter, "sealed", false);
    BCON_APPEND(options, "sort", "{", "at", BCON_INT32(1), "}", "limit", BCON_INT64(SV_SEAL_BATCH));
    status = sv_store_find(store, SV_COLLECTION_ACTIVITY_LOGS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    sv_bulk_begin(&bulk, store, SV_COLLECTION_ACTIVITY_LOGS, arena);
    seq = head_seq;
    snprintf(prev_hash, sizeof(prev_hash), "%s", head_hash);
    while (status == SV_OK && mongoc_cursor_next(cursor, &entry)) {
        sv_audit_hash(entry, prev_hash, hash);
        status = sv_seal_entry(&bulk, entry, ++seq, prev_hash, hash, error);
        memcpy(prev_hash, hash, sizeof(hash));
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    if (status != SV_OK || seq == head_seq) {
        sv_bulk_discard(&bulk);
        return status;
    }
    status = sv_chain_advance(store, head_seq, seq, prev_hash, error);
    if (status != SV_OK) {
        sv_bulk_discard(&bulk);
        return status;
    }
    status = sv_bulk_run(&bulk, arena, &result, error);
    if (status == SV_ERR_ALREADY_EXISTS) {
        sv_error_clear(error);
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "activity_logs: entries are sealed past the head of the chain");
    }
    if (status == SV_OK && result.matched != seq - head_seq) {
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "activity_logs: entries changed while they were sealed");
    }
    work->sealed = seq - head_seq;
    return status;
}

static sv_status_t
sv_seal_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_status_t status = sv_seal_unsealed(store, context, arena, error);

    sv_arena_destroy(arena);
    return status;
}

sv_status_t
sv_audit_seal_round(sv_store_t *store, int64_t *sealed, sv_error_t *error)
{
    bson_t *filter = BCON_NEW("sealed", BCON_BOOL(false));
    bson_t *projection = BCON_NEW("_id", BCON_INT32(1));
    sv_seal_work_t work = { 0 };
    const bson_t *any = NULL;
    sv_status_t status;

    *sealed = 0;
    /* Most rounds find nothing and cost no transaction. */
    status = sv_store_find_one(store, SV_COLLECTION_ACTIVITY_LOGS, filter, projection, error->arena, &any, error);
    bson_destroy(filter);
    bson_destroy(projection);
    if (status == SV_OK && any != NULL) {
        status = sv_transaction_run(store, sv_seal_body, &work, error);
        if (status == SV_ERR_ALREADY_EXISTS) {
            /* Another worker began the chain at this moment. */
            sv_error_clear(error);
            return SV_OK;
        }
        *sealed = status == SV_OK ? work.sealed : 0;
    }
    return status;
}

static void
sv_verdict_problem(sv_audit_verdict_t *verdict, sv_error_t *error, int64_t seq, const char *sentence)
{
    verdict->bad_seq = seq;
    verdict->problem = sv_arena_printf(error->arena, "entry %lld: %s", (long long) seq, sentence);
}

/* Whether `entry` is what must follow `expected_seq - 1` with `prev_hash`; on success prev_hash becomes its hash. */
static bool
sv_verify_entry(const bson_t *entry, int64_t expected_seq, char prev_hash[SV_SHA256_HEX_SIZE],
                sv_audit_verdict_t *verdict, sv_arena_t *arena, sv_error_t *error)
{
    const char *stored_prev = sv_doc_text(entry, "prev_hash", arena);

    if (sv_doc_int(entry, "seq") != expected_seq) {
        sv_verdict_problem(verdict, error, expected_seq, "it is missing");
        return false;
    }
    if (stored_prev == NULL || strcmp(stored_prev, prev_hash) != 0) {
        sv_verdict_problem(verdict, error, expected_seq, "it does not continue the entry before it");
        return false;
    }
    if (!sv_audit_entry_is_whole(entry, arena)) {
        sv_verdict_problem(verdict, error, expected_seq, "it was changed after it was sealed");
        return false;
    }
    memcpy(prev_hash, sv_doc_text(entry, "hash", arena), SV_SHA256_HEX_SIZE);
    verdict->entries++;
    return true;
}

/* Entries from + 1 to `to` (at most a page); false at the first that is wrong. */
static sv_status_t
sv_verify_page(sv_store_t *store, int64_t from, int64_t to, char prev_hash[SV_SHA256_HEX_SIZE],
               sv_audit_verdict_t *verdict, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    bson_t *filter = sv_doc_new(arena), *options = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *entry;
    int64_t seq = from;
    sv_status_t status;

    BCON_APPEND(filter, "sealed", BCON_BOOL(true), "seq", "{", "$gt", BCON_INT64(from), "$lte", BCON_INT64(to), "}");
    BCON_APPEND(options, "sort", "{", "seq", BCON_INT32(1), "}");
    status = sv_store_find(store, SV_COLLECTION_ACTIVITY_LOGS, filter, options, &cursor, error);
    if (status == SV_OK) {
        while (mongoc_cursor_next(cursor, &entry) &&
               sv_verify_entry(entry, seq + 1, prev_hash, verdict, arena, error)) {
            seq++;
        }
        status = sv_store_cursor_end(store, cursor, error);
        if (status == SV_OK && verdict->problem == NULL && seq != to) {
            sv_verdict_problem(verdict, error, seq + 1, "it is missing");
        }
        mongoc_cursor_destroy(cursor);
    }
    sv_arena_destroy(arena);
    return status;
}

sv_status_t
sv_audit_verify(sv_store_t *store, sv_audit_verdict_t *verdict, sv_error_t *error)
{
    char prev_hash[SV_SHA256_HEX_SIZE] = SV_CHAIN_START;
    bson_t *unsealed = BCON_NEW("sealed", BCON_BOOL(false));
    bson_error_t reason;
    int64_t head_seq;
    const char *head_hash;
    sv_status_t status = sv_chain_head(store, error->arena, &head_seq, &head_hash, error);

    memset(verdict, 0, sizeof(*verdict));
    for (int64_t seq = 0; status == SV_OK && verdict->problem == NULL && seq < head_seq; seq += SV_VERIFY_PAGE) {
        int64_t to = seq + SV_VERIFY_PAGE < head_seq ? seq + SV_VERIFY_PAGE : head_seq;

        status = sv_verify_page(store, seq, to, prev_hash, verdict, error);
    }
    if (status == SV_OK && verdict->problem == NULL && strcmp(prev_hash, head_hash) != 0) {
        sv_verdict_problem(verdict, error, head_seq, "the chain's head has another hash");
    }
    if (status == SV_OK) {
        verdict->unsealed = mongoc_collection_count_documents(store->collections[SV_COLLECTION_ACTIVITY_LOGS], unsealed,
                                                              NULL, NULL, NULL, &reason);
        if (verdict->unsealed < 0) {
            status = sv_store_fail(&reason, error);
        }
    }
    bson_destroy(unsealed);
    return status;
}
