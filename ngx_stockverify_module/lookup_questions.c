#include "ngx_stockverify_module/lookup_questions.h"

#include <stdlib.h>

#include "ngx_stockverify_module/process.h"

enum { SV_QUESTIONS_AT_ONCE = 2 };

struct sv_lookup_questions_s {
    sv_process_t *process;
    ngx_queue_t waiting;
    unsigned under_way;
    ngx_event_t turn; /* posted: the turn's end */
};

/* Lies in the arena of the work that asks. */
typedef struct {
    sv_lookup_questions_t *questions;
    sv_lookup_question_t *asked[SV_LOOKUPS_AT_ONCE];
    sv_lookup_ask_t asks[SV_LOOKUPS_AT_ONCE];
    size_t count;
} sv_asking_t;

static void sv_questions_go_on(sv_lookup_questions_t *questions);

static void
sv_questions_turn_end(ngx_event_t *event)
{
    sv_questions_go_on(event->data);
}

sv_lookup_questions_t *
sv_lookup_questions_create(sv_process_t *process)
{
    sv_lookup_questions_t *questions = calloc(1, sizeof(*questions));

    if (questions != NULL) {
        questions->process = process;
        ngx_queue_init(&questions->waiting);
        questions->turn.handler = sv_questions_turn_end;
        questions->turn.data = questions;
        questions->turn.log = process->log;
    }
    return questions;
}

void
sv_lookup_questions_destroy(sv_lookup_questions_t *questions)
{
    free(questions);
}

void
sv_lookup_error_pass(sv_error_t *to, const sv_error_t *from)
{
    sv_fail_cause(to, from->status, "%s", from->cause != NULL ? from->cause : "a lookup");
    to->retry_after_s = from->retry_after_s;
}

/* On a thread. */
static void
sv_asking_ask(sv_call_t *call)
{
    sv_asking_t *asking = call->state;

    sv_lookup_ask_all(call->store, asking->asks, asking->count, call->arena, &call->error);
}

/* What was found lives on in the arena of who asked. */
static void
sv_asking_tell(sv_request_t *work, sv_lookup_question_t *question)
{
    sv_call_t *call = question->work->call;

    if (work->call->error.status != SV_OK) {
        sv_lookup_error_pass(&call->error, &work->call->error);
    } else {
        for (size_t i = 0; i < SV_LOOKUP_KEYS; i++) {
            const char *entry = question->found->entries[i];

            question->found->entries[i] = entry == NULL ? NULL : sv_arena_strdup(call->arena, entry);
        }
    }
    question->next(question->work);
}

static void
sv_asking_over(sv_request_t *work)
{
    sv_asking_t *asking = work->call->state;
    sv_lookup_questions_t *questions = asking->questions;

    questions->under_way--;
    sv_questions_go_on(questions);
    for (size_t i = 0; i < asking->count; i++) {
        sv_asking_tell(work, asking->asked[i]);
    }
    sv_http_work_end(work);
}

static void
sv_questions_begin(sv_lookup_questions_t *questions)
{
    sv_request_t *work = sv_http_work_begin(questions->process);
    sv_asking_t *asking = sv_arena_zalloc(work->call->arena, sizeof(*asking));

    asking->questions = questions;
    while (asking->count < SV_LOOKUPS_AT_ONCE && !ngx_queue_empty(&questions->waiting)) {
        ngx_queue_t *first = ngx_queue_head(&questions->waiting);
        sv_lookup_question_t *question = ngx_queue_data(first, sv_lookup_question_t, queue);

        ngx_queue_remove(first);
        asking->asked[asking->count] = question;
        asking->asks[asking->count++] = (sv_lookup_ask_t){ question->lookup, question->found };
    }
    work->call->state = asking;
    questions->under_way++;
    sv_http_thread(work, SV_POOL_DB, sv_asking_ask, sv_asking_over);
}

static void
sv_questions_go_on(sv_lookup_questions_t *questions)
{
    while (questions->under_way < SV_QUESTIONS_AT_ONCE && !ngx_queue_empty(&questions->waiting)) {
        sv_questions_begin(questions);
    }
}

void
sv_lookup_question_ask(sv_lookup_questions_t *questions, sv_lookup_question_t *question)
{
    ngx_queue_insert_tail(&questions->waiting, &question->queue);
    if (!questions->turn.posted) {
        ngx_post_event(&questions->turn, &ngx_posted_events);
    }
}
