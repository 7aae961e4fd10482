#include "core/sync/serial_step.h"

#include <string.h>

#include "core/base/log.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/index_retire.h"
#include "core/sync/serial_fold.h"
#include "core/sync/serial_key.h"

enum { SV_SERIALS_A_CHUNK = 500 };

static const struct {
    sv_collection_t collection;
    const char *name;
} sv_retired[] = {
    { SV_COLLECTION_ITEM_SERIALS, "serial" },
    { SV_COLLECTION_SERIAL_HISTORY, "serial_n" },
};

sv_status_t
sv_serial_step_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    *due = false;
    for (size_t i = 0; i < sizeof(sv_retired) / sizeof(sv_retired[0]) && !*due; i++) {
        if (sv_index_is_there(store, sv_retired[i].collection, sv_retired[i].name, due, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

typedef struct {
    const bson_t *stored;
    const char *number, *key, *scope;
    bool keyed;             /* stored with its key */
    const char *folds_with; /* set: it gives way to this number */
} sv_step_serial_t;

typedef struct {
    sv_migration_chunk_t *chunk;
    bool by_item;
    sv_step_serial_t *serials; /* of the chunk, and the ones with keys that they meet */
    size_t count, room, found;
    sv_text_map_t of_key; /* scope and key -> sv_step_serial_t that has the key, or is to get it */
} sv_step_serials_t;

static sv_step_serial_t *
sv_step_serial_add(sv_step_serials_t *step, const bson_t *document)
{
    sv_arena_t *arena = step->chunk->arena;
    const char *item_code = sv_doc_text(document, "item_code", arena);
    sv_step_serial_t *serial;

    step->serials = sv_arena_grow(arena, step->serials, step->count, &step->room, sizeof(*step->serials));
    serial = &step->serials[step->count++];
    memset(serial, 0, sizeof(*serial));
    serial->stored = document;
    serial->number = sv_doc_text(document, "serial_number", arena);
    serial->key = sv_serial_fold(serial->number != NULL ? serial->number : "", arena);
    serial->keyed = sv_doc_has(document, "serial_key");
    serial->scope = serial->keyed                        ? sv_doc_text(document, "item_scope", arena)
                    : step->by_item && item_code != NULL ? item_code
                                                         : "";
    return serial;
}

static void
sv_step_serial_row(const bson_t *document, void *context)
{
    sv_step_serial_add(context, document);
}

static sv_status_t
sv_step_read(sv_step_serials_t *step, sv_error_t *error)
{
    sv_migration_chunk_t *chunk = step->chunk;
    bson_t *filter = sv_doc_new(chunk->arena), *options = sv_doc_new(chunk->arena);
    mongoc_cursor_t *cursor;
    const bson_t *document;
    sv_status_t status;
    bson_iter_t id;
    bson_t child;

    if (chunk->cursor != NULL && bson_iter_init_find(&id, chunk->cursor, "id")) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &child);
        bson_append_iter(&child, "$gt", -1, &id);
        bson_append_document_end(filter, &child);
    }
    BCON_APPEND(filter, "serial_key", "{", "$exists", BCON_BOOL(false), "}", "folds_with", "{", "$exists",
                BCON_BOOL(false), "}");
    BCON_APPEND(options, "sort", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(SV_SERIALS_A_CHUNK));
    if (sv_store_find(chunk->store, SV_COLLECTION_ITEM_SERIALS, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (mongoc_cursor_next(cursor, &document)) {
        sv_step_serial_add(step, sv_doc_copy(document, chunk->arena));
    }
    status = sv_store_cursor_end(chunk->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    step->found = step->count;
    return status;
}

/* Those that have the keys already. */
static sv_status_t
sv_step_read_keyed(sv_step_serials_t *step, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(step->chunk->arena);
    sv_query_texts_t keys;

    sv_query_texts_init(&keys, step->chunk->arena);
    for (size_t i = 0; i < step->found; i++) {
        sv_query_texts_add(&keys, step->serials[i].key);
    }
    sv_query_in(filter, "serial_key", &keys);
    return sv_query_each(step->chunk->store, SV_COLLECTION_ITEM_SERIALS, filter, NULL, sv_step_serial_row, step, error);
}

/* Of two that fold together the one that is somewhere has the key, else the earlier. */
static void
sv_step_choose(sv_step_serials_t *step, sv_step_serial_t *serial)
{
    void **place =
        sv_text_map_put(&step->of_key, sv_arena_printf(step->chunk->arena, "%s\x02%s", serial->scope, serial->key));
    sv_step_serial_t *other = *place, *gives_way = serial;

    if (other == NULL) {
        *place = serial;
        return;
    }
    if (sv_doc_has(serial->stored, "current") && !sv_doc_has(other->stored, "current")) {
        *place = serial;
        gives_way = other;
    }
    gives_way->folds_with = ((sv_step_serial_t *) *place)->number;
    sv_log(SV_LOG_WARNING,
           "serial numbers \"%s\" and \"%s\" are one whatever the case of their letters: \"%s\" keeps the "
           "place it is in, \"%s\" is marked",
           serial->number, other->number, ((sv_step_serial_t *) *place)->number, gives_way->number);
}

/* Those that give way first, so that a key is free before it is given. */
static sv_status_t
sv_step_write(sv_step_serials_t *step, bool giving_way, bool *complete, sv_error_t *error)
{
    sv_bulk_result_t result;
    sv_bulk_t bulk;
    bool all;

    sv_bulk_begin(&bulk, step->chunk->store, SV_COLLECTION_ITEM_SERIALS, step->chunk->arena);
    for (size_t i = 0; i < step->count; i++) {
        const sv_step_serial_t *serial = &step->serials[i];
        bson_t *filter = sv_doc_new(step->chunk->arena), *update;
        bson_iter_t id;

        if ((serial->folds_with != NULL) != giving_way || (serial->keyed && !giving_way) ||
            !bson_iter_init_find(&id, serial->stored, "_id")) {
            continue;
        }
        bson_append_iter(filter, "_id", -1, &id);
        update = giving_way ? BCON_NEW("$set", "{", "folds_with", BCON_UTF8(serial->folds_with), "}", "$unset", "{",
                                       "serial_key", BCON_BOOL(true), "item_scope", BCON_BOOL(true), "}")
                            : BCON_NEW("$set", "{", "serial_key", BCON_UTF8(serial->key), "item_scope",
                                       BCON_UTF8(serial->scope), "}");
        if (sv_bulk_update(&bulk, filter, sv_doc_take(update, step->chunk->arena), false, error) != SV_OK) {
            sv_bulk_discard(&bulk);
            return error->status;
        }
    }
    all = bulk.count == 0;
    if (sv_bulk_run(&bulk, step->chunk->arena, &result, error) == SV_OK && !all) {
        *complete &= result.failed_count == 0 && result.duplicates == 0;
    }
    return error->status;
}

static sv_status_t
sv_step_retire(sv_store_t *store, sv_error_t *error)
{
    for (size_t i = 0; i < sizeof(sv_retired) / sizeof(sv_retired[0]); i++) {
        if (sv_index_retire(store, sv_retired[i].collection, sv_retired[i].name, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

/* Where the next chunk begins: behind this one, or here again when somebody stored one of its keys meanwhile. */
static void
sv_step_go_on(const sv_step_serials_t *step, bool complete)
{
    sv_migration_chunk_t *chunk = step->chunk;
    bson_iter_t id;

    if (!complete) {
        BSON_APPEND_BOOL(chunk->next, "again", true);
        if (chunk->cursor != NULL && bson_iter_init_find(&id, chunk->cursor, "id")) {
            bson_append_iter(chunk->next, "id", -1, &id);
        }
    } else if (bson_iter_init_find(&id, step->serials[step->found - 1].stored, "_id")) {
        bson_append_iter(chunk->next, "id", -1, &id);
    }
}

sv_status_t
sv_serial_step_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    sv_step_serials_t step = { .chunk = chunk, .by_item = sv_serial_scope_is_item(chunk->store->settings) };
    bool complete = true;

    if (sv_step_read(&step, error) != SV_OK) {
        return error->status;
    }
    if (step.found == 0) {
        return chunk->dry_run ? SV_OK : sv_step_retire(chunk->store, error);
    }
    if (sv_step_read_keyed(&step, error) != SV_OK) {
        return error->status;
    }
    sv_text_map_init(&step.of_key, chunk->arena, step.count);
    for (size_t i = step.found; i < step.count; i++) {
        sv_step_choose(&step, &step.serials[i]);
    }
    for (size_t i = 0; i < step.found; i++) {
        sv_step_choose(&step, &step.serials[i]);
    }
    if (!chunk->dry_run && (sv_step_write(&step, true, &complete, error) != SV_OK ||
                            sv_step_write(&step, false, &complete, error) != SV_OK)) {
        return error->status;
    }
    chunk->seen = (int64_t) step.found;
    chunk->changed = complete ? chunk->seen : 0;
    sv_step_go_on(&step, complete);
    return SV_OK;
}
