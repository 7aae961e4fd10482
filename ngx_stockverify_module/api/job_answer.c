#include "ngx_stockverify_module/api/job_answer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/jobs/dispatch.h"
#include "core/jobs/job.h"
#include "core/store/document.h"

/* Looks come after a fifth of the time waited so far, so that short jobs answer at once and long ones cost little. */
enum { SV_JOB_RETRY_S = 2, SV_JOB_LOOK_PART = 5, SV_JOB_LOOK_MIN_MS = 50, SV_JOB_LOOK_MAX_MS = 1000 };

struct sv_job_wait_s {
    sv_call_step_t made;
    ngx_msec_t asked_at;
    bool ended;
};

static const char *
sv_job_text(const sv_call_t *call, const char *path)
{
    return sv_doc_text(call->job, path, call->arena);
}

void
sv_job_asked(sv_call_t *call, const bson_t *job, bool created)
{
    call->job = job;
    if (created) {
        sv_dispatch_command(sv_call_effect(call), call->arena, sv_queue_parse(sv_job_text(call, "queue")),
                            sv_job_text(call, "job_id"));
    }
}

const char *
sv_job_resource_id(const sv_call_t *call)
{
    return sv_job_text(call, "resource.id");
}

bool
sv_job_has_file(sv_call_t *call, const bson_t *job)
{
    const char *status = sv_doc_text(job, "status", call->arena);

    if (strcmp(status, "succeeded") != 0) {
        sv_fail(&call->error, SV_ERR_CONFLICT_STATE, "The job is %s and has no file", status);
    } else if (sv_doc_bool(job, "result.expired")) {
        sv_fail(&call->error, SV_ERR_RESULT_EXPIRED, NULL);
    } else if (!sv_doc_has(job, "result.file")) {
        sv_fail(&call->error, SV_ERR_NOT_FOUND, "The job has no file");
    }
    return call->error.status == SV_OK;
}

static void
sv_job_close_file(void *data)
{
    close(((const sv_call_file_t *) data)->fd);
}

/* One that was removed meanwhile has expired: its path is gone, or (ESTALE) another host removed it. */
static bool
sv_job_open_file(sv_call_t *call, sv_call_file_t *file)
{
    const char *path = sv_arena_printf(call->arena, "%s/%s", call->settings->spool_dir, file->path);
    struct stat found;

    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ESTALE)) {
        sv_fail(&call->error, SV_ERR_RESULT_EXPIRED, NULL);
        return false;
    }
    if (file->fd < 0) {
        sv_fail_cause(&call->error, SV_ERR_INTERNAL, "%s: %s", path, strerror(errno));
        return false;
    }
    sv_arena_on_destroy(call->arena, sv_job_close_file, file);
    if (fstat(file->fd, &found) != 0 || !S_ISREG(found.st_mode)) {
        sv_fail_cause(&call->error, SV_ERR_INTERNAL, "%s is no file", path);
        return false;
    }
    file->size = found.st_size;
    file->changed_s = found.st_mtime;
    return true;
}

/* On the thread. */
void
sv_job_answer_file(sv_call_t *call, const bson_t *job)
{
    sv_call_file_t *file = sv_arena_zalloc(call->arena, sizeof(*file));

    if (!sv_job_has_file(call, job)) {
        return;
    }
    file->path = sv_doc_text(job, "result.file", call->arena);
    file->name = sv_doc_text(job, "result.file_name", call->arena);
    file->content_type = sv_doc_text(job, "result.content_type", call->arena);
    file->etag = sv_doc_text(job, "result.etag", call->arena);
    file->name = file->name != NULL ? file->name : "result";
    file->content_type = file->content_type != NULL ? file->content_type : "application/octet-stream";
    if (sv_job_open_file(call, file)) {
        call->file = file;
    }
}

void
sv_job_made_file(sv_call_t *call)
{
    sv_job_answer_file(call, call->job);
}

static void
sv_job_put_pending(sv_call_t *call)
{
    sv_job_write_json(&call->json, NULL, call->job);
    call->success_status = 202;
    call->retry_after_s = SV_JOB_RETRY_S;
    call->location = sv_arena_printf(call->arena, "/api/jobs/%s", sv_job_text(call, "job_id"));
    call->message = "The job is under way";
}

/* On the thread. */
static void
sv_job_put_ended(sv_call_t *call, sv_call_step_t made)
{
    const char *job_id = sv_job_text(call, "job_id"), *status = sv_job_text(call, "status");
    const char *url = sv_job_text(call, "resource.url");

    call->location = sv_arena_printf(call->arena, "/api/jobs/%s", job_id);
    if (strcmp(status, "succeeded") != 0 && made == sv_job_made_file) {
        /* A success would be taken for the file. */
        sv_fail(&call->error, SV_ERR_CONFLICT_STATE, "The job %s is %s and made no file", job_id, status);
        return;
    }
    if (strcmp(status, "succeeded") != 0) {
        sv_job_write_json(&call->json, NULL, call->job);
        call->message = sv_arena_printf(call->arena, "The job is %s", status);
        return;
    }
    call->success_status = 201;
    if (url != NULL) {
        call->location = url;
    } else if (sv_doc_has(call->job, "result.file")) {
        call->location = sv_arena_printf(call->arena, "/api/jobs/%s/result", job_id);
    }
    if (made != NULL) {
        made(call);
    } else {
        sv_job_write_json(&call->json, NULL, call->job);
    }
}

/* On the thread. */
static void
sv_job_wait_look(sv_call_t *call)
{
    struct sv_job_wait_s *wait = call->job_wait;
    const bson_t *job = NULL;

    if (sv_job_load(call->store, &call->principal, sv_job_text(call, "job_id"), call->arena, &job, &call->error) !=
        SV_OK) {
        return;
    }
    call->job = job;
    if (!sv_doc_bool(job, "pending")) {
        wait->ended = true;
        sv_job_put_ended(call, wait->made);
    }
}

static void sv_job_wait(sv_request_t *req);

static void
sv_job_wait_looked(sv_request_t *req)
{
    sv_call_t *call = req->call;

    if (call->job_wait->ended) {
        sv_http_answer(req);
    } else if (call->error.status != SV_OK) {
        /* The job was accepted; that it cannot be looked at now is no failure of it. */
        sv_error_clear(&call->error);
        sv_job_put_pending(call);
        sv_http_answer(req);
    } else {
        sv_job_wait(req);
    }
}

static void
sv_job_wait_over(sv_request_t *req)
{
    sv_http_thread(req, SV_POOL_DB, sv_job_wait_look, sv_job_wait_looked);
}

static void
sv_job_wait(sv_request_t *req)
{
    ngx_msec_t waited = ngx_current_msec - req->call->job_wait->asked_at, limit = (ngx_msec_t) req->call->wait_s * 1000;
    ngx_msec_t pause = ngx_max(waited / SV_JOB_LOOK_PART, SV_JOB_LOOK_MIN_MS);

    if (waited >= limit || ngx_exiting || ngx_quit || ngx_terminate) {
        sv_job_put_pending(req->call);
        sv_http_answer(req);
        return;
    }
    sv_http_pause(req, ngx_min(ngx_min(pause, SV_JOB_LOOK_MAX_MS), limit - waited), sv_job_wait_over);
}

static void
sv_job_wait_begin(sv_request_t *req)
{
    sv_call_t *call = req->call;
    size_t count = call->effect_count;

    if (call->error.status != SV_OK || call->job == NULL) {
        sv_http_answer(req);
        return;
    }
    if (call->wait_s == 0) {
        sv_job_put_pending(call);
        sv_http_answer(req);
        return;
    }
    /* The dispatch among them, which the job waits for. */
    call->effect_count = 0;
    req->call->job_wait->asked_at = ngx_current_msec;
    sv_http_resume_on_refusal(req);
    sv_http_redis(req, call->effects, count, NULL, sv_job_wait);
}

void
sv_http_job(sv_request_t *req, sv_call_step_t ask, sv_call_step_t made)
{
    req->call->job_wait = sv_arena_zalloc(req->call->arena, sizeof(*req->call->job_wait));
    req->call->job_wait->made = made;
    sv_http_thread(req, SV_POOL_DB, ask, sv_job_wait_begin);
}
