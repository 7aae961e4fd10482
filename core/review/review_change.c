#include "core/review/review_change.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/base/text_map.h"
#include "core/counts/rack_touch.h"
#include "core/review/accept.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

/* ---- shared */

typedef struct {
    sv_count_t *count;
    sv_text_map_t racks; /* ids of racks there are, in the count's scope */
} sv_scope_racks_t;

static void
sv_scope_take_rack(const bson_t *row, void *context)
{
    sv_scope_racks_t *scope = context;
    sv_rack_t rack;

    sv_rack_read(row, scope->racks.arena, &rack);
    if (rack.rack_id != NULL && sv_count_covers(scope->count, &rack)) {
        *sv_text_map_put(&scope->racks, rack.rack_id) = scope;
    }
}

static sv_status_t
sv_scope_read(sv_store_t *store, sv_count_t *count, const char *const *ids, size_t id_count, sv_scope_racks_t *scope,
              sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("deleted", "{", "$ne", BCON_BOOL(true), "}"), arena);

    scope->count = count;
    sv_text_map_init(&scope->racks, arena, id_count);
    sv_filter_in(filter, "rack_id", ids, id_count);
    return sv_store_each(store, SV_COLLECTION_RACK_REGISTRY, filter, NULL, sv_scope_take_rack, scope, error);
}

static sv_status_t
sv_change_write(sv_store_t *store, const char *count_id, const char *field, const bson_t *array, sv_arena_t *arena,
                sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id)), arena);
    bson_t *update = sv_doc_new(arena), set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_ARRAY(&set, field, array);
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$inc", "{", "derivations", BCON_INT64(1), "}");
    return sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
}

/* ---- exclusions */

typedef struct {
    const sv_principal_t *who;
    const sv_exclusion_t *exclusion;
    sv_arena_t *arena;
    sv_count_t *count;
    sv_text_map_t named; /* racks of the request */
    sv_text_map_t kept;  /* racks excluded before, and further on */
    bson_t *array;
    uint32_t length;
} sv_exclude_work_t;

static void
sv_exclude_keep(const bson_t *row, void *context)
{
    sv_exclude_work_t *work = context;
    const char *rack_id = sv_doc_text(row, "rack_id", work->arena);
    char digits[16];
    const char *key;

    if (rack_id == NULL || (work->exclusion->undo && sv_text_map_get(&work->named, rack_id) != NULL)) {
        return;
    }
    *sv_text_map_put(&work->kept, rack_id) = work;
    bson_uint32_to_string(work->length++, &key, digits, sizeof(digits));
    BSON_APPEND_DOCUMENT(work->array, key, row);
}

static void
sv_exclude_add(sv_exclude_work_t *work, const char *rack_id, int64_t now_ms)
{
    void **place = sv_text_map_put(&work->kept, rack_id);
    char digits[16];
    const char *key;
    bson_t row;

    if (*place != NULL) {
        return;
    }
    *place = work;
    bson_uint32_to_string(work->length++, &key, digits, sizeof(digits));
    BSON_APPEND_DOCUMENT_BEGIN(work->array, key, &row);
    BSON_APPEND_UTF8(&row, "rack_id", rack_id);
    sv_doc_put_text(&row, "reason", work->exclusion->reason);
    BSON_APPEND_UTF8(&row, "by", work->who->user_id);
    sv_doc_put_time(&row, "at", now_ms);
    bson_append_document_end(work->array, &row);
}

static sv_status_t
sv_exclude_audit(sv_store_t *store, const sv_exclude_work_t *work, sv_error_t *error)
{
    const sv_exclusion_t *exclusion = work->exclusion;
    bson_t *details = sv_doc_new(work->arena);
    sv_audit_t entry = { .action = exclusion->undo ? "review.include" : "review.exclude",
                         .count_id = exclusion->count_id,
                         .warehouse = work->count->warehouse,
                         .details = details };

    sv_doc_put_texts(details, "racks", exclusion->racks, exclusion->rack_count);
    sv_doc_put_text(details, "reason", exclusion->reason);
    return sv_audit_write(store, work->who, &entry, error);
}

/* Nobody need go there again. */
static sv_status_t
sv_exclude_drop_recounts(sv_store_t *store, const sv_exclude_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("count_id", BCON_UTF8(work->exclusion->count_id), "state", BCON_UTF8("asked")), work->arena);

    if (work->exclusion->undo) {
        return SV_OK;
    }
    sv_filter_in(filter, "rack_id", work->exclusion->racks, work->exclusion->rack_count);
    return sv_store_delete_many(store, SV_COLLECTION_RECOUNTS, filter, NULL, error);
}

static sv_status_t
sv_exclude_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_exclude_work_t *work = context;
    const sv_exclusion_t *exclusion = work->exclusion;
    sv_scope_racks_t scope;
    int64_t now_ms = 0;
    sv_status_t status;

    if (sv_review_count(store, exclusion->count_id, false, work->arena, work->count, error) != SV_OK ||
        sv_store_now(store, &now_ms, error) != SV_OK ||
        sv_scope_read(store, work->count, exclusion->racks, exclusion->rack_count, &scope, work->arena, error) !=
            SV_OK) {
        return error->status;
    }
    work->array = sv_doc_new(work->arena);
    work->length = 0;
    sv_text_map_init(&work->named, work->arena, exclusion->rack_count);
    sv_text_map_init(&work->kept, work->arena, exclusion->rack_count);
    for (size_t i = 0; i < exclusion->rack_count; i++) {
        *sv_text_map_put(&work->named, exclusion->racks[i]) = work;
        if (sv_text_map_get(&scope.racks, exclusion->racks[i]) == NULL && !exclusion->undo) {
            sv_fail_field(error, sv_arena_printf(work->arena, "racks[%zu]", i), "unknown_rack",
                          "There is no rack %s in this scope", exclusion->racks[i]);
        }
    }
    sv_doc_each(work->count->document, "excluded", sv_exclude_keep, work, work->arena);
    for (size_t i = 0; !exclusion->undo && i < exclusion->rack_count; i++) {
        sv_exclude_add(work, exclusion->racks[i], now_ms);
    }
    status = error->status;
    if (status == SV_OK) {
        status = sv_change_write(store, exclusion->count_id, "excluded", work->array, work->arena, error);
    }
    if (status == SV_OK) {
        status = sv_exclude_drop_recounts(store, work, error);
    }
    for (size_t i = 0; status == SV_OK && i < exclusion->rack_count; i++) {
        status =
            sv_rack_touch(store, exclusion->count_id, work->count->warehouse, exclusion->racks[i], work->arena, error);
    }
    return status == SV_OK ? sv_exclude_audit(store, work, error) : status;
}

sv_status_t
sv_review_exclude(sv_store_t *store, const sv_principal_t *who, const sv_exclusion_t *exclusion, sv_arena_t *arena,
                  sv_count_t *count, sv_error_t *error)
{
    sv_exclude_work_t work = { .who = who, .exclusion = exclusion, .arena = arena, .count = count };

    if (sv_transaction_run(store, sv_exclude_body, &work, error) != SV_OK) {
        return error->status;
    }
    return sv_count_find(store, exclusion->count_id, arena, count, error);
}

/* ---- assignments */

typedef struct {
    const sv_principal_t *who;
    const sv_assignments_t *assignments;
    sv_arena_t *arena;
    sv_count_t *count;
    sv_text_map_t names; /* user_id -> full name, of accounts there are */
} sv_assign_work_t;

static void
sv_assign_take_user(const bson_t *row, void *context)
{
    sv_assign_work_t *work = context;
    const char *user_id = sv_doc_text(row, "user_id", work->arena);
    const char *name = sv_doc_text(row, "full_name", work->arena);

    if (user_id != NULL) {
        *sv_text_map_put(&work->names, user_id) = (void *) (name != NULL ? name : "");
    }
}

static sv_status_t
sv_assign_read(sv_store_t *store, sv_assign_work_t *work, sv_scope_racks_t *scope, sv_error_t *error)
{
    const sv_assignments_t *assignments = work->assignments;
    const char **racks = sv_arena_alloc(work->arena, (assignments->count + 1) * sizeof(racks[0]));
    const char **users = sv_arena_alloc(work->arena, (assignments->count + 1) * sizeof(users[0]));
    bson_t *filter = sv_doc_take(BCON_NEW("enabled", BCON_BOOL(true)), work->arena);

    for (size_t i = 0; i < assignments->count; i++) {
        racks[i] = assignments->rows[i].rack_id;
        users[i] = assignments->rows[i].user_id;
    }
    sv_text_map_init(&work->names, work->arena, assignments->count);
    sv_filter_in(filter, "user_id", users, assignments->count);
    if (sv_review_count(store, assignments->count_id, false, work->arena, work->count, error) != SV_OK ||
        sv_scope_read(store, work->count, racks, assignments->count, scope, work->arena, error) != SV_OK) {
        return error->status;
    }
    return sv_store_each(store, SV_COLLECTION_USERS, filter, NULL, sv_assign_take_user, work, error);
}

static void
sv_assign_check(const sv_assign_work_t *work, const sv_scope_racks_t *scope, sv_error_t *error)
{
    for (size_t i = 0; i < work->assignments->count; i++) {
        const sv_assignment_t *row = &work->assignments->rows[i];

        if (sv_text_map_get(&scope->racks, row->rack_id) == NULL) {
            sv_fail_field(error, sv_arena_printf(work->arena, "assignments[%zu].rack_id", i), "unknown_rack",
                          "There is no rack %s in this scope", row->rack_id);
        }
        if (sv_text_map_get(&work->names, row->user_id) == NULL) {
            sv_fail_field(error, sv_arena_printf(work->arena, "assignments[%zu].user_id", i), "unknown_user",
                          "There is no enabled user %s", row->user_id);
        }
    }
}

static sv_status_t
sv_assign_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_assign_work_t *work = context;
    bson_t *array = sv_doc_new(work->arena);
    bson_t *details = sv_doc_new(work->arena), row;
    sv_audit_t entry = { .action = "count.assign", .count_id = work->assignments->count_id, .details = details };
    sv_scope_racks_t scope;
    char digits[16];
    const char *key;
    int64_t now_ms = 0;

    if (sv_assign_read(store, work, &scope, error) != SV_OK || sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    sv_assign_check(work, &scope, error);
    if (error->status != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < work->assignments->count; i++) {
        const sv_assignment_t *assignment = &work->assignments->rows[i];

        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(array, key, &row);
        BSON_APPEND_UTF8(&row, "rack_id", assignment->rack_id);
        BSON_APPEND_UTF8(&row, "user_id", assignment->user_id);
        sv_doc_put_text(&row, "full_name", sv_text_map_get(&work->names, assignment->user_id));
        BSON_APPEND_UTF8(&row, "by", work->who->user_id);
        sv_doc_put_time(&row, "at", now_ms);
        bson_append_document_end(array, &row);
    }
    BSON_APPEND_ARRAY(details, "assignments", array);
    entry.warehouse = work->count->warehouse;
    return sv_change_write(store, work->assignments->count_id, "assignments", array, work->arena, error) == SV_OK
               ? sv_audit_write(store, work->who, &entry, error)
               : error->status;
}

sv_status_t
sv_review_assign(sv_store_t *store, const sv_principal_t *who, const sv_assignments_t *assignments, sv_arena_t *arena,
                 sv_count_t *count, sv_error_t *error)
{
    sv_assign_work_t work = { .who = who, .assignments = assignments, .arena = arena, .count = count };

    if (sv_transaction_run(store, sv_assign_body, &work, error) != SV_OK) {
        return error->status;
    }
    return sv_count_find(store, assignments->count_id, arena, count, error);
}

/* ---- telling */

typedef struct {
    sv_json_writer_t *w;
    const char *const *texts;
    sv_arena_t *arena;
} sv_rows_writer_t;

static void
sv_write_row(const bson_t *row, void *context)
{
    const sv_rows_writer_t *writer = context;

    sv_json_object(writer->w, NULL);
    for (size_t i = 0; writer->texts[i] != NULL; i++) {
        sv_json_text(writer->w, writer->texts[i], sv_doc_text(row, writer->texts[i], writer->arena));
    }
    sv_json_time(writer->w, "at", sv_doc_time(row, "at"));
    sv_json_end(writer->w);
}

static void
sv_write_rows(sv_json_writer_t *w, const sv_count_t *count, const char *name, const char *const *texts)
{
    sv_rows_writer_t writer = { .w = w, .texts = texts, .arena = sv_arena_create() };

    sv_json_array(w, name);
    sv_doc_each(count->document, name, sv_write_row, &writer, writer.arena);
    sv_json_end(w);
    sv_arena_destroy(writer.arena);
}

void
sv_review_write_excluded(sv_json_writer_t *w, const sv_count_t *count)
{
    static const char *const texts[] = { "rack_id", "reason", "by", NULL };

    sv_write_rows(w, count, "excluded", texts);
}

void
sv_review_write_assignments(sv_json_writer_t *w, const sv_count_t *count)
{
    static const char *const texts[] = { "rack_id", "user_id", "full_name", "by", NULL };

    sv_write_rows(w, count, "assignments", texts);
}
