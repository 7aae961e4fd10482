#include "core/migrate/step_texts.h"

#include <string.h>

#include "core/base/log.h"
#include "core/base/text_gate.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/index_retire.h"
#include "core/sync/query.h"

enum { SV_TEXTS_A_CHUNK = 500, SV_TEXT_MAX = 4096 };

typedef enum { SV_STORED_CODE, SV_STORED_NAME, SV_STORED_ID } sv_stored_kind_t;

/* One path of a collection's documents, without the places in arrays: "packs.barcodes". */
typedef struct {
    sv_collection_t collection;
    const char *path;
    sv_stored_kind_t kind;
} sv_stored_text_t;

#define SV_RECORD_TEXTS(collection, prefix)                                                                            \
    { collection, prefix "client_record_id", SV_STORED_ID }, { collection, prefix "replaced_by", SV_STORED_ID },       \
        { collection, prefix "decided_for", SV_STORED_ID }, { collection, prefix "replaces", SV_STORED_ID },           \
        { collection, prefix "unknown_item_id", SV_STORED_ID }, { collection, prefix "session_id", SV_STORED_CODE },   \
        { collection, prefix "rack_id", SV_STORED_CODE }, { collection, prefix "item_code", SV_STORED_CODE },          \
        { collection, prefix "lot", SV_STORED_CODE }, { collection, prefix "lot_key", SV_STORED_CODE },                \
        { collection, prefix "serial_numbers", SV_STORED_CODE }, { collection, prefix "floor", SV_STORED_NAME },       \
    {                                                                                                                  \
        collection, prefix "warehouse", SV_STORED_NAME                                                                 \
    }

#define SV_RACK_TEXTS(collection)                                                                                      \
    { collection, "rack_id", SV_STORED_CODE }, { collection, "session_id", SV_STORED_CODE },                           \
        { collection, "warehouse", SV_STORED_NAME }, { collection, "floor", SV_STORED_NAME },                          \
    {                                                                                                                  \
        collection, "zone", SV_STORED_NAME                                                                             \
    }

/* Of one collection after the other; racks and sessions before what was counted in them. */
static const sv_stored_text_t sv_stored_texts[] = {
    { SV_COLLECTION_USERS, "username", SV_STORED_NAME },
    { SV_COLLECTION_USERS, "warehouse", SV_STORED_NAME },
    { SV_COLLECTION_WAREHOUSES, "warehouse", SV_STORED_NAME },
    { SV_COLLECTION_SESSIONS, "warehouse", SV_STORED_NAME },
    { SV_COLLECTION_SESSIONS, "floor", SV_STORED_NAME },
    { SV_COLLECTION_SESSIONS, "racks", SV_STORED_CODE },
    SV_RACK_TEXTS(SV_COLLECTION_RACK_REGISTRY),
    SV_RACK_TEXTS(SV_COLLECTION_VERIFICATION_SESSIONS),
    { SV_COLLECTION_RACK_ITEMS, "rack_id", SV_STORED_CODE },
    { SV_COLLECTION_RACK_ITEMS, "item_code", SV_STORED_CODE },
    { SV_COLLECTION_RACK_BOOKS, "rack_id", SV_STORED_CODE },
    { SV_COLLECTION_ERP_ITEMS, "item_code", SV_STORED_CODE },
    { SV_COLLECTION_ERP_ITEMS, "barcode", SV_STORED_CODE },
    { SV_COLLECTION_ERP_ITEMS, "barcodes", SV_STORED_CODE },
    { SV_COLLECTION_ERP_ITEMS, "manual_barcode", SV_STORED_CODE },
    { SV_COLLECTION_ERP_ITEMS, "packs.barcodes", SV_STORED_CODE },
    { SV_COLLECTION_ERP_ITEMS, "warehouse", SV_STORED_NAME },
    { SV_COLLECTION_SESSION_BOOK, "item_code", SV_STORED_CODE },
    SV_RECORD_TEXTS(SV_COLLECTION_VERIFICATION_RECORDS, ""),
    { SV_COLLECTION_ITEM_SERIALS, "serial_number", SV_STORED_CODE },
    SV_RECORD_TEXTS(SV_COLLECTION_ITEM_SERIALS, ""),
    SV_RECORD_TEXTS(SV_COLLECTION_ITEM_SERIALS, "current."),
    { SV_COLLECTION_SERIAL_HISTORY, "serial_number", SV_STORED_CODE },
    SV_RECORD_TEXTS(SV_COLLECTION_SERIAL_HISTORY, ""),
    SV_RECORD_TEXTS(SV_COLLECTION_SYNC_CONFLICTS, ""),
    SV_RECORD_TEXTS(SV_COLLECTION_SYNC_CONFLICTS, "mine."),
    SV_RECORD_TEXTS(SV_COLLECTION_SYNC_CONFLICTS, "server."),
    { SV_COLLECTION_SYNC_CONFLICTS, "server.serial_number", SV_STORED_CODE },
    { SV_COLLECTION_SYNC_CONFLICTS, "holder.session_id", SV_STORED_CODE },
};

enum { SV_STORED_TEXTS = sizeof(sv_stored_texts) / sizeof(sv_stored_texts[0]) };

/* The step of serial numbers drops this index when it is through: it comes after this one. */
sv_status_t
sv_step_texts_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    return sv_index_is_there(store, SV_COLLECTION_ITEM_SERIALS, "serial", due, error);
}

static const char *
sv_text_as_stored_now(sv_stored_kind_t kind, const char *text, sv_arena_t *arena)
{
    const char *clean = sv_text_pass(kind == SV_STORED_NAME ? SV_TEXT_NAME : SV_TEXT_CODE, text, SV_TEXT_MAX, arena);

    /* Nothing is left of it, or it does not pass: who asks for it now is answered so, and nothing is lost by it. */
    if (clean == NULL) {
        return text;
    }
    return kind == SV_STORED_ID ? sv_text_fold_uuid(clean, arena) : clean;
}

/* One document while it is copied. */
typedef struct {
    sv_collection_t collection;
    sv_arena_t *arena;
    bool changed;
} sv_text_copy_t;

static const sv_stored_text_t *
sv_stored_text_at(const sv_text_copy_t *copy, const char *path)
{
    for (size_t i = 0; i < SV_STORED_TEXTS; i++) {
        if (sv_stored_texts[i].collection == copy->collection && strcmp(sv_stored_texts[i].path, path) == 0) {
            return &sv_stored_texts[i];
        }
    }
    return NULL;
}

static void sv_copy_members(sv_text_copy_t *copy, const char *path, bool is_array, bson_iter_t *from, bson_t *to);

static void
sv_copy_inner(sv_text_copy_t *copy, const char *path, const bson_iter_t *value, bson_t *to)
{
    bool is_array = BSON_ITER_HOLDS_ARRAY(value);
    const char *key = bson_iter_key(value);
    bson_iter_t inner;
    bson_t child;

    if (!bson_iter_recurse(value, &inner)) {
        return;
    }
    if (is_array) {
        bson_append_array_begin(to, key, -1, &child);
    } else {
        bson_append_document_begin(to, key, -1, &child);
    }
    sv_copy_members(copy, path, is_array, &inner, &child);
    if (is_array) {
        bson_append_array_end(to, &child);
    } else {
        bson_append_document_end(to, &child);
    }
}

static void
sv_copy_value(sv_text_copy_t *copy, const char *path, const bson_iter_t *value, bson_t *to)
{
    const sv_stored_text_t *text;

    if (BSON_ITER_HOLDS_DOCUMENT(value) || BSON_ITER_HOLDS_ARRAY(value)) {
        sv_copy_inner(copy, path, value, to);
        return;
    }
    text = BSON_ITER_HOLDS_UTF8(value) ? sv_stored_text_at(copy, path) : NULL;
    if (text == NULL) {
        bson_append_iter(to, bson_iter_key(value), -1, value);
    } else {
        const char *before = bson_iter_utf8(value, NULL), *now = sv_text_as_stored_now(text->kind, before, copy->arena);

        copy->changed |= strcmp(before, now) != 0;
        BSON_APPEND_UTF8(to, bson_iter_key(value), now);
    }
}

static void
sv_copy_members(sv_text_copy_t *copy, const char *path, bool is_array, bson_iter_t *from, bson_t *to)
{
    while (bson_iter_next(from)) {
        const char *inner = is_array        ? path
                            : *path == '\0' ? bson_iter_key(from)
                                            : sv_arena_printf(copy->arena, "%s.%s", path, bson_iter_key(from));

        sv_copy_value(copy, inner, from, to);
    }
}

/* Adds the update of one document, where anything of it changes; only as long as that is as it was read. */
static sv_status_t
sv_texts_update(sv_migration_chunk_t *chunk, sv_collection_t collection, const bson_t *document, sv_bulk_t *bulk,
                bool *changes, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(chunk->arena), *update = sv_doc_new(chunk->arena), set;
    bson_iter_t member;

    *changes = false;
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    for (bson_iter_init(&member, document); bson_iter_next(&member);) {
        sv_text_copy_t copy = { .collection = collection, .arena = chunk->arena };
        bson_t *one = sv_doc_new(chunk->arena);
        bson_iter_t now;

        if (strcmp(bson_iter_key(&member), "_id") == 0) {
            bson_append_iter(filter, "_id", -1, &member);
            continue;
        }
        sv_copy_value(&copy, bson_iter_key(&member), &member, one);
        if (copy.changed && bson_iter_init_find(&now, one, bson_iter_key(&member))) {
            bson_append_iter(filter, bson_iter_key(&member), -1, &member);
            bson_append_iter(&set, bson_iter_key(&member), -1, &now);
            *changes = true;
        }
    }
    bson_append_document_end(update, &set);
    return *changes ? sv_bulk_update(bulk, filter, update, false, error) : SV_OK;
}

/* Where the step stands: at which collection of the table, and behind which document. */
static sv_collection_t
sv_texts_collection(const sv_migration_chunk_t *chunk)
{
    int64_t collection = chunk->cursor != NULL ? sv_doc_int(chunk->cursor, "collection") : -1;

    for (size_t i = 0; i < SV_STORED_TEXTS; i++) {
        if (sv_stored_texts[i].collection == collection) {
            return sv_stored_texts[i].collection;
        }
    }
    return sv_stored_texts[0].collection;
}

/* The next of the table; the same: it was the last. */
static sv_collection_t
sv_texts_next_collection(sv_collection_t collection)
{
    bool met = false;

    for (size_t i = 0; i < SV_STORED_TEXTS; i++) {
        if (met && sv_stored_texts[i].collection != collection) {
            return sv_stored_texts[i].collection;
        }
        met |= sv_stored_texts[i].collection == collection;
    }
    return collection;
}

/* {_id: 1, and the top members that hold texts: 1} */
static void
sv_texts_append_projection(bson_t *options, sv_collection_t collection, sv_arena_t *arena)
{
    bson_t projection;

    BSON_APPEND_DOCUMENT_BEGIN(options, "projection", &projection);
    for (size_t i = 0; i < SV_STORED_TEXTS; i++) {
        const char *path = sv_stored_texts[i].path;
        const char *top = sv_arena_strndup(arena, path, strcspn(path, "."));

        if (sv_stored_texts[i].collection == collection && !bson_has_field(&projection, top)) {
            BSON_APPEND_INT32(&projection, top, 1);
        }
    }
    bson_append_document_end(options, &projection);
}

static sv_status_t
sv_texts_read(sv_migration_chunk_t *chunk, sv_collection_t collection, const bson_t ***documents, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(chunk->arena), *options = sv_doc_new(chunk->arena), child;
    mongoc_cursor_t *cursor;
    const bson_t *document;
    sv_status_t status;
    bson_iter_t id;

    *documents = sv_arena_alloc(chunk->arena, SV_TEXTS_A_CHUNK * sizeof(**documents));
    if (chunk->cursor != NULL && bson_iter_init_find(&id, chunk->cursor, "id")) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &child);
        bson_append_iter(&child, "$gt", -1, &id);
        bson_append_document_end(filter, &child);
    }
    BCON_APPEND(options, "sort", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(SV_TEXTS_A_CHUNK));
    sv_texts_append_projection(options, collection, chunk->arena);
    if (sv_store_find(chunk->store, collection, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (chunk->seen < SV_TEXTS_A_CHUNK && mongoc_cursor_next(cursor, &document)) {
        (*documents)[chunk->seen++] = sv_doc_copy(document, chunk->arena);
    }
    status = sv_store_cursor_end(chunk->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static void
sv_texts_log_kept(sv_collection_t collection, const bson_t *document)
{
    char *json = bson_as_relaxed_extended_json(document, NULL);

    sv_log(SV_LOG_WARNING, "%s: stays as it is, since another has what its texts would become: %s",
           sv_collection_name(collection), json != NULL ? json : "?");
    bson_free(json);
}

sv_status_t
sv_step_texts_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    sv_collection_t collection = sv_texts_collection(chunk), next = collection;
    const bson_t **documents, **changed;
    sv_bulk_result_t result = { 0 };
    int64_t count = 0;
    sv_bulk_t bulk;
    bson_iter_t id;

    if (sv_texts_read(chunk, collection, &documents, error) != SV_OK) {
        return error->status;
    }
    changed = sv_arena_alloc(chunk->arena, SV_TEXTS_A_CHUNK * sizeof(*changed));
    sv_bulk_begin(&bulk, chunk->store, collection, chunk->arena);
    for (int64_t i = 0; i < chunk->seen; i++) {
        bool changes;

        if (sv_texts_update(chunk, collection, documents[i], &bulk, &changes, error) != SV_OK) {
            sv_bulk_discard(&bulk);
            return error->status;
        }
        if (changes) {
            changed[count++] = documents[i];
        }
    }
    if (chunk->dry_run) {
        sv_bulk_discard(&bulk);
    } else if (sv_bulk_run(&bulk, chunk->arena, &result, error) != SV_OK) {
        return error->status;
    }
    for (int64_t i = 0; i < count; i++) {
        if (result.failed != NULL && (result.failed[i] || result.duplicate[i])) {
            sv_texts_log_kept(collection, changed[i]);
        } else {
            chunk->changed++;
        }
    }
    if (chunk->seen < SV_TEXTS_A_CHUNK) {
        next = sv_texts_next_collection(collection);
        if (next == collection) {
            return SV_OK;
        }
    } else if (bson_iter_init_find(&id, documents[chunk->seen - 1], "_id")) {
        bson_append_iter(chunk->next, "id", -1, &id);
    }
    BSON_APPEND_INT64(chunk->next, "collection", next);
    return SV_OK;
}
