#include "core/adjust/approve_steps.h"

#include "core/jobs/job.h"
#include "core/jobs/job_owner.h"
#include "core/store/document.h"

sv_status_t
sv_approval_fail_undecided(const sv_undecided_t *bars, sv_error_t *error)
{
    for (size_t i = 0; i < bars->count; i++) {
        const sv_undecided_row_t *row = &bars->rows[i];
        const char *what = row->item_code != NULL         ? row->item_code
                           : row->rack_id != NULL         ? row->rack_id
                           : row->conflict_id != NULL     ? row->conflict_id
                           : row->unknown_item_id != NULL ? row->unknown_item_id
                                                          : "count";
        bool lot = row->lot != NULL && row->lot[0] != '\0';

        sv_fail_field(error, what, sv_bar_reasons[row->reason], "%s%s%s: %s", what, lot ? ", lot " : "",
                      lot ? row->lot : "", sv_bar_reasons[row->reason]);
    }
    error->status = SV_OK;
    return sv_fail(error, SV_ERR_UNDECIDED, "%zu%s of the count are undecided", bars->count,
                   bars->more         ? " and more lines"
                   : bars->count == 1 ? " line"
                                      : " lines");
}

sv_status_t
sv_approval_check_live(sv_store_t *store, const char *count_id, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "status", "{", "$in", "[", "active",
                                          "paused", "]", "}", "superseded", BCON_BOOL(false)),
                                 error->arena);
    int64_t live = 0;

    if (sv_store_count(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, &live, error) == SV_OK && live > 0) {
        return sv_fail(error, SV_ERR_STILL_COUNTING, "%lld floor sessions are live", (long long) live);
    }
    return error->status;
}

sv_status_t
sv_approval_count_touched(sv_store_t *store, const char *count_id, int64_t *waiting, int64_t *failed, sv_error_t *error)
{
    bson_t *all = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id)), error->arena);
    bson_t *aside =
        sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "failed_at", "{", "$ne", BCON_NULL, "}"), error->arena);

    *waiting = *failed = 0;
    if (sv_store_count(store, SV_COLLECTION_TOUCHED_ITEMS, all, waiting, error) == SV_OK && *waiting > 0 &&
        sv_store_count(store, SV_COLLECTION_TOUCHED_ITEMS, aside, failed, error) == SV_OK) {
        *waiting -= *failed;
    }
    return error->status;
}

sv_status_t
sv_approval_role(sv_job_run_t *job, sv_role_t *role, sv_error_t *error)
{
    if (sv_job_owner_check(job->store, job->claim, job->arena, role, error) == SV_OK && *role == SV_ROLE_ANYONE) {
        return sv_fail(error, SV_ERR_FORBIDDEN, "Nobody's account asked for it");
    }
    return error->status;
}

sv_status_t
sv_approval_check_limit(const sv_settings_t *settings, sv_role_t role, sv_quantity_t gross_value, int64_t unvalued,
                        sv_error_t *error)
{
    sv_quantity_t limit = settings->approval_limit_value * SV_QUANTITY_ONE;
    char text[SV_QUANTITY_TEXT_SIZE];

    if (settings->approval_limit_value == 0 || role >= SV_ROLE_ADMIN || (gross_value <= limit && unvalued == 0)) {
        return SV_OK;
    }
    if (gross_value <= limit) {
        return sv_fail(error, SV_ERR_OVER_LIMIT,
                       "%lld lines are of items without a cost, and supervisors may approve what is worth %lld at most",
                       (long long) unvalued, (long long) settings->approval_limit_value);
    }
    sv_quantity_to_text(gross_value, text);
    return sv_fail(error, SV_ERR_OVER_LIMIT,
                   "The adjustment is worth %s without sign, and supervisors may approve %lld", text,
                   (long long) settings->approval_limit_value);
}

bson_t *
sv_approval_job_params(const char *id_name, const char *id, const char *note, const sv_principal_t *who,
                       sv_arena_t *arena)
{
    bson_t *params = sv_doc_new(arena);

    sv_doc_put_text(params, id_name, id);
    sv_doc_put_text(params, "note", note);
    sv_doc_put_text(params, "username", who->username);
    sv_doc_put_text(params, "full_name", who->full_name);
    return params;
}
