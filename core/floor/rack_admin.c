#include "core/floor/rack_admin.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/floor/rack_list.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"
#include "core/warehouse/warehouse.h"

const char *const sv_rack_sorts[] = { "rack_id",          "warehouse",       "floor",      "zone", "status",
                                      "last_verified_at", "estimated_items", "updated_at", NULL };
const char *const sv_rack_status_words[] = { "available", "claimed", "paused", "completed", NULL };

void
sv_rack_put_new(bson_t *fields, bool has_estimate, int64_t now_ms)
{
    BSON_APPEND_UTF8(fields, "status", "available");
    BSON_APPEND_NULL(fields, "session_id");
    BSON_APPEND_NULL(fields, "user_id");
    BSON_APPEND_NULL(fields, "count_id");
    BSON_APPEND_INT64(fields, "fence", 0);
    BSON_APPEND_NULL(fields, "held_at");
    BSON_APPEND_INT64(fields, "hold_ms", 0);
    BSON_APPEND_NULL(fields, "last_verified_at");
    if (!has_estimate) {
        BSON_APPEND_INT32(fields, "estimated_items", 0);
    }
    sv_doc_put_time(fields, "created_at", now_ms);
}

/* ---- lists */

void
sv_rack_admin_write_json(sv_json_writer_t *w, const bson_t *document, int64_t now_ms, sv_arena_t *arena)
{
    sv_rack_t rack;
    bool held, lapsed;

    sv_rack_read(document, arena, &rack);
    held = sv_rack_is_held(&rack, now_ms);
    lapsed =
        !held && rack.status != NULL && (strcmp(rack.status, "claimed") == 0 || strcmp(rack.status, "paused") == 0);
    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", rack.rack_id);
    sv_json_text(w, "warehouse", rack.warehouse);
    sv_json_text(w, "floor", rack.floor);
    sv_json_text(w, "zone", rack.zone);
    sv_json_text(w, "status", lapsed ? "available" : rack.status);
    sv_json_text(w, "locked_by", held ? rack.user_id : NULL);
    sv_json_text(w, "session_id", rack.session_id);
    sv_json_text(w, "count_id", rack.count_id);
    if (rack.estimated_items >= 0) {
        sv_json_int(w, "estimated_items", rack.estimated_items);
    } else {
        sv_json_null(w, "estimated_items");
    }
    sv_json_time(w, "last_verified_at", rack.last_verified_at_ms);
    sv_json_bool(w, "deleted", sv_doc_bool(document, "deleted"));
    sv_json_time(w, "created_at", sv_doc_time(document, "created_at"));
    sv_json_time(w, "updated_at", sv_doc_time(document, "updated_at"));
    sv_json_end(w);
}

typedef struct {
    int64_t now_ms;
    sv_arena_t *arena;
} sv_rack_row_t;

static void
sv_rack_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    const sv_rack_row_t *how = context;

    sv_rack_admin_write_json(w, row, how->now_ms, how->arena);
}

static bson_t *
sv_rack_query_filter(const sv_rack_query_t *query, sv_arena_t *arena)
{
    static const char *const searched[] = { "rack_id", NULL };
    const struct {
        const char *field, *value;
    } texts[] = { { "warehouse", query->warehouse },
                  { "floor", query->floor },
                  { "zone", query->zone },
                  { "status", query->status } };
    bson_t *filter = sv_doc_new(arena);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].value != NULL) {
            BSON_APPEND_UTF8(filter, texts[i].field, texts[i].value);
        }
    }
    if (query->deleted) {
        BSON_APPEND_BOOL(filter, "deleted", true);
    } else {
        BCON_APPEND(filter, "deleted", "{", "$ne", BCON_BOOL(true), "}");
    }
    sv_filter_contains(filter, searched, query->search);
    return filter;
}

sv_status_t
sv_rack_page_write(sv_store_t *store, sv_rack_query_t *query, sv_json_writer_t *w, sv_error_t *error)
{
    sv_rack_row_t how = { .arena = error->arena };

    query->page.unique_field = "rack_id";
    if (strcmp(query->page.sort_field, "rack_id") == 0) {
        query->page.sort_field = NULL;
    }
    if (sv_store_now(store, &how.now_ms, error) != SV_OK) {
        return error->status;
    }
    return sv_page_run(store, SV_COLLECTION_RACK_REGISTRY, sv_rack_query_filter(query, error->arena), NULL,
                       &query->page, sv_rack_write_row, &how, w, error->arena, error);
}

static sv_status_t
sv_rack_document(sv_store_t *store, const char *rack_id, const bson_t **document, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(rack_id)), error->arena);

    return sv_store_find_one(store, SV_COLLECTION_RACK_REGISTRY, filter, NULL, error->arena, document, error);
}

static sv_status_t
sv_rack_missing(const char *rack_id, sv_error_t *error)
{
    return sv_fail(error, SV_ERR_NOT_FOUND, "There is no rack %s", rack_id);
}

sv_status_t
sv_rack_admin_write(sv_store_t *store, const char *rack_id, sv_json_writer_t *w, sv_error_t *error)
{
    const bson_t *document;
    int64_t now_ms;

    if (sv_rack_document(store, rack_id, &document, error) != SV_OK || sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    if (document == NULL) {
        return sv_rack_missing(rack_id, error);
    }
    sv_rack_admin_write_json(w, document, now_ms, error->arena);
    return SV_OK;
}

/* ---- changes */

typedef struct {
    const sv_principal_t *who;
    const char *rack_id;
    const char *action;           /* of the audit entry */
    const sv_rack_place_t *place; /* NULL: the rack goes */
    bool adds;
    const bson_t *rack; /* as it is then */
} sv_rack_edit_t;

static const bson_t *
sv_rack_edit_fields(const sv_rack_edit_t *edit, sv_arena_t *arena)
{
    const sv_rack_place_t *place = edit->place;
    bson_t *set = sv_doc_new(arena);

    if (place == NULL) {
        BSON_APPEND_BOOL(set, "deleted", true);
        return set;
    }
    if (place->warehouse != NULL) {
        BSON_APPEND_UTF8(set, "warehouse", place->warehouse);
    }
    if (place->floor != NULL) {
        BSON_APPEND_UTF8(set, "floor", place->floor);
    }
    if (place->zone != NULL || edit->adds) {
        sv_doc_put_text(set, "zone", place->zone == NULL || place->zone[0] == '\0' ? NULL : place->zone);
    }
    if (place->has_estimate) {
        BSON_APPEND_INT32(set, "estimated_items", (int32_t) place->estimated_items);
    }
    if (edit->adds) {
        BSON_APPEND_BOOL(set, "deleted", false);
    }
    return set;
}

static bool
sv_rack_edit_moves(const sv_rack_edit_t *edit)
{
    return edit->place == NULL || edit->place->warehouse != NULL || edit->place->floor != NULL;
}

/* Whether the rack as it stands lets itself be edited. */
static sv_status_t
sv_rack_edit_check(const sv_rack_edit_t *edit, const bson_t *document, int64_t now_ms, sv_error_t *error)
{
    bool there = document != NULL && !sv_doc_bool(document, "deleted");
    sv_rack_t rack;

    if (edit->adds) {
        return there ? sv_fail(error, SV_ERR_ALREADY_EXISTS, "There is a rack %s already", edit->rack_id) : SV_OK;
    }
    if (!there) {
        return sv_rack_missing(edit->rack_id, error);
    }
    sv_rack_read(document, error->arena, &rack);
    return sv_rack_edit_moves(edit) && sv_rack_is_held(&rack, now_ms) ? sv_fail(error, SV_ERR_RACK_LOCKED, NULL)
                                                                      : SV_OK;
}

static sv_status_t
sv_rack_edit_write(sv_store_t *store, sv_rack_edit_t *edit, int64_t now_ms, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(edit->rack_id)), error->arena);
    const bson_t *set = sv_rack_edit_fields(edit, error->arena);
    bson_t *update = sv_doc_new(error->arena), fresh;
    sv_audit_t entry = { .action = edit->action, .rack_id = edit->rack_id, .details = set };

    if (!bson_empty(set)) {
        BSON_APPEND_DOCUMENT(update, "$set", set);
    }
    BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    if (edit->adds) {
        BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &fresh);
        sv_rack_put_new(&fresh, edit->place->has_estimate, now_ms);
        bson_append_document_end(update, &fresh);
    }
    if (sv_store_find_and_update(store, SV_COLLECTION_RACK_REGISTRY, filter, update, true, edit->adds, error->arena,
                                 &edit->rack, error) != SV_OK) {
        return error->status;
    }
    entry.warehouse = sv_doc_text(edit->rack, "warehouse", error->arena);
    return sv_audit_write(store, edit->who, &entry, error);
}

static sv_status_t
sv_rack_edit_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_rack_edit_t *edit = context;
    const bson_t *document;
    int64_t now_ms;

    if (sv_rack_document(store, edit->rack_id, &document, error) != SV_OK ||
        sv_store_now(store, &now_ms, error) != SV_OK || sv_rack_edit_check(edit, document, now_ms, error) != SV_OK) {
        return error->status;
    }
    return sv_rack_edit_write(store, edit, now_ms, error);
}

static sv_status_t
sv_rack_edit(sv_store_t *store, sv_rack_edit_t *edit, const bson_t **rack, sv_error_t *error)
{
    bool moves = edit->place != NULL && edit->place->warehouse != NULL;
    int64_t learned;

    if (sv_transaction_run(store, sv_rack_edit_body, edit, error) == SV_OK && moves) {
        sv_warehouses_learn(store, false, &learned, error);
    }
    *rack = edit->rack;
    return error->status;
}

sv_status_t
sv_rack_add(sv_store_t *store, const sv_principal_t *who, const char *rack_id, const sv_rack_place_t *place,
            const bson_t **rack, sv_error_t *error)
{
    sv_rack_edit_t edit = { .who = who, .rack_id = rack_id, .action = "rack.create", .place = place, .adds = true };

    return sv_rack_edit(store, &edit, rack, error);
}

sv_status_t
sv_rack_describe(sv_store_t *store, const sv_principal_t *who, const char *rack_id, const sv_rack_place_t *place,
                 const bson_t **rack, sv_error_t *error)
{
    sv_rack_edit_t edit = { .who = who, .rack_id = rack_id, .action = "rack.describe", .place = place };

    return sv_rack_edit(store, &edit, rack, error);
}

sv_status_t
sv_rack_remove(sv_store_t *store, const sv_principal_t *who, const char *rack_id, const bson_t **rack,
               sv_error_t *error)
{
    sv_rack_edit_t edit = { .who = who, .rack_id = rack_id, .action = "rack.remove" };

    return sv_rack_edit(store, &edit, rack, error);
}
