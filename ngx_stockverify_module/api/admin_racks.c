#include "core/audit/audit.h"
#include "core/base/text.h"
#include "core/floor/rack_admin.h"
#include "core/import/import.h"
#include "core/store/document.h"
#include "ngx_stockverify_module/call.h"

/* /api/admin/racks: which racks there are, by administrators. */

void
sv_step_admin_racks(sv_call_t *call)
{
    sv_rack_query_t query = { 0 };
    static const char *const which[] = { "false", "true", NULL };
    int status, deleted;

    if (!sv_call_query_identifier(call, "q", SV_RACK_CODE_MAX, &query.search) ||
        !sv_call_query_place(call, "warehouse", &query.warehouse) ||
        !sv_call_query_place(call, "floor", &query.floor) || !sv_call_query_place(call, "zone", &query.zone) ||
        !sv_call_query_choice(call, "status", sv_rack_status_words, &status) ||
        !sv_call_query_choice(call, "deleted", which, &deleted) ||
        !sv_call_query_sorted_page(call, "racks", sv_rack_sorts, "rack_id", &query.page)) {
        return;
    }
    query.status = status < 0 ? NULL : sv_rack_status_words[status];
    query.deleted = deleted == 1;
    sv_json_object(&call->json, NULL);
    sv_rack_page_write(call->store, &query, &call->json, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_admin_rack(sv_call_t *call)
{
    sv_rack_admin_write(call->store, call->params[0], &call->json, &call->error);
}

static void
sv_rack_read_place(const sv_json_fields_t *fields, sv_presence_t presence, sv_rack_place_t *place)
{
    sv_json_get_name(fields, "warehouse", presence, SV_RACK_PLACE_MAX, &place->warehouse);
    sv_json_get_name(fields, "floor", presence, SV_RACK_PLACE_MAX, &place->floor);
    sv_json_get_text(fields, "zone", SV_OPTIONAL, 0, SV_RACK_PLACE_MAX, &place->zone);
    place->has_estimate =
        sv_json_get_int(fields, "estimated_items", SV_OPTIONAL, 0, SV_RACK_ESTIMATE_MAX, &place->estimated_items);
}

static void
sv_rack_tell(sv_call_t *call, const bson_t *rack)
{
    int64_t now_ms;

    if (call->error.status == SV_OK && sv_store_now(call->store, &now_ms, &call->error) == SV_OK) {
        sv_rack_admin_write_json(&call->json, rack, now_ms, call->arena);
    }
}

void
sv_step_admin_rack_add(sv_call_t *call)
{
    const sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    sv_rack_place_t place = { 0 };
    const char *rack_id;
    const bson_t *rack;

    if (fields.object == NULL) {
        return;
    }
    sv_json_get_identifier(&fields, "rack_id", SV_REQUIRED, SV_RACK_CODE_MAX, &rack_id);
    sv_rack_read_place(&fields, SV_REQUIRED, &place);
    if (call->error.status == SV_OK &&
        sv_rack_add(call->store, &call->principal, rack_id, &place, &rack, &call->error) == SV_OK) {
        call->success_status = 201;
        call->location = sv_arena_printf(call->arena, "/api/admin/racks/%s", sv_percent_encode(rack_id, call->arena));
        sv_rack_tell(call, rack);
    }
}

void
sv_step_admin_rack_change(sv_call_t *call)
{
    const sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    sv_rack_place_t place = { 0 };
    const bson_t *rack;

    if (fields.object == NULL) {
        return;
    }
    sv_rack_read_place(&fields, SV_OPTIONAL, &place);
    if (call->error.status == SV_OK &&
        sv_rack_describe(call->store, &call->principal, call->params[0], &place, &rack, &call->error) == SV_OK) {
        sv_rack_tell(call, rack);
    }
}

void
sv_step_admin_rack_remove(sv_call_t *call)
{
    const bson_t *rack;

    if (sv_rack_remove(call->store, &call->principal, call->params[0], &rack, &call->error) == SV_OK) {
        sv_rack_tell(call, rack);
    }
}

/* ---- a file of racks: what is refused is told by line and column, what would be done (a dry run) by line */

enum { SV_RACK_CSV_MAX = 1024 * 1024, SV_RACK_IMPORT_TOLD = 500 };

typedef struct {
    sv_json_writer_t errors, plan; /* arrays */
    sv_buffer_t errors_text, plan_text;
    int64_t errors_told, plan_told;
} sv_rack_import_t;

static void
sv_rack_import_report(void *context, long line, const char *column, const char *message)
{
    sv_rack_import_t *import = context;

    if (import->errors_told++ < SV_RACK_IMPORT_TOLD) {
        sv_json_object(&import->errors, NULL);
        sv_json_int(&import->errors, "line", line);
        sv_json_text(&import->errors, "column", column);
        sv_json_text(&import->errors, "message", message);
        sv_json_end(&import->errors);
    }
}

static void
sv_rack_import_plan(void *context, long line, const char *key, const char *changed_fields)
{
    sv_rack_import_t *import = context;

    if (import->plan_told++ < SV_RACK_IMPORT_TOLD) {
        sv_json_object(&import->plan, NULL);
        sv_json_int(&import->plan, "line", line);
        sv_json_text(&import->plan, "rack_id", key);
        sv_json_bool(&import->plan, "new", changed_fields == NULL);
        sv_json_text(&import->plan, "changes", changed_fields);
        sv_json_end(&import->plan);
    }
}

static void
sv_rack_import_begin(sv_rack_import_t *import, sv_arena_t *arena)
{
    sv_buffer_init(&import->errors_text, arena, 0);
    sv_buffer_init(&import->plan_text, arena, 0);
    sv_json_writer_init(&import->errors, &import->errors_text);
    sv_json_writer_init(&import->plan, &import->plan_text);
    sv_json_array(&import->errors, NULL);
    sv_json_array(&import->plan, NULL);
}

static void
sv_rack_import_write(sv_call_t *call, sv_rack_import_t *import, const sv_import_result_t *result, bool dry_run)
{
    sv_json_writer_t *w = &call->json;

    sv_json_end(&import->errors);
    sv_json_end(&import->plan);
    sv_json_object(w, NULL);
    sv_json_bool(w, "dry_run", dry_run);
    sv_json_int(w, "rows", result->rows);
    sv_json_int(w, "created", result->created);
    sv_json_int(w, "changed", result->changed);
    sv_json_int(w, "unchanged", result->unchanged);
    sv_json_int(w, "refused", result->errors);
    sv_json_raw(w, "errors", import->errors_text.data, import->errors_text.length);
    sv_json_raw(w, "plan", import->plan_text.data, import->plan_text.length);
    sv_json_end(w);
}

static void
sv_rack_import_audit(sv_call_t *call, const sv_import_result_t *result)
{
    bson_t *details =
        sv_doc_take(BCON_NEW("rows", BCON_INT64(result->rows), "created", BCON_INT64(result->created), "changed",
                             BCON_INT64(result->changed), "refused", BCON_INT64(result->errors)),
                    call->arena);
    const sv_audit_t entry = { .action = "rack.import", .details = details };

    sv_audit_write(call->store, &call->principal, &entry, &call->error);
}

/* A file that is none of racks is the fault of the member it stands in. */
static void
sv_rack_import_blame(sv_error_t *error)
{
    if (error->status == SV_ERR_VALIDATION_FAILED && error->detail_count == 0) {
        const char *sentence = error->message;

        sv_error_clear(error);
        sv_fail_field(error, "csv", "invalid_format", "%s", sentence);
    }
}

static void
sv_rack_import_run(sv_call_t *call, const char *csv, const char *warehouse, bool dry_run)
{
    sv_rack_import_t *import = sv_arena_zalloc(call->arena, sizeof(*import));
    const sv_import_options_t options = { .default_warehouse = warehouse,
                                          .report = sv_rack_import_report,
                                          .plan = dry_run ? sv_rack_import_plan : NULL,
                                          .context = import };
    FILE *stream = fmemopen((void *) csv, strlen(csv), "r");
    sv_import_result_t result;

    if (stream == NULL) {
        sv_fail_cause(&call->error, SV_ERR_INTERNAL, "no memory for a file of racks");
        return;
    }
    sv_rack_import_begin(import, call->arena);
    sv_import_racks(call->store, stream, &options, &result, &call->error);
    fclose(stream);
    if (call->error.status == SV_OK && !dry_run) {
        sv_rack_import_audit(call, &result);
    }
    sv_rack_import_blame(&call->error);
    if (call->error.status == SV_OK) {
        sv_rack_import_write(call, import, &result, dry_run);
    }
}

void
sv_step_admin_rack_import(sv_call_t *call)
{
    const sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    const char *csv = NULL, *warehouse = NULL;
    bool dry_run = false;

    if (fields.object == NULL) {
        return;
    }
    if (sv_json_get_note(&fields, "csv", SV_REQUIRED, SV_RACK_CSV_MAX, &csv) && csv[0] == '\0') {
        sv_fail_field(&call->error, "csv", "too_short", "csv must have a header and rows");
    }
    sv_json_get_name(&fields, "warehouse", SV_OPTIONAL, SV_RACK_PLACE_MAX, &warehouse);
    sv_json_get_bool(&fields, "dry_run", SV_OPTIONAL, &dry_run);
    if (call->error.status == SV_OK) {
        sv_rack_import_run(call, csv, warehouse, dry_run);
    }
}
