#include "core/counts/count_open.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/base/codec.h"
#include "core/review/tolerance.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"
#include "core/warehouse/warehouse.h"

typedef struct {
    const sv_principal_t *who;
    const sv_count_opening_t *opening;
    sv_arena_t *arena;
    bson_t *document;
    const char *count_id;
    bool rack_books; /* the warehouse keeps books by rack */
} sv_opening_work_t;

/* Racks of the scope: {warehouse, floor?, rack_id?}. */
static bson_t *
sv_scope_filter(const sv_count_opening_t *opening, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);
    bson_t not_deleted;

    BSON_APPEND_UTF8(filter, "warehouse", opening->warehouse);
    if (opening->floor != NULL) {
        BSON_APPEND_UTF8(filter, "floor", opening->floor);
    }
    if (opening->racks != NULL) {
        sv_filter_in(filter, "rack_id", opening->racks, opening->rack_count);
    }
    BSON_APPEND_DOCUMENT_BEGIN(filter, "deleted", &not_deleted);
    BSON_APPEND_BOOL(&not_deleted, "$ne", true);
    bson_append_document_end(filter, &not_deleted);
    return filter;
}

static sv_status_t
sv_opening_check_place(sv_store_t *store, const sv_count_opening_t *opening, sv_arena_t *arena, sv_error_t *error)
{
    sv_count_opening_t place = { .warehouse = opening->warehouse };
    const bson_t *rack;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_RACK_REGISTRY, sv_scope_filter(&place, arena), NULL,
                                           arena, &rack, error);

    if (status == SV_OK && rack == NULL) {
        return sv_fail_field(error, "warehouse", "unknown_warehouse", "There is no rack in warehouse %s",
                             opening->warehouse);
    }
    if (status == SV_OK && opening->floor != NULL) {
        place.floor = opening->floor;
        status = sv_store_find_one(store, SV_COLLECTION_RACK_REGISTRY, sv_scope_filter(&place, arena), NULL, arena,
                                   &rack, error);
        if (status == SV_OK && rack == NULL) {
            return sv_fail_field(error, "floor", "unknown_floor", "There is no rack on floor %s of warehouse %s",
                                 opening->floor, opening->warehouse);
        }
    }
    return status;
}

/* Marks which of the racks named were found. */
static sv_status_t
sv_opening_find_racks(sv_store_t *store, const sv_count_opening_t *opening, bool *found, sv_arena_t *arena,
                      sv_error_t *error)
{
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "rack_id", BCON_INT32(1), "}"), arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status =
        sv_store_find(store, SV_COLLECTION_RACK_REGISTRY, sv_scope_filter(opening, arena), options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        const char *rack_id = sv_doc_text(row, "rack_id", arena);

        for (size_t i = 0; rack_id != NULL && i < opening->rack_count; i++) {
            found[i] |= strcmp(opening->racks[i], rack_id) == 0;
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_opening_check_racks(sv_store_t *store, const sv_count_opening_t *opening, sv_arena_t *arena, sv_error_t *error)
{
    bool *found;
    sv_status_t status;

    if (opening->racks == NULL) {
        return SV_OK;
    }
    found = sv_arena_zalloc(arena, opening->rack_count * sizeof(*found));
    status = sv_opening_find_racks(store, opening, found, arena, error);
    for (size_t i = 0; status == SV_OK && i < opening->rack_count; i++) {
        if (!found[i]) {
            sv_fail_field(error, sv_arena_printf(arena, "racks[%zu]", i), "unknown_rack",
                          "There is no rack %s in this scope", opening->racks[i]);
        }
    }
    return error->status;
}

static void
sv_opening_document(sv_opening_work_t *work, int64_t now)
{
    const sv_count_opening_t *opening = work->opening;
    bson_t *document = work->document;

    BSON_APPEND_UTF8(document, "session_id", work->count_id);
    BSON_APPEND_UTF8(document, "kind", "opened");
    BSON_APPEND_UTF8(document, "warehouse", opening->warehouse);
    sv_doc_put_text(document, "floor", opening->floor);
    if (opening->racks != NULL) {
        sv_doc_put_texts(document, "racks", opening->racks, opening->rack_count);
    } else {
        BSON_APPEND_NULL(document, "racks");
    }
    sv_doc_put_text(document, "name", opening->name);
    BSON_APPEND_BOOL(document, "blind", opening->blind);
    BSON_APPEND_BOOL(document, "strict", opening->strict);
    sv_tolerance_put(document, &opening->tolerance);
    BSON_APPEND_UTF8(document, "status", "OPEN");
    BSON_APPEND_UTF8(document, "opened_by", work->who->user_id);
    sv_doc_put_texts(document, "staff_user", NULL, 0);
    sv_doc_put_time(document, "started_at", now);
    sv_doc_put_time(document, "reconciled_at", 0);
    sv_doc_put_time(document, "closed_at", 0);
    BSON_APPEND_UTF8(document, "book_state", "pending");
    BSON_APPEND_BOOL(document, "rack_books", work->rack_books);
    BSON_APPEND_INT64(document, "book_items", 0);
    BSON_APPEND_INT64(document, "total_items", 0);
    BSON_APPEND_INT64(document, "damaged_items", 0);
    sv_doc_put_quantity(document, "total_variance", 0);
}

static sv_status_t
sv_opening_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_opening_work_t *work = context;
    bson_t *completed = sv_doc_copy(sv_scope_filter(work->opening, work->arena), work->arena);
    bson_t *reset = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8("available"), "}", "$currentDate", "{",
                                         "updated_at", BCON_BOOL(true), "}"),
                                work->arena);
    bson_t *details = sv_doc_take(
        BCON_NEW("blind", BCON_BOOL(work->opening->blind), "strict", BCON_BOOL(work->opening->strict)), work->arena);
    sv_audit_t entry = {
        .action = "count.open",
        .count_id = work->count_id,
        .warehouse = work->opening->warehouse,
        .details = details,
    };
    sv_status_t status = sv_store_insert(store, SV_COLLECTION_SESSIONS, work->document, error);

    /* What an earlier count completed waits to be counted in this one. */
    BSON_APPEND_UTF8(completed, "status", "completed");
    if (status == SV_OK) {
        status = sv_store_update_many(store, SV_COLLECTION_RACK_REGISTRY, completed, reset, NULL, error);
    }
    return status == SV_OK ? sv_audit_write(store, work->who, &entry, error) : status;
}

sv_status_t
sv_count_open(sv_store_t *store, const sv_principal_t *who, const sv_count_opening_t *opening, sv_arena_t *arena,
              sv_count_t *count, sv_error_t *error)
{
    sv_opening_work_t work = { .who = who, .opening = opening, .arena = arena };
    char id[SV_UUID_SIZE];
    sv_warehouse_t warehouse;
    int64_t now = 0;
    sv_status_t status;

    if (opening->blind && opening->strict) {
        return sv_fail_field(error, "strict", "not_with_blind", "A blind count cannot be strict");
    }
    status = sv_opening_check_place(store, opening, arena, error);
    if (status == SV_OK) {
        status = sv_opening_check_racks(store, opening, arena, error);
    }
    if (status == SV_OK) {
        status = sv_warehouse_read(store, opening->warehouse, arena, &warehouse, error);
    }
    if (status == SV_OK) {
        status = sv_store_now(store, &now, error);
    }
    if (status != SV_OK) {
        return status;
    }
    work.rack_books = warehouse.rack_books;
    sv_uuid_v4(id);
    work.count_id = sv_arena_strdup(arena, id);
    work.document = sv_doc_new(arena);
    sv_opening_document(&work, now);
    status = sv_transaction_run(store, sv_opening_body, &work, error);
    if (status == SV_OK) {
        sv_count_read(work.document, arena, count);
    }
    return status;
}
