#include <string.h>

#include "core/base/clock.h"
#include "core/jobs/job.h"
#include "core/store/document.h"

static void
sv_job_write_part(sv_json_writer_t *w, const char *name, const bson_t *job, sv_arena_t *arena)
{
    const bson_t *part = sv_doc_child(job, name, arena);

    if (part == NULL) {
        sv_json_null(w, name);
    } else {
        sv_doc_write_json(w, name, part);
    }
}

/* Members of the file; nothing of them once it has been removed. */
static void
sv_job_write_result(sv_json_writer_t *w, const bson_t *job, sv_arena_t *arena)
{
    static const char *const texts[] = { "file_name", "content_type", "etag" };
    bool there = sv_doc_has(job, "result.file");
    int64_t finished_ms = sv_doc_time(job, "finished_at");

    sv_json_text(w, "result_url",
                 there ? sv_arena_printf(arena, "/api/jobs/%s/result", sv_doc_text(job, "job_id", arena)) : NULL);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sv_json_text(w, texts[i],
                     there ? sv_doc_text(job, sv_arena_printf(arena, "result.%s", texts[i]), arena) : NULL);
    }
    if (there) {
        sv_json_int(w, "size", sv_doc_int(job, "result.size"));
    } else {
        sv_json_null(w, "size");
    }
    sv_json_time(w, "expires_at", there ? finished_ms + sv_doc_int(job, "result.keep_ms") : 0);
}

void
sv_job_write_json(sv_json_writer_t *w, const char *name, const bson_t *job)
{
    static const char *const times[] = { "created_at", "started_at", "finished_at" };
    sv_arena_t *arena = sv_arena_create();

    sv_json_object(w, name);
    sv_json_text(w, "job_id", sv_doc_text(job, "job_id", arena));
    sv_json_text(w, "type", sv_doc_text(job, "type", arena));
    sv_json_text(w, "status", sv_doc_text(job, "status", arena));
    sv_json_bool(w, "cancel_requested", sv_doc_bool(job, "cancel_requested"));
    sv_job_write_part(w, "progress", job, arena);
    sv_json_int(w, "attempts", sv_doc_int(job, "attempt"));
    sv_job_write_part(w, "error", job, arena);
    sv_job_write_part(w, "resource", job, arena);
    sv_job_write_result(w, job, arena);
    sv_json_text(w, "requested_by", sv_doc_text(job, "requested_by", arena));
    sv_json_text(w, "schedule_id", sv_doc_text(job, "schedule_id", arena));
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        sv_json_time(w, times[i], sv_doc_time(job, times[i]));
    }
    sv_json_end(w);
    sv_arena_destroy(arena);
}

const char *
sv_job_event(const char *job_id, const char *status, const char *stage, int64_t done, int64_t total, sv_arena_t *arena)
{
    sv_json_writer_t w;
    sv_buffer_t out;

    sv_buffer_init(&out, arena, 256);
    sv_json_writer_init(&w, &out);
    sv_json_object(&w, NULL);
    sv_json_text(&w, "type", "job.updated");
    sv_json_text(&w, "id", job_id);
    sv_json_time(&w, "at", sv_clock_now_ms());
    sv_json_text(&w, "status", status);
    sv_json_object(&w, "progress");
    sv_json_int(&w, "done", done);
    sv_json_int(&w, "total", total);
    sv_json_text(&w, "stage", stage);
    sv_json_end(&w);
    sv_json_end(&w);
    return out.data;
}
