#include <string.h>

#include "core/audit/audit.h"
#include "core/counts/touched.h"
#include "core/store/document.h"
#include "core/store/transaction.h"
#include "core/sync/items.h"
#include "core/sync/record_read.h"
#include "core/sync/resolution.h"
#include "core/sync/rules.h"

const char *const sv_resolve_actions[] = { "keep_server", "keep_mine", "merge", NULL };

bool
sv_resolution_is_type(const sv_resolution_t *resolution, sv_conflict_type_t type)
{
    return strcmp(resolution->type, sv_conflict_type_name(type)) == 0;
}

bool
sv_resolution_meets(const sv_resolution_t *resolution, sv_conflict_type_t type)
{
    return sv_resolution_is_type(resolution, type) || sv_resolution_is_type(resolution, SV_CONFLICT_RESCUED);
}

bool
sv_resolution_adds_up(const sv_resolution_t *resolution)
{
    return resolution->resolve->action == SV_RESOLVE_MERGE && resolution->resolve->record == NULL;
}

static sv_status_t
sv_resolution_find(sv_resolution_t *resolution, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    const char *user_id;

    BSON_APPEND_UTF8(filter, "conflict_id", resolution->resolve->conflict_id);
    if (sv_store_find_one(resolution->store, SV_COLLECTION_SYNC_CONFLICTS, filter, NULL, error->arena,
                          &resolution->conflict, error) != SV_OK) {
        return error->status;
    }
    user_id = sv_doc_text(resolution->conflict, "user_id", error->arena);
    if (user_id == NULL ||
        (resolution->who->role < SV_ROLE_SUPERVISOR && strcmp(user_id, resolution->who->user_id) != 0)) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no conflict %s", resolution->resolve->conflict_id);
    }
    resolution->type = sv_doc_text(resolution->conflict, "type", error->arena);
    resolution->owner = *resolution->who;
    resolution->owner.user_id = user_id;
    return SV_OK;
}

/* Resolved before: the same way is the same answer, another way comes too late. */
static sv_status_t
sv_resolution_repeat(sv_resolution_t *resolution, bool *repeats, sv_error_t *error)
{
    const char *how = sv_doc_text(resolution->conflict, "resolution", error->arena);

    *repeats = how != NULL;
    if (how == NULL) {
        return SV_OK;
    }
    if (strcmp(how, sv_resolve_actions[resolution->resolve->action]) != 0) {
        return sv_fail(error, SV_ERR_CONFLICT_RESOLVED, "The conflict was resolved by %s", how);
    }
    resolution->resolved->conflict = resolution->conflict;
    return SV_OK;
}

/* `mine` as JSON, with what the resolver says instead laid over it. */
static const json_t *
sv_resolution_json(sv_resolution_t *resolution, const bson_t *mine, sv_error_t *error)
{
    static const char *const fixed[] = { "client_record_id", "session_id", NULL };
    sv_json_writer_t writer;
    sv_buffer_t text;
    json_t *value;

    sv_buffer_init(&text, error->arena, 1024);
    sv_json_writer_init(&writer, &text);
    sv_doc_write_json(&writer, NULL, mine);
    value = (json_t *) sv_json_parse_object(text.data, text.length, error->arena, error);
    if (value == NULL || resolution->resolve->record == NULL) {
        return value;
    }
    for (int i = 0; fixed[i] != NULL; i++) {
        const json_t *said = json_object_get(resolution->resolve->record, fixed[i]);

        if (said != NULL && !json_equal(said, json_object_get(value, fixed[i]))) {
            sv_fail_field(error, sv_arena_printf(error->arena, "record.%s", fixed[i]), "not_allowed",
                          "%s is the conflict's and stays", fixed[i]);
            return NULL;
        }
    }
    json_object_update(value, (json_t *) resolution->resolve->record);
    return value;
}

static sv_status_t
sv_resolution_fault(const sv_record_fault_t *fault, sv_error_t *error)
{
    return sv_fail_field(error, sv_arena_printf(error->arena, "record.%s", fault->field), fault->code, "%s",
                         fault->message);
}

/* A decision is about the rack on which the record was counted. */
static void
sv_resolution_check_rack(const sv_resolution_t *resolution, sv_record_t *record, sv_arena_t *arena)
{
    const char *rack_id = sv_doc_text(resolution->conflict, "rack_id", arena);

    if (record->rack_id != NULL && rack_id != NULL && strcmp(record->rack_id, rack_id) != 0) {
        sv_record_fail(record, arena, "rack_id", "rack_mismatch", "The session is for rack %s", rack_id);
    }
}

/* The record that is to be stored, checked by the rules a batch is checked by. */
static sv_status_t
sv_resolution_record(sv_resolution_t *resolution, sv_error_t *error)
{
    const bson_t *mine = sv_doc_child(resolution->conflict, "mine", error->arena);
    sv_record_t *record = &resolution->record;
    sv_record_reader_t reader;
    const json_t *value = sv_resolution_json(resolution, mine, error);
    bool faults = false;

    if (value == NULL) {
        return error->status;
    }
    sv_record_reader_init(&reader, error->arena);
    sv_record_read(&reader, value, 0, record);
    if (record->fault.code == NULL) {
        sv_resolution_check_rack(resolution, record, error->arena);
        sv_rules_check_quantities(record, resolution->store->settings, error->arena);
    }
    if (record->fault.code == NULL &&
        sv_items_check(resolution->store,
                       sv_store_pool_keep(resolution->store->pool, SV_POOL_KEEPS_ITEM_CACHE, sv_item_cache_create,
                                          sv_item_cache_destroy),
                       record, 1, &faults, error) != SV_OK) {
        return error->status;
    }
    return record->fault.code == NULL ? SV_OK : sv_resolution_fault(&record->fault, error);
}

/* Fences as the owner, or as a supervisor past the fence. */
static sv_status_t
sv_resolution_fence(sv_resolution_t *resolution, sv_error_t *error)
{
    sv_fenced_t *session = &resolution->resolved->session;
    bool owns = strcmp(resolution->owner.user_id, resolution->who->user_id) == 0;
    bool supervises = resolution->who->role >= SV_ROLE_SUPERVISOR;

    session->outcome = SV_FENCE_LOST;
    if (owns && sv_fence_write(resolution->store, resolution->owner.user_id, resolution->record.session_id, NULL,
                               session, error) != SV_OK) {
        return error->status;
    }
    if (supervises && (session->outcome != SV_FENCE_HOLDS || !session->open)) {
        if (sv_fence_bypass(resolution->store, resolution->record.session_id, session, error) != SV_OK) {
            return error->status;
        }
    }
    if (session->outcome == SV_FENCE_UNKNOWN) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The session of the record is gone");
    }
    if (supervises ? session->closed : !session->open) {
        return sv_fail(error, SV_ERR_SESSION_CLOSED, NULL);
    }
    if (!supervises && session->outcome == SV_FENCE_LOST) {
        error->holder = (sv_holder_t *) session->holder;
        return sv_fail(error, SV_ERR_LOCK_LOST, NULL);
    }
    sv_items_settle_lot(&resolution->record, &session->facts);
    return SV_OK;
}

static sv_status_t
sv_resolution_audit(sv_resolution_t *resolution, sv_error_t *error)
{
    const bson_t *conflict = resolution->conflict;
    bson_t *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "conflict.resolve",
                         .session_id = sv_doc_text(conflict, "session_id", error->arena),
                         .rack_id = sv_doc_text(conflict, "rack_id", error->arena),
                         .count_id = sv_doc_text(conflict, "count_id", error->arena),
                         .warehouse = sv_doc_text(conflict, "warehouse", error->arena),
                         .details = details };

    BSON_APPEND_UTF8(details, "conflict_id", resolution->resolve->conflict_id);
    BSON_APPEND_UTF8(details, "type", resolution->type);
    BSON_APPEND_UTF8(details, "resolution", sv_resolve_actions[resolution->resolve->action]);
    sv_doc_put_text(details, "client_record_id", sv_doc_text(conflict, "client_record_id", error->arena));
    sv_doc_put_text(details, "owner", resolution->owner.user_id);
    BSON_APPEND_BOOL(details, "past_fence", resolution->resolved->session.bypassed);
    return sv_audit_write(resolution->store, resolution->who, &entry, error);
}

/* The line of its item waits for one person less. */
static sv_status_t
sv_resolution_touch(sv_resolution_t *resolution, sv_error_t *error)
{
    const bson_t *conflict = resolution->resolved->conflict;
    const char *count_id = sv_doc_text(conflict, "count_id", error->arena);
    const char *item_code = sv_doc_text(conflict, "item_code", error->arena);

    return count_id != NULL && item_code != NULL
               ? sv_touched_note(resolution->store, count_id, sv_doc_text(conflict, "warehouse", error->arena),
                                 &item_code, 1, error->arena, error)
               : SV_OK;
}

static sv_status_t
sv_resolution_close(sv_resolution_t *resolution, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *update = sv_doc_new(error->arena), child;

    BSON_APPEND_UTF8(filter, "conflict_id", resolution->resolve->conflict_id);
    BSON_APPEND_UTF8(filter, "status", "open");
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
    BSON_APPEND_UTF8(&child, "status", "resolved");
    BSON_APPEND_UTF8(&child, "resolution", sv_resolve_actions[resolution->resolve->action]);
    BSON_APPEND_UTF8(&child, "resolved_by", resolution->who->user_id);
    bson_append_document_end(update, &child);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$currentDate", &child);
    BSON_APPEND_BOOL(&child, "resolved_at", true);
    BSON_APPEND_BOOL(&child, "updated_at", true);
    bson_append_document_end(update, &child);
    if (sv_store_find_and_update(resolution->store, SV_COLLECTION_SYNC_CONFLICTS, filter, update, true, false,
                                 error->arena, &resolution->resolved->conflict, error) != SV_OK) {
        return error->status;
    }
    if (resolution->resolved->conflict == NULL) {
        return sv_fail(error, SV_ERR_CONFLICT_RESOLVED, NULL);
    }
    return sv_resolution_touch(resolution, error) == SV_OK ? sv_resolution_audit(resolution, error) : error->status;
}

static sv_status_t
sv_resolution_check_action(const sv_resolution_t *resolution, sv_error_t *error)
{
    if (sv_resolution_is_type(resolution, SV_CONFLICT_FOREIGN_RECORD)) {
        return sv_fail_field(error, "action", "not_allowed",
                             "Another user's record is not replaced; send yours under an id of its own");
    }
    if (sv_resolution_adds_up(resolution) && !sv_resolution_meets(resolution, SV_CONFLICT_DUPLICATE_COUNT) &&
        !sv_resolution_meets(resolution, SV_CONFLICT_DUPLICATE_SERIAL)) {
        return sv_fail_field(error, "record", "required", "record is required: what the merged record says");
    }
    return SV_OK;
}

static sv_status_t
sv_resolution_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_resolution_t *resolution = context;
    bool repeats;

    resolution->store = store;
    memset(resolution->resolved, 0, sizeof(*resolution->resolved));
    if (sv_resolution_find(resolution, error) != SV_OK || sv_resolution_repeat(resolution, &repeats, error) != SV_OK ||
        repeats) {
        return error->status;
    }
    if (resolution->resolve->action != SV_RESOLVE_KEEP_SERVER) {
        if (sv_resolution_check_action(resolution, error) != SV_OK ||
            sv_resolution_record(resolution, error) != SV_OK || sv_resolution_fence(resolution, error) != SV_OK ||
            sv_resolution_store(resolution, error) != SV_OK) {
            return error->status;
        }
    }
    return sv_resolution_close(resolution, error);
}

sv_status_t
sv_conflict_resolve(sv_store_t *store, const sv_principal_t *who, const sv_resolve_t *resolve, sv_resolved_t *resolved,
                    sv_error_t *error)
{
    sv_resolution_t resolution = { .who = who, .resolve = resolve, .resolved = resolved };

    return sv_transaction_run_past_duplicates(store, sv_resolution_body, &resolution, error);
}
