/* /api/jobs: what long work is at, its file, and links to it. */
#include "core/audit/audit.h"
#include "core/base/clock.h"
#include "core/jobs/dispatch.h"
#include "core/jobs/job_list.h"
#include "core/jobs/job_tell.h"
#include "core/jobs/link.h"
#include "core/store/document.h"
#include "ngx_stockverify_module/api/job_answer.h"

static const char *const *
sv_job_type_words(sv_arena_t *arena)
{
    const char **words = sv_arena_zalloc(arena, (sv_job_kind_count + 1) * sizeof(*words));

    for (size_t i = 0; i < sv_job_kind_count; i++) {
        words[i] = sv_job_kinds[i].type;
    }
    return words;
}

void
sv_step_jobs(sv_call_t *call)
{
    const char *const *types = sv_job_type_words(call->arena);
    sv_job_query_t query = { 0 };
    sv_page_t page = { 0 };
    int status, type;

    if (!sv_call_query_choice(call, "status", sv_job_statuses, &status) ||
        !sv_call_query_choice(call, "type", types, &type) || !sv_call_query_page(call, &page)) {
        return;
    }
    query.status = status >= 0 ? sv_job_statuses[status] : NULL;
    query.type = type >= 0 ? types[type] : NULL;
    sv_json_object(&call->json, NULL);
    sv_job_list(call->store, &call->principal, &query, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_job(sv_call_t *call)
{
    const bson_t *job;

    if (sv_job_load(call->store, &call->principal, call->params[0], call->arena, &job, &call->error) == SV_OK) {
        sv_job_write_json(&call->json, NULL, job);
    }
}

void
sv_step_job_cancel(sv_call_t *call)
{
    const char *job_id = call->params[0];
    const bson_t *job;
    bool ended;

    if (sv_job_cancel(call->store, &call->principal, job_id, call->arena, &job, &ended, &call->error) != SV_OK) {
        return;
    }
    if (ended) { /* the worker of a running job sees it in MongoDB */
        const sv_job_news_t news = sv_job_news(job, call->arena);

        sv_job_tell_command(sv_call_effect(call), call->arena, &news);
    }
    sv_job_write_json(&call->json, NULL, job);
    call->message = sv_doc_bool(job, "pending") ? "The job is being cancelled" : "The job is cancelled";
}

/* ---- POST /api/jobs/{id}/retry */

static void
sv_job_ask_again(sv_call_t *call)
{
    const bson_t *job;
    sv_job_news_t news;

    if (sv_job_requeue(call->store, &call->principal, call->params[0], call->arena, &job, &call->error) != SV_OK) {
        return;
    }
    news = sv_job_news(job, call->arena); /* told before a worker has more to tell */
    sv_job_tell_command(sv_call_effect(call), call->arena, &news);
    sv_job_asked(call, job, true);
}

void
sv_http_job_retry(sv_request_t *req)
{
    sv_http_job(req, sv_job_ask_again, NULL);
}

/* ---- files and links */

/* The role is the kind's at the time of the download, also for who asked for the job. */
static const bson_t *
sv_job_for_download(sv_call_t *call)
{
    const sv_job_kind_t *kind;
    const bson_t *job;

    if (sv_job_load(call->store, &call->principal, call->params[0], call->arena, &job, &call->error) != SV_OK) {
        return NULL;
    }
    kind = sv_job_kind(sv_doc_text(job, "type", call->arena));
    if (call->principal.role < (kind != NULL ? kind->role : SV_ROLE_SUPERVISOR)) {
        sv_fail(&call->error, SV_ERR_FORBIDDEN, NULL);
        return NULL;
    }
    return job;
}

static const bson_t *
sv_job_of_link(sv_call_t *call)
{
    const bson_t *job = NULL;

    if (sv_link_check(call->keys->link_key, call->params[0], sv_call_query(call, "expires"),
                      sv_call_query(call, "signature"), sv_clock_now_ms() / 1000, &call->error) == SV_OK) {
        sv_job_load(call->store, NULL, call->params[0], call->arena, &job, &call->error);
    }
    return job;
}

void
sv_step_job_result(sv_call_t *call)
{
    const bson_t *job = call->principal.role == SV_ROLE_ANYONE ? sv_job_of_link(call) : sv_job_for_download(call);

    if (job != NULL) {
        sv_job_answer_file(call, job);
    }
}

static sv_status_t
sv_job_audit_link(sv_call_t *call, const bson_t *job)
{
    bson_t *details = sv_doc_take(
        BCON_NEW("job_id", BCON_UTF8(call->params[0]), "type", BCON_UTF8(sv_doc_text(job, "type", call->arena))),
        call->arena);
    sv_audit_t entry = { .action = "job.link", .details = details };

    entry.warehouse = sv_doc_text(job, "warehouse", call->arena);
    return sv_audit_write(call->store, &call->principal, &entry, &call->error);
}

void
sv_step_job_link(sv_call_t *call)
{
    int64_t expires_s = sv_clock_now_ms() / 1000 + call->settings->download_link_ttl;
    const bson_t *job = sv_job_for_download(call);

    if (job == NULL || !sv_job_has_file(call, job) || sv_job_audit_link(call, job) != SV_OK) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_json_text(&call->json, "url", sv_link_make(call->keys->link_key, call->params[0], expires_s, call->arena));
    sv_json_time(&call->json, "expires_at", expires_s * 1000);
    sv_json_end(&call->json);
}

/* ---- POST /api/admin/indexes */

static void
sv_indexes_ask(sv_call_t *call)
{
    sv_job_request_t request = { .type = "indexes.ensure", .unique_key = "all" };
    const bson_t *job;
    bool created;

    if (sv_job_request(call->store, &call->principal, &request, call->arena, &job, &created, &call->error) == SV_OK) {
        sv_job_asked(call, job, created);
    }
}

void
sv_http_indexes_ensure(sv_request_t *req)
{
    sv_http_job(req, sv_indexes_ask, NULL);
}
