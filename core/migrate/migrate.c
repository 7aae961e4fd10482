#include "core/migrate/migrate.h"

#include <string.h>

#include "core/store/document.h"

/* Where a step stands, as `migrations` has it. */
typedef struct {
    bool done;
    const bson_t *cursor; /* NULL: at its beginning */
    int64_t seen, changed;
} sv_migration_place_t;

static sv_status_t
sv_migration_read(sv_store_t *store, const sv_migration_step_t *step, sv_migration_place_t *place, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *document;

    memset(place, 0, sizeof(*place));
    BSON_APPEND_UTF8(filter, "name", step->name);
    if (sv_store_find_one(store, SV_COLLECTION_MIGRATIONS, filter, NULL, error->arena, &document, error) != SV_OK ||
        document == NULL) {
        return error->status;
    }
    place->done = sv_doc_has(document, "done_at");
    place->cursor = sv_doc_child(document, "cursor", error->arena);
    place->seen = sv_doc_int(document, "seen");
    place->changed = sv_doc_int(document, "changed");
    return SV_OK;
}

static sv_status_t
sv_migration_note(sv_store_t *store, const sv_migration_step_t *step, const sv_migration_place_t *place,
                  sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *update = sv_doc_new(error->arena), child;
    const bson_t *noted;

    BSON_APPEND_UTF8(filter, "name", step->name);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
    BSON_APPEND_INT64(&child, "seen", place->seen);
    BSON_APPEND_INT64(&child, "changed", place->changed);
    if (place->cursor != NULL) {
        BSON_APPEND_DOCUMENT(&child, "cursor", place->cursor);
    } else {
        BSON_APPEND_NULL(&child, "cursor");
    }
    if (!place->done) {
        BSON_APPEND_NULL(&child, "done_at");
    }
    bson_append_document_end(update, &child);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$currentDate", &child);
    BSON_APPEND_BOOL(&child, "updated_at", true);
    if (place->done) {
        BSON_APPEND_BOOL(&child, "done_at", true);
    }
    bson_append_document_end(update, &child);
    return sv_store_find_and_update(store, SV_COLLECTION_MIGRATIONS, filter, update, true, true, error->arena, &noted,
                                    error);
}

/* Chunk after chunk from where the step stands. */
static sv_status_t
sv_migration_run_step(sv_store_t *store, const sv_migration_step_t *step, sv_migration_place_t *place,
                      const sv_migration_options_t *options, sv_error_t *error)
{
    /* of two chunks: this one's, and where the one before ended */
    sv_arena_t *arena = sv_arena_create(), *before = NULL;

    while (error->status == SV_OK && !place->done) {
        sv_migration_chunk_t chunk = {
            .store = store, .arena = arena, .dry_run = options->dry_run, .cursor = place->cursor, .next = NULL
        };

        chunk.next = sv_doc_new(arena);
        if (step->run_chunk(&chunk, error) != SV_OK) {
            break;
        }
        place->done = bson_empty(chunk.next);
        place->cursor = place->done ? NULL : chunk.next;
        place->seen += chunk.seen;
        place->changed += chunk.changed;
        if (!options->dry_run && sv_migration_note(store, step, place, error) != SV_OK) {
            break;
        }
        options->report(step, place->done ? SV_MIGRATION_DONE : SV_MIGRATION_RUNS, place->seen, place->changed,
                        options->context);
        if (before != NULL) {
            sv_arena_destroy(before);
        }
        before = arena;
        arena = sv_arena_create();
    }
    if (before != NULL) {
        sv_arena_destroy(before);
    }
    sv_arena_destroy(arena);
    return error->status;
}

static sv_status_t
sv_migration_ask(sv_store_t *store, const sv_migration_step_t *step, const sv_migration_place_t *place, bool *due,
                 sv_error_t *error)
{
    *due = false;
    if (place->done) {
        return SV_OK;
    }
    if (place->cursor != NULL) {
        *due = true; /* begun, and not ended */
        return SV_OK;
    }
    return step->is_due(store, due, error);
}

sv_status_t
sv_migrations_run(sv_store_t *store, const sv_migration_step_t *steps, const sv_migration_options_t *options,
                  sv_error_t *error)
{
    for (const sv_migration_step_t *step = steps; step->name != NULL; step++) {
        sv_migration_place_t place;
        bool due = true;

        if (sv_migration_read(store, step, &place, error) != SV_OK) {
            return error->status;
        }
        if (options->again) {
            memset(&place, 0, sizeof(place));
        } else if (sv_migration_ask(store, step, &place, &due, error) != SV_OK) {
            return error->status;
        }
        if (!due) {
            options->report(step, SV_MIGRATION_NOT_DUE, place.seen, place.changed, options->context);
        } else if (sv_migration_run_step(store, step, &place, options, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

sv_status_t
sv_migrations_find_due(sv_store_t *store, const sv_migration_step_t *steps, const sv_migration_step_t **due,
                       sv_error_t *error)
{
    *due = NULL;
    for (const sv_migration_step_t *step = steps; step->name != NULL; step++) {
        sv_migration_place_t place;
        bool is_due = false;

        if (sv_migration_read(store, step, &place, error) != SV_OK ||
            sv_migration_ask(store, step, &place, &is_due, error) != SV_OK) {
            return error->status;
        }
        if (is_due) {
            *due = step;
            return SV_OK;
        }
    }
    return SV_OK;
}
