#include <ctype.h>

#include "core/base/codec.h"
#include "core/base/text_gate.h"
#include "core/base/text_map.h"
#include "core/photos/photo.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

enum { SV_UPLOAD_MAX_MS = 3600000, SV_UPLOADS_A_ROUND = 1000 };
enum { SV_LOOKS_A_ROUND = 20, SV_PHOTOS_A_LOOK = 200, SV_PHOTO_SPELLINGS = 2, SV_DAY_MS = 86400000 };

/* What may name a photo. */
static const struct {
    sv_collection_t collection;
    const char *field;
} sv_photo_named_by[] = {
    { SV_COLLECTION_VERIFICATION_RECORDS, "photo_proofs" },
    { SV_COLLECTION_COUNT_LINES, "photo_proofs" },
    { SV_COLLECTION_UNKNOWN_ITEMS, "photos" },
    { SV_COLLECTION_SYNC_CONFLICTS, "mine.photo_proofs" },
};

/* ---- uploads that were left */

static const bson_t *
sv_upload_take(sv_store_t *store, int64_t before_ms, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *update = sv_doc_new(error->arena);
    const bson_t *note = NULL;

    BCON_APPEND(filter, "begun_at", "{", "$lt", BCON_DATE_TIME(before_ms), "}");
    BCON_APPEND(update, "$set", "{", "swept", BCON_BOOL(true), "}");
    sv_store_find_and_update(store, SV_COLLECTION_PHOTO_UPLOADS, filter, update, true, false, error->arena, &note,
                             error);
    return error->status == SV_OK ? note : NULL;
}

static sv_status_t
sv_uploads_sweep(sv_store_t *store, int64_t now_ms, int64_t *swept, sv_error_t *error)
{
    const bson_t *note;
    bson_iter_t iter;

    while (*swept < SV_UPLOADS_A_ROUND && (note = sv_upload_take(store, now_ms - SV_UPLOAD_MAX_MS, error)) != NULL &&
           bson_iter_init_find(&iter, note, "_id") && BSON_ITER_HOLDS_OID(&iter) &&
           sv_photo_drop(store, bson_iter_oid(&iter), error) == SV_OK) {
        (*swept)++;
    }
    return error->status;
}

/* ---- photos that nothing names */

/* Some photos that were not looked at for long. */
typedef struct {
    sv_arena_t *arena;
    const bson_t *photos[SV_PHOTOS_A_LOOK];
    size_t count;
    const char *ids[SV_PHOTOS_A_LOOK * SV_PHOTO_SPELLINGS];
    size_t id_count;
    const char *field;   /* by which the rows read now name photos */
    sv_text_map_t named; /* ids, as photos have them, that something names */
    int64_t now_ms, before_ms;
} sv_look_t;

static const char *
sv_photo_capitals(const char *id, sv_arena_t *arena)
{
    char *capitals = sv_arena_strdup(arena, id);

    for (char *at = capitals; *at != '\0'; at++) {
        *at = (char) toupper((unsigned char) *at);
    }
    return capitals;
}

static void
sv_look_take_photo(const bson_t *photo, void *context)
{
    sv_look_t *look = context;
    const char *id = sv_doc_text(photo, "client_photo_id", look->arena);

    if (id == NULL || look->count == SV_PHOTOS_A_LOOK) {
        return;
    }
    look->photos[look->count++] = sv_doc_copy(photo, look->arena);
    look->ids[look->id_count++] = id;
    if (sv_uuid_has_form(id)) { /* a photo has it in small letters, what names it as it was sent */
        look->ids[look->id_count++] = sv_photo_capitals(id, look->arena);
    }
}

static void
sv_look_take_names(const bson_t *row, void *context)
{
    sv_look_t *look = context;
    const bson_t *names = sv_doc_child(row, look->field, look->arena);
    bson_iter_t iter;

    if (names == NULL || !bson_iter_init(&iter, names)) {
        return;
    }
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            const char *id = sv_arena_strdup(look->arena, bson_iter_utf8(&iter, NULL));

            *sv_text_map_put(&look->named, sv_text_fold_uuid(id, look->arena)) = look;
        }
    }
}

static sv_status_t
sv_look_read(sv_store_t *store, sv_look_t *look, sv_error_t *error)
{
    bson_t *old = sv_doc_new(look->arena), *options = sv_doc_new(look->arena);

    BCON_APPEND(old, "looked_at", "{", "$lt", BCON_DATE_TIME(look->before_ms), "}");
    BCON_APPEND(options, "limit", BCON_INT64(SV_PHOTOS_A_LOOK), "projection", "{", "client_photo_id", BCON_INT32(1),
                "}");
    if (sv_store_each(store, SV_COLLECTION_PHOTOS, old, options, sv_look_take_photo, look, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; look->count > 0 && i < sizeof(sv_photo_named_by) / sizeof(sv_photo_named_by[0]); i++) {
        bson_t *naming = sv_doc_new(look->arena);

        look->field = sv_photo_named_by[i].field;
        sv_filter_in(naming, look->field, look->ids, look->id_count);
        options = sv_doc_take(BCON_NEW("projection", "{", look->field, BCON_INT32(1), "}"), look->arena);
        if (sv_store_each(store, sv_photo_named_by[i].collection, naming, options, sv_look_take_names, look, error) !=
            SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

typedef struct {
    bson_t *photo; /* that it is still as old as it was */
    bson_t *note;
    int64_t removed;
} sv_orphan_t;

/* The photo goes at once, its chunks with the note later: who is reading it goes on. */
static sv_status_t
sv_orphan_remove(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_orphan_t *orphan = context;

    if (sv_store_delete_many(store, SV_COLLECTION_PHOTOS, orphan->photo, &orphan->removed, error) != SV_OK ||
        orphan->removed == 0) {
        return error->status;
    }
    return sv_store_insert(store, SV_COLLECTION_PHOTO_UPLOADS, orphan->note, error);
}

static bson_t *
sv_look_that_is_old(const sv_look_t *look, const bson_iter_t *id)
{
    bson_t *filter = sv_doc_new(look->arena);

    bson_append_iter(filter, "_id", -1, id);
    BCON_APPEND(filter, "looked_at", "{", "$lt", BCON_DATE_TIME(look->before_ms), "}");
    return filter;
}

/* Removes the photo, or notes that something names it. */
static sv_status_t
sv_look_settle(sv_store_t *store, const sv_look_t *look, const bson_t *photo, int64_t *removed, sv_error_t *error)
{
    const char *client_photo_id = sv_doc_text(photo, "client_photo_id", look->arena);
    sv_orphan_t orphan;
    bson_iter_t id;

    if (!bson_iter_init_find(&id, photo, "_id")) {
        return SV_OK;
    }
    orphan.photo = sv_look_that_is_old(look, &id);
    if (sv_text_map_get(&look->named, client_photo_id) != NULL) {
        bson_t *update =
            sv_doc_take(BCON_NEW("$set", "{", "looked_at", BCON_DATE_TIME(look->now_ms), "}"), look->arena);

        return sv_store_update_one(store, SV_COLLECTION_PHOTOS, orphan.photo, update, NULL, error);
    }
    orphan.note = sv_doc_new(look->arena);
    bson_append_iter(orphan.note, "_id", -1, &id);
    BCON_APPEND(orphan.note, "begun_at", BCON_DATE_TIME(look->now_ms), "swept", BCON_BOOL(true));
    if (sv_transaction_run(store, sv_orphan_remove, &orphan, error) == SV_OK) {
        *removed += orphan.removed;
    }
    return error->status;
}

static sv_status_t
sv_orphans_look(sv_store_t *store, int64_t now_ms, size_t *seen, int64_t *removed, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_look_t *look = sv_arena_zalloc(arena, sizeof(*look));

    look->arena = arena;
    look->now_ms = now_ms;
    look->before_ms = now_ms - store->settings->photo_orphan_days * SV_DAY_MS;
    sv_text_map_init(&look->named, arena, SV_PHOTOS_A_LOOK);
    sv_look_read(store, look, error);
    for (size_t i = 0; error->status == SV_OK && i < look->count; i++) {
        sv_look_settle(store, look, look->photos[i], removed, error);
    }
    *seen = look->count;
    sv_arena_destroy(arena);
    return error->status;
}

sv_status_t
sv_photos_sweep(sv_store_t *store, int64_t *swept, sv_error_t *error)
{
    size_t seen = SV_PHOTOS_A_LOOK;
    int64_t now_ms;

    *swept = 0;
    if (sv_store_now(store, &now_ms, error) != SV_OK || sv_uploads_sweep(store, now_ms, swept, error) != SV_OK ||
        store->settings->photo_orphan_days == 0) {
        return error->status;
    }
    for (int i = 0; i < SV_LOOKS_A_ROUND && seen == SV_PHOTOS_A_LOOK; i++) {
        if (sv_orphans_look(store, now_ms, &seen, swept, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}
