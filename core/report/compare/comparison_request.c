/* Asking for a comparison: what is wanted, checked against the two snapshots, becomes the params of a job. */
#include <string.h>

#include "core/base/codec.h"
#include "core/report/compare/comparison.h"
#include "core/store/document.h"

static const char *const sv_side_names[] = { "baseline_id", "comparison_id" };
static const char *const sv_side_aliases[] = { "snapshot_a_id", "snapshot_b_id" };

/* ---- the request */

/* Loads the snapshot that a field names, under either of its names. */
static bool
sv_request_snapshot(sv_store_t *store, const sv_json_fields_t *fields, int side, sv_arena_t *arena,
                    sv_snapshot_t *snapshot)
{
    const json_t *member = json_object_get(fields->object, sv_side_names[side]);
    bool alias = (member == NULL || json_is_null(member)) && json_object_get(fields->object, sv_side_aliases[side]);
    const char *name = alias ? sv_side_aliases[side] : sv_side_names[side], *id;
    sv_error_t error;

    if (!sv_json_get_identifier(fields, name, SV_REQUIRED, SV_UUID_SIZE, &id)) {
        return false;
    }
    sv_error_init(&error, arena);
    if (sv_snapshot_load(store, id, arena, snapshot, &error) == SV_OK) {
        return true;
    }
    if (error.status == SV_ERR_NOT_FOUND) {
        sv_fail_field(fields->error, sv_json_field_path(fields, name), "unknown", "there is no snapshot %s", id);
    } else {
        sv_fail_cause(fields->error, error.status, "%s", error.cause != NULL ? error.cause : "");
    }
    return false;
}

static void
sv_plan_put_keys(bson_t *params, const sv_compare_plan_t *plan)
{
    const sv_row_key_t *key = &plan->keys[SV_BASELINE];
    bson_t list;
    const char *index;
    char digits[16];

    BSON_APPEND_ARRAY_BEGIN(params, "key_fields", &list);
    for (size_t i = 0; i < key->count; i++) {
        bson_uint32_to_string((uint32_t) i, &index, digits, sizeof(digits));
        BSON_APPEND_UTF8(&list, index, plan->sides[SV_BASELINE].columns[key->columns[i]].name);
    }
    bson_append_array_end(params, &list);
}

static void
sv_plan_put_fields(bson_t *params, const sv_compare_plan_t *plan)
{
    bson_t list, field;
    const char *index;
    char digits[16];

    BSON_APPEND_ARRAY_BEGIN(params, "fields", &list);
    for (size_t i = 0; i < plan->field_count; i++) {
        bson_uint32_to_string((uint32_t) i, &index, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(&list, index, &field);
        BSON_APPEND_UTF8(&field, "name", plan->fields[i].column->name);
        if (sv_column_is_number(plan->fields[i].column)) {
            BSON_APPEND_INT64(&field, "tolerance", plan->fields[i].tolerance);
        }
        bson_append_document_end(&list, &field);
    }
    bson_append_array_end(params, &list);
}

static bson_t *
sv_plan_params(const sv_comparison_plan_t *planned, sv_arena_t *arena)
{
    bson_t *params = sv_doc_new(arena);

    BSON_APPEND_UTF8(params, "name", planned->name);
    for (int i = 0; i < 2; i++) {
        BSON_APPEND_UTF8(params, sv_side_names[i], planned->snapshots[i].snapshot_id);
    }
    sv_plan_put_keys(params, planned->plan);
    sv_plan_put_fields(params, planned->plan);
    BSON_APPEND_BOOL(params, "include_unchanged", planned->plan->include_unchanged);
    return params;
}

static const sv_compare_plan_t *
sv_plan_snapshots(const sv_snapshot_t snapshots[2], const sv_compare_options_t *options, sv_arena_t *arena,
                  sv_error_t *error)
{
    sv_compare_side_t sides[2];

    for (int i = 0; i < 2; i++) {
        sides[i] = (sv_compare_side_t){ snapshots[i].columns, snapshots[i].column_count };
    }
    return sv_compare_plan(&sides[SV_BASELINE], &sides[SV_COMPARISON], options, arena, error);
}

static sv_status_t
sv_request_read(sv_store_t *store, const sv_json_fields_t *fields, sv_arena_t *arena, sv_comparison_plan_t *planned)
{
    sv_error_t *error = fields->error;
    sv_compare_options_t options;
    bool found[2];

    sv_json_get_text(fields, "name", SV_OPTIONAL, 1, SV_COMPARISON_NAME_MAX, &planned->name);
    sv_compare_options_read(fields, arena, &options);
    for (int i = 0; i < 2; i++) {
        found[i] = sv_request_snapshot(store, fields, i, arena, &planned->snapshots[i]);
    }
    if (found[0] && found[1] && strcmp(planned->snapshots[0].snapshot_id, planned->snapshots[1].snapshot_id) == 0) {
        sv_fail_field(error, sv_json_field_path(fields, sv_side_names[SV_COMPARISON]), "not_allowed",
                      "a snapshot is not compared with itself");
    }
    if (error->status != SV_OK) {
        return error->status;
    }
    if (planned->name == NULL) {
        planned->name = sv_arena_printf(arena, "%s -> %s", planned->snapshots[0].name, planned->snapshots[1].name);
    }
    planned->plan = sv_plan_snapshots(planned->snapshots, &options, arena, error);
    return error->status;
}

sv_status_t
sv_comparison_request(sv_store_t *store, const sv_principal_t *who, const sv_json_fields_t *fields, sv_arena_t *arena,
                      const bson_t **job, bool *created, sv_error_t *error)
{
    sv_job_request_t request = { .type = "compare.create",
                                 .resource_type = "comparison",
                                 .resource_url = "/api/reports/compare" };
    sv_comparison_plan_t planned = { 0 };
    char digest[SV_SHA256_HEX_SIZE];
    bson_t *params, person;

    if (sv_request_read(store, fields, arena, &planned) != SV_OK) {
        return error->status;
    }
    params = sv_plan_params(&planned, arena);
    sv_sha256_hex(bson_get_data(params), params->len, digest);
    request.unique_key = digest;
    BSON_APPEND_DOCUMENT_BEGIN(params, "created_by", &person);
    BSON_APPEND_UTF8(&person, "user_id", who->user_id);
    sv_doc_put_text(&person, "username", who->username);
    sv_doc_put_text(&person, "full_name", who->full_name);
    bson_append_document_end(params, &person);
    request.params = params;
    return sv_job_request(store, who, &request, arena, job, created, error);
}

/* ---- back from the job's params */

static size_t
sv_params_texts(const bson_t *params, const char *name, const char ***texts, sv_arena_t *arena)
{
    const bson_t *list = sv_doc_child(params, name, arena);
    size_t count = 0;
    bson_iter_t iter;

    *texts = sv_arena_zalloc(arena, ((list != NULL ? bson_count_keys(list) : 0) + 1) * sizeof((*texts)[0]));
    if (list != NULL && bson_iter_init(&iter, list)) {
        while (bson_iter_next(&iter)) {
            if (BSON_ITER_HOLDS_UTF8(&iter)) {
                (*texts)[count++] = sv_arena_strdup(arena, bson_iter_utf8(&iter, NULL));
            }
        }
    }
    return count;
}

static void
sv_params_fields(const bson_t *params, sv_compare_options_t *options, sv_arena_t *arena)
{
    const bson_t *list = sv_doc_child(params, "fields", arena);
    size_t most = (list != NULL ? bson_count_keys(list) : 0) + 1;
    sv_compare_tolerance_t *tolerances = sv_arena_zalloc(arena, most * sizeof(tolerances[0]));
    bson_iter_t iter, member;

    options->compare_fields = sv_arena_zalloc(arena, most * sizeof(options->compare_fields[0]));
    options->tolerances = tolerances;
    if (list == NULL || !bson_iter_init(&iter, list)) {
        return;
    }
    while (bson_iter_next(&iter)) {
        const char *name;

        if (!bson_iter_recurse(&iter, &member) || !bson_iter_find(&member, "name") || !BSON_ITER_HOLDS_UTF8(&member)) {
            continue;
        }
        name = sv_arena_strdup(arena, bson_iter_utf8(&member, NULL));
        options->compare_fields[options->compare_count++] = name;
        if (bson_iter_recurse(&iter, &member) && bson_iter_find(&member, "tolerance")) {
            tolerances[options->tolerance_count++] =
                (sv_compare_tolerance_t){ .name = name, .tolerance = bson_iter_as_int64(&member) };
        }
    }
}

sv_status_t
sv_comparison_plan_load(sv_store_t *store, const bson_t *params, sv_arena_t *arena, sv_comparison_plan_t *planned,
                        sv_error_t *error)
{
    sv_compare_options_t options = { .include_unchanged = sv_doc_bool(params, "include_unchanged") };

    memset(planned, 0, sizeof(*planned));
    planned->name = sv_doc_text(params, "name", arena);
    for (int i = 0; i < 2; i++) {
        const char *id = sv_doc_text(params, sv_side_names[i], arena);

        if (id == NULL) {
            return sv_fail_cause(error, SV_ERR_INTERNAL, "the job's params have no %s", sv_side_names[i]);
        }
        if (sv_snapshot_load(store, id, arena, &planned->snapshots[i], error) != SV_OK) {
            return error->status;
        }
    }
    options.key_count = sv_params_texts(params, "key_fields", &options.key_fields, arena);
    sv_params_fields(params, &options, arena);
    planned->plan = sv_plan_snapshots(planned->snapshots, &options, arena, error);
    return error->status;
}
