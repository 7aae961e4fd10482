#ifndef SV_LOOKUP_QUESTIONS_H
#define SV_LOOKUP_QUESTIONS_H

#include "core/items/lookup.h"
#include "ngx_stockverify_module/request.h"

/*
 * What lookups ask MongoDB.  A process has one or two questions under way; lookups that come meanwhile, and those that
 * came in one turn of the loop, go together in the next: a server answers sixteen codes in little more than the time of
 * one, and one thread is woken for them.
 */
typedef struct sv_lookup_questions_s  sv_lookup_questions_t;

/* Lies in the arena of `work`, whose steps it is asked between. */
typedef struct {
    ngx_queue_t        queue;
    sv_request_t      *work;
    const sv_lookup_t *lookup;
    sv_lookup_found_t *found;
    sv_next_pt         next;
} sv_lookup_question_t;

/* NULL when out of memory. */
sv_lookup_questions_t *sv_lookup_questions_create(struct sv_process_s *process);
void                   sv_lookup_questions_destroy(sv_lookup_questions_t *questions);

/* sv_lookup_ask on a thread, then `next` of the work with *found filled, or with call->error set. */
void sv_lookup_question_ask(sv_lookup_questions_t *questions, sv_lookup_question_t *question);

/* A failure of what several waited for is each one's. */
void sv_lookup_error_pass(sv_error_t *to, const sv_error_t *from);

#endif
