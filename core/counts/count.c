#include "core/counts/count.h"

#include <string.h>

#include "core/events/event.h"
#include "core/review/tolerance.h"
#include "core/store/document.h"

void
sv_count_read(const bson_t *document, sv_arena_t *arena, sv_count_t *count)
{
    count->session_id = sv_doc_text(document, "session_id", arena);
    count->kind = sv_doc_text(document, "kind", arena);
    count->warehouse = sv_doc_text(document, "warehouse", arena);
    count->floor = sv_doc_text(document, "floor", arena);
    count->racks = sv_doc_child(document, "racks", arena);
    count->status = sv_doc_text(document, "status", arena);
    count->blind = sv_doc_bool(document, "blind");
    count->strict = sv_doc_bool(document, "strict");
    count->document = document;
}

bool
sv_count_is_open(const sv_count_t *count)
{
    return sv_count_state_admits_claims(count->status);
}

bool
sv_count_is_standing(const sv_count_t *count)
{
    return count->kind != NULL && strcmp(count->kind, "standing") == 0;
}

bool
sv_standing_is_current(const sv_count_t *count, int64_t now_ms)
{
    int64_t ends_at_ms = sv_doc_time(count->document, "ends_at");

    return sv_count_is_open(count) && (ends_at_ms == 0 || now_ms < ends_at_ms);
}

static bool
sv_array_has_text(const bson_t *array, const char *text)
{
    bson_iter_t iter;

    if (!bson_iter_init(&iter, array)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter) && strcmp(bson_iter_utf8(&iter, NULL), text) == 0) {
            return true;
        }
    }
    return false;
}

bool
sv_count_covers(const sv_count_t *count, const sv_rack_t *rack)
{
    if (count->warehouse == NULL || rack->warehouse == NULL || strcmp(count->warehouse, rack->warehouse) != 0) {
        return false;
    }
    if (count->floor != NULL && (rack->floor == NULL || strcmp(count->floor, rack->floor) != 0)) {
        return false;
    }
    return count->racks == NULL || sv_array_has_text(count->racks, rack->rack_id);
}

sv_status_t
sv_count_find(sv_store_t *store, const char *count_id, sv_arena_t *arena, sv_count_t *count, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id)), arena);
    const bson_t *document;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_SESSIONS, filter, NULL, arena, &document, error);

    if (status != SV_OK) {
        return status;
    }
    if (document == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no count %s", count_id);
    }
    sv_count_read(document, arena, count);
    return SV_OK;
}

static sv_status_t
sv_count_named(sv_store_t *store, const sv_rack_t *rack, const char *count_id, sv_arena_t *arena, sv_count_t *count,
               sv_error_t *error)
{
    sv_status_t status = sv_count_find(store, count_id, arena, count, error);

    if (status != SV_OK) {
        return status;
    }
    if (!sv_count_is_open(count)) {
        return sv_fail(error, SV_ERR_SESSION_CLOSED, NULL);
    }
    if (sv_count_is_standing(count)) {
        int64_t now_ms;

        status = sv_store_now(store, &now_ms, error);
        if (status == SV_OK && !sv_standing_is_current(count, now_ms)) {
            return sv_fail(error, SV_ERR_SESSION_CLOSED, "The period of this standing count is over");
        }
        if (status != SV_OK) {
            return status;
        }
    }
    if (!sv_count_covers(count, rack)) {
        return sv_fail_field(error, "count_id", "out_of_scope", "Rack %s is outside the scope of this count",
                             rack->rack_id);
    }
    return SV_OK;
}

sv_status_t
sv_counts_read_active(sv_store_t *store, const char *warehouse, sv_arena_t *arena, sv_active_counts_t *active,
                      sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(warehouse)), arena);
    size_t capacity = 0;
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_now(store, &active->now_ms, error);

    sv_count_filter_live(filter, "status");
    active->counts = NULL;
    active->count = 0;
    if (status == SV_OK) {
        status = sv_store_find(store, SV_COLLECTION_SESSIONS, filter, NULL, &cursor, error);
    }
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        active->counts = sv_arena_grow(arena, active->counts, active->count, &capacity, sizeof(*active->counts));
        sv_count_read(sv_doc_copy(row, arena), arena, &active->counts[active->count++]);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

sv_count_choice_t
sv_counts_choose(const sv_active_counts_t *active, const sv_rack_t *rack, const sv_count_t **count)
{
    const sv_count_t *opened = NULL, *reconciled = NULL, *standing = NULL;
    bool several = false;

    for (size_t i = 0; i < active->count; i++) {
        const sv_count_t *candidate = &active->counts[i];

        if (sv_count_is_standing(candidate)) {
            if (sv_standing_is_current(candidate, active->now_ms)) {
                standing = candidate;
            }
        } else if (sv_count_covers(candidate, rack)) {
            if (sv_count_is_open(candidate)) {
                several = opened != NULL;
                opened = candidate;
            } else {
                reconciled = candidate;
            }
        }
        if (several) {
            break;
        }
    }
    *count = opened != NULL ? opened : reconciled != NULL ? reconciled : standing;
    return several              ? SV_CHOICE_AMBIGUOUS
           : opened != NULL     ? SV_CHOICE_ONE
           : reconciled != NULL ? SV_CHOICE_RECONCILED
           : standing != NULL   ? SV_CHOICE_ONE
                                : SV_CHOICE_STANDING_MISSING;
}

static sv_status_t
sv_count_choose(sv_store_t *store, const sv_rack_t *rack, sv_arena_t *arena, sv_count_t *count, bool *found,
                sv_error_t *error)
{
    sv_active_counts_t active;
    const sv_count_t *chosen;
    sv_status_t status = sv_counts_read_active(store, rack->warehouse, arena, &active, error);

    *found = false;
    if (status != SV_OK) {
        return status;
    }
    switch (sv_counts_choose(&active, rack, &chosen)) {
    case SV_CHOICE_ONE:
        *count = *chosen;
        *found = true;
        return SV_OK;
    case SV_CHOICE_RECONCILED:
        return sv_fail(error, SV_ERR_SESSION_CLOSED,
                       "Rack %s is in count %s, which is being reconciled: it is counted again when that is closed",
                       rack->rack_id, chosen->session_id);
    case SV_CHOICE_AMBIGUOUS:
        return sv_fail(error, SV_ERR_COUNT_AMBIGUOUS, NULL);
    case SV_CHOICE_STANDING_MISSING:
        break;
    }
    return SV_OK;
}

sv_status_t
sv_count_for_rack(sv_store_t *store, const sv_rack_t *rack, const char *count_id, sv_arena_t *arena, sv_count_t *count,
                  bool *found, sv_error_t *error)
{
    if (count_id != NULL) {
        *found = true;
        return sv_count_named(store, rack, count_id, arena, count, error);
    }
    return sv_count_choose(store, rack, arena, count, found, error);
}

static sv_status_t
sv_count_blind_find(sv_store_t *store, bson_t *filter, bool *blind, sv_error_t *error)
{
    bson_t *projection = sv_doc_take(BCON_NEW("session_id", BCON_INT32(1)), error->arena);
    const bson_t *document = NULL;
    sv_status_t status;

    BSON_APPEND_BOOL(filter, "blind", true);
    sv_count_filter_live(filter, "status");
    status = sv_store_find_one(store, SV_COLLECTION_SESSIONS, filter, projection, error->arena, &document, error);
    *blind = document != NULL;
    return status;
}

sv_status_t
sv_count_blind_in(sv_store_t *store, const char *warehouse, bool *blind, sv_error_t *error)
{
    *blind = false;
    if (warehouse == NULL || warehouse[0] == '\0') {
        return SV_OK;
    }
    return sv_count_blind_find(store, sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(warehouse)), error->arena), blind,
                               error);
}

sv_status_t
sv_count_blind_anywhere(sv_store_t *store, bool *blind, sv_error_t *error)
{
    return sv_count_blind_find(store, sv_doc_new(error->arena), blind, error);
}

sv_status_t
sv_count_blind_over(sv_store_t *store, const sv_rack_t *rack, bool *blind, sv_error_t *error)
{
    sv_active_counts_t active;

    *blind = false;
    if (rack->warehouse == NULL ||
        sv_counts_read_active(store, rack->warehouse, error->arena, &active, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < active.count; i++) {
        *blind |= active.counts[i].blind && sv_count_covers(&active.counts[i], rack);
    }
    return SV_OK;
}

static void
sv_count_write_field(sv_json_writer_t *w, const sv_count_t *count, const char *field)
{
    bson_iter_t iter;

    if (bson_iter_init_find(&iter, count->document, field)) {
        sv_doc_write_value(w, field, &iter);
    } else {
        sv_json_null(w, field);
    }
}

/* Of what could be compared, a unit each, and of the only unit; null where something was counted and nothing of it
 * could be compared, or where there are several units, which add up to nothing. */
static void
sv_count_write_variance(sv_json_writer_t *w, const sv_count_t *count)
{
    int64_t counted = sv_doc_int(count->document, "total_items");
    int64_t uncompared = sv_doc_int(count->document, "uncompared_items");

    if (counted > 0 && uncompared == counted) {
        sv_json_null(w, "total_variance");
    } else {
        sv_count_write_field(w, count, "total_variance");
    }
    if (sv_doc_has(count->document, "variances")) {
        sv_count_write_field(w, count, "variances");
    } else {
        sv_json_array(w, "variances");
        sv_json_end(w);
    }
    sv_json_int(w, "uncompared_items", uncompared);
}

void
sv_count_write_json(sv_json_writer_t *w, const char *name, const sv_count_t *count, bool with_totals)
{
    static const char *const fields[] = {
        "kind",   "session_id", "warehouse", "floor",   "racks",     "name",       "blind",         "strict",
        "status", "book_state", "period",    "ends_at", "opened_by", "started_at", "reconciled_at", "approved_at", "closed_at", "close_reason",
    };

    sv_json_object(w, name);
    sv_json_text(w, "id", count->session_id);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        sv_count_write_field(w, count, fields[i]);
    }
    if (with_totals) {
        sv_count_write_field(w, count, "staff_user");
        sv_json_int(w, "total_items", sv_doc_int(count->document, "total_items"));
        sv_count_write_variance(w, count);
        sv_tolerance_write_json(w, count->document);
        sv_count_write_field(w, count, "approval");
    }
    sv_json_end(w);
}

void
sv_count_event_command(sv_redis_command_t *command, sv_arena_t *arena, const char *type, const char *count_id,
                       const char *warehouse, const char *status)
{
    const sv_event_t event = {
        .topics = SV_TOPIC_NOTIFICATIONS "\n" SV_TOPIC_ACTIVITY,
        .warehouse = warehouse,
        .message = sv_event_message(arena, type, count_id, warehouse, status),
    };

    sv_event_command(command, arena, &event);
}
