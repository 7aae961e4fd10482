#include "core/report/delivery/schedule_news.h"

#include <string.h>

#include "core/auth/principal.h"
#include "core/base/clock.h"
#include "core/base/json_writer.h"
#include "core/events/event.h"
#include "core/jobs/job.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

/* ---- mails */

static const char *
sv_news_time(int64_t ms, sv_arena_t *arena)
{
    char text[SV_TIME_TEXT_SIZE];

    sv_time_format(ms, text);
    return sv_arena_strdup(arena, text);
}

/* A job for each recipient, so that one who is told already is not told again when another's mail server is away; left
 * to the repair of jobs to be dispatched.  Nobody's: that its owner may make nothing any more is news, too. */
static sv_status_t
sv_news_mail(sv_store_t *store, const bson_t *schedule, const char *what, const char *text, sv_arena_t *arena,
             sv_error_t *error)
{
    static const sv_principal_t nobody = { .user_id = "schedules",
                                           .username = "schedules",
                                           .role = SV_ROLE_SUPERVISOR };
    const bson_t *recipients = sv_doc_child(schedule, "recipients", arena);
    const char *subject = sv_arena_printf(arena, "%s: %s", sv_doc_text(schedule, "name", arena), what);
    sv_status_t status = SV_OK;
    bson_iter_t iter;

    if (recipients == NULL || !bson_iter_init(&iter, recipients)) {
        return SV_OK;
    }
    while (status == SV_OK && bson_iter_next(&iter)) {
        sv_job_request_t request = { .type = "mail.notice" };
        const bson_t *job;
        bool created;

        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            request.params = sv_doc_take(BCON_NEW("to", BCON_UTF8(bson_iter_utf8(&iter, NULL)), "subject",
                                                  BCON_UTF8(subject), "text", BCON_UTF8(text)),
                                         arena);
            status = sv_job_request(store, &nobody, &request, arena, &job, &created, error);
        }
    }
    return status;
}

/* ---- runs */

static sv_status_t
sv_news_keep_run(sv_store_t *store, const char *schedule_id, const bson_t *run, sv_arena_t *arena, sv_error_t *error)
{
    int64_t ended_ms = sv_doc_time(run, "finished_at");
    const bson_t *reason = sv_doc_child(run, "error", arena);
    /* Of two runs that ended the later one is the last, in whichever order they are seen. */
    bson_t *filter = sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(schedule_id), "last_run_at", "{", "$not", "{", "$gt",
                                          BCON_DATE_TIME(ended_ms), "}", "}"),
                                 arena);
    bson_t *update = sv_doc_new(arena), set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    sv_doc_put_time(&set, "last_run_at", ended_ms);
    sv_doc_put_text(&set, "last_status", sv_doc_text(run, "status", arena));
    if (reason != NULL) {
        BSON_APPEND_DOCUMENT(&set, "last_error", reason);
    } else {
        BSON_APPEND_NULL(&set, "last_error");
    }
    bson_append_document_end(update, &set);
    return sv_store_update_one(store, SV_COLLECTION_REPORT_SCHEDULES, filter, update, NULL, error);
}

static sv_schedule_news_t
sv_news_of(const bson_t *schedule, const char *type, const char *job_id, sv_arena_t *arena)
{
    return (sv_schedule_news_t){ .type = type,
                                 .schedule_id = sv_doc_text(schedule, "schedule_id", arena),
                                 .owner = sv_doc_text(schedule, "requested_by", arena),
                                 .job_id = job_id };
}

sv_status_t
sv_schedule_note_run(sv_store_t *store, const bson_t *schedule, const bson_t *run, sv_arena_t *arena,
                     sv_schedule_news_t *news, sv_error_t *error)
{
    const char *job_id = sv_doc_text(run, "job_id", arena), *why = sv_doc_text(run, "error.message", arena);
    const char *ended = sv_doc_text(run, "status", arena);
    sv_status_t status = sv_news_keep_run(store, sv_doc_text(schedule, "schedule_id", arena), run, arena, error);

    if (status != SV_OK || ended == NULL || strcmp(ended, "failed") != 0) {
        return status;
    }
    *news = sv_news_of(schedule, "schedule.failed", job_id, arena);
    return sv_news_mail(
        store, schedule, "could not be made",
        sv_arena_printf(arena, "%s could not be made at %s: %s.\n\nThe job is %s. The next run comes as scheduled.\n",
                        sv_doc_text(schedule, "name", arena), sv_news_time(sv_doc_time(run, "finished_at"), arena),
                        why != NULL ? why : "its job failed", job_id),
        arena, error);
}

/* ---- schedules that were disabled */

typedef struct {
    const bson_t *schedule;
    sv_arena_t *arena;
    sv_schedule_news_t news;
} sv_disabled_t;

static sv_status_t
sv_news_disabled_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_disabled_t *disabled = context;
    const bson_t *schedule = disabled->schedule;
    const char *name = sv_doc_text(schedule, "name", disabled->arena);
    const char *why = sv_doc_text(schedule, "disabled_reason", disabled->arena);
    bson_t *filter =
        sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(sv_doc_text(schedule, "schedule_id", disabled->arena)), "untold",
                             BCON_BOOL(true)),
                    disabled->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$unset", "{", "untold", "", "}"), disabled->arena);
    int64_t matched = 0;
    sv_status_t status = sv_store_update_one(store, SV_COLLECTION_REPORT_SCHEDULES, filter, update, &matched, error);

    disabled->news = (sv_schedule_news_t){ 0 };
    if (status != SV_OK || matched == 0 || why == NULL) { /* another told it, or it is enabled again */
        return status;
    }
    disabled->news = sv_news_of(schedule, "schedule.disabled", NULL, disabled->arena);
    return sv_news_mail(
        store, schedule, "disabled",
        sv_arena_printf(disabled->arena,
                        "The schedule %s is disabled: %s.\n\nNothing more is made until somebody enables it.\n", name,
                        why),
        disabled->arena, error);
}

sv_status_t
sv_schedules_tell_disabled(sv_store_t *store, sv_redis_client_t *redis, int64_t *done, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    bson_t *filter = sv_doc_take(BCON_NEW("untold", BCON_BOOL(true)), arena);
    mongoc_cursor_t *cursor;
    const bson_t *schedule;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_REPORT_SCHEDULES, filter, NULL, &cursor, error);

    if (status == SV_OK) {
        while (status == SV_OK && mongoc_cursor_next(cursor, &schedule)) {
            sv_disabled_t disabled = { .schedule = schedule, .arena = arena };

            status = sv_transaction_run(store, sv_news_disabled_body, &disabled, error);
            if (status == SV_OK) {
                sv_schedule_tell(redis, &disabled.news, arena);
            }
            *done += status == SV_OK;
        }
        if (status == SV_OK) {
            status = sv_store_cursor_end(store, cursor, error);
        }
        mongoc_cursor_destroy(cursor);
    }
    sv_arena_destroy(arena);
    return status;
}

/* ---- events */

static const char *
sv_news_message(const sv_schedule_news_t *news, sv_arena_t *arena)
{
    sv_buffer_t out;
    sv_json_writer_t w;

    sv_buffer_init(&out, arena, 256);
    sv_json_writer_init(&w, &out);
    sv_json_object(&w, NULL);
    sv_json_text(&w, "type", news->type);
    sv_json_text(&w, "id", news->schedule_id);
    sv_json_time(&w, "at", sv_clock_now_ms());
    sv_json_text(&w, "user_id", news->owner);
    sv_json_text(&w, "job_id", news->job_id);
    sv_json_end(&w);
    return out.data;
}

void
sv_schedule_tell(sv_redis_client_t *redis, const sv_schedule_news_t *news, sv_arena_t *arena)
{
    sv_redis_command_t command;
    redisReply *reply = NULL;
    sv_error_t ignored;
    sv_event_t event = { .topics = SV_TOPIC_ACTIVITY, .user_id = news->owner };

    if (redis == NULL || news->type == NULL) {
        return;
    }
    event.message = sv_news_message(news, arena);
    sv_error_init(&ignored, arena);
    sv_event_command(&command, arena, &event);
    if (sv_redis_client_run(redis, &command, &reply, &ignored) == SV_OK) {
        freeReplyObject(reply);
    }
}
