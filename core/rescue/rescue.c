#include "core/rescue/rescue.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/auth/account.h"
#include "core/base/json_reader.h"
#include "core/store/document.h"

#define SV_RESCUE_FORMAT "stockverify-unsent"

enum { SV_RESCUE_VERSION = 1, SV_RESCUE_NAME_MAX = 128 };

/* ---- reading */

static void
sv_rescue_read_format(const sv_json_fields_t *fields)
{
    const char *format = NULL;
    int64_t version = 0;

    if (sv_json_get_text(fields, "format", SV_REQUIRED, 1, SV_RESCUE_NAME_MAX, &format) &&
        strcmp(format, SV_RESCUE_FORMAT) != 0) {
        sv_fail_field(fields->error, "format", "not_allowed", "must be " SV_RESCUE_FORMAT);
    }
    if (sv_json_get_int(fields, "version", SV_REQUIRED, 1, INT32_MAX, &version) && version != SV_RESCUE_VERSION) {
        sv_fail_field(fields->error, "version", "not_allowed", "must be %d: this server knows no later one",
                      SV_RESCUE_VERSION);
    }
}

/* The id decides; a name beside it says nothing more. */
static sv_status_t
sv_rescue_find_owner(sv_store_t *store, const json_t *user, sv_rescue_t *rescue, sv_error_t *error)
{
    sv_json_fields_t fields = { user, "user", error };
    const char *user_id = NULL, *username = NULL;
    sv_account_t account;
    sv_status_t status;

    sv_json_get_identifier(&fields, "user_id", SV_OPTIONAL, SV_RESCUE_NAME_MAX, &user_id);
    sv_json_get_identifier(&fields, "username", SV_OPTIONAL, SV_RESCUE_NAME_MAX, &username);
    if (error->status != SV_OK) {
        return error->status;
    }
    if (user_id == NULL && username == NULL) {
        return sv_fail_field(error, "user.user_id", "required", "user_id or username is required");
    }
    status = user_id != NULL ? sv_account_load(store, user_id, error->arena, &account, error)
                             : sv_account_load_by_username(store, sv_username_fold(username, error->arena),
                                                           error->arena, &account, error);
    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        return sv_fail_field(error, "user", "unknown", "is no user of this system");
    }
    if (status == SV_OK) {
        sv_account_principal(&account, &rescue->owner);
    }
    return status;
}

sv_status_t
sv_rescue_read(sv_store_t *store, const json_t *body, sv_rescue_t *rescue, sv_error_t *error)
{
    sv_json_fields_t fields = { body, "", error };
    const json_t *user = NULL;

    *rescue = (sv_rescue_t){ 0 };
    sv_rescue_read_format(&fields);
    sv_json_get_time(&fields, "exported_at", SV_OPTIONAL, &rescue->exported_at_ms);
    sv_json_get_text(&fields, "app", SV_OPTIONAL, 0, SV_RESCUE_NAME_MAX, &rescue->app);
    sv_json_get_identifier(&fields, "device_id", SV_OPTIONAL, SV_RESCUE_NAME_MAX, &rescue->device_id);
    sv_json_get_array(&fields, "records", SV_REQUIRED, SV_RESCUE_LIST_MAX, &rescue->records);
    sv_json_get_array(&fields, "unknown_items", SV_OPTIONAL, SV_RESCUE_LIST_MAX, &rescue->unknown_items);
    sv_json_get_array(&fields, "count_lines", SV_OPTIONAL, SV_RESCUE_LIST_MAX, &rescue->count_lines);
    if (!sv_json_get_object(&fields, "user", SV_REQUIRED, &user) || error->status != SV_OK) {
        return error->status;
    }
    return sv_rescue_find_owner(store, user, rescue, error);
}

/* ---- keeping */

void
sv_rescue_fail(sv_rescued_t *rescued, const sv_rescue_fault_t *fault)
{
    rescued->faults = sv_arena_grow(rescued->arena, rescued->faults, rescued->fault_count, &rescued->fault_capacity,
                                    sizeof(*rescued->faults));
    rescued->faults[rescued->fault_count++] = *fault;
}

/* Before anything is kept: what follows it in pieces is done under this entry. */
static sv_status_t
sv_rescue_audit(sv_store_t *store, const sv_principal_t *who, const sv_rescue_t *rescue, sv_error_t *error)
{
    bson_t *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "sync.rescue", .warehouse = rescue->owner.warehouse, .details = details };

    sv_doc_put_text(details, "owner", rescue->owner.user_id);
    sv_doc_put_text(details, "device_id", rescue->device_id);
    sv_doc_put_text(details, "app", rescue->app);
    sv_doc_put_time(details, "exported_at", rescue->exported_at_ms);
    BSON_APPEND_INT64(details, "records", (int64_t) json_array_size(rescue->records));
    BSON_APPEND_INT64(details, "unknown_items", (int64_t) json_array_size(rescue->unknown_items));
    BSON_APPEND_INT64(details, "count_lines", (int64_t) json_array_size(rescue->count_lines));
    return sv_audit_write(store, who, &entry, error);
}

sv_status_t
sv_rescue(sv_store_t *store, const sv_principal_t *who, const sv_rescue_t *rescue, sv_rescued_t *rescued,
          sv_error_t *error)
{
    *rescued = (sv_rescued_t){ .store = store, .rescue = rescue, .arena = error->arena };
    if (sv_rescue_audit(store, who, rescue, error) != SV_OK || sv_rescue_finds(rescued, error) != SV_OK ||
        sv_rescue_records(rescued, error) != SV_OK) {
        return error->status;
    }
    return sv_rescue_lines(rescued, error);
}

/* ---- telling */

static void
sv_rescue_write_conflict(sv_json_writer_t *w, const sv_verdict_t *verdict)
{
    sv_json_object(w, NULL);
    sv_json_int(w, "index", (int64_t) verdict->record->index);
    sv_json_text(w, "client_record_id", verdict->record->told_id);
    sv_json_text(w, "conflict_id", verdict->conflict_id);
    sv_json_text(w, "resolution", verdict->resolution);
    sv_json_end(w);
}

static void
sv_rescue_write_fault(sv_json_writer_t *w, const sv_rescue_fault_t *fault)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "list", fault->list);
    sv_json_int(w, "index", (int64_t) fault->index);
    sv_json_text(w, "id", fault->id);
    sv_json_text(w, "field", fault->field);
    sv_json_text(w, "code", fault->code);
    sv_json_text(w, "message", fault->message);
    sv_json_bool(w, "retry", fault->retry);
    sv_json_end(w);
}

void
sv_rescued_write_json(sv_json_writer_t *w, const sv_rescued_t *rescued)
{
    const sv_principal_t *owner = &rescued->rescue->owner;

    sv_json_object(w, NULL);
    sv_json_object(w, "user");
    sv_json_text(w, "user_id", owner->user_id);
    sv_json_text(w, "username", owner->username);
    sv_json_text(w, "full_name", owner->full_name);
    sv_json_end(w);
    sv_json_array(w, "conflicts");
    for (size_t i = 0; i < rescued->verdict_count; i++) {
        if (rescued->verdicts[i].kind == SV_VERDICT_CONFLICT) {
            sv_rescue_write_conflict(w, &rescued->verdicts[i]);
        }
    }
    sv_json_end(w);
    sv_json_array(w, "stored");
    for (size_t i = 0; i < rescued->verdict_count; i++) {
        if (rescued->verdicts[i].kind == SV_VERDICT_OK) {
            sv_json_text(w, NULL, rescued->verdicts[i].record->told_id);
        }
    }
    sv_json_end(w);
    sv_json_array(w, "errors");
    for (size_t i = 0; i < rescued->fault_count; i++) {
        sv_rescue_write_fault(w, &rescued->faults[i]);
    }
    sv_json_end(w);
    sv_json_int(w, "total_records", (int64_t) json_array_size(rescued->rescue->records));
    sv_json_int(w, "unknown_items", (int64_t) rescued->finds);
    sv_json_int(w, "count_lines", (int64_t) rescued->lines);
    sv_json_end(w);
}
