#ifndef SV_ERP_LOOKUP_H
#define SV_ERP_LOOKUP_H

#include <stdbool.h>

#include "core/redis/command.h"

/*
 * Asking the ERP for a code, from a process that never speaks to an ERP itself: through Redis, answered by any worker
 * that does.  One question goes to the ERP however many ask for the same code, in whatever process; its
 * answer stands for SV_ERP_ANSWER_MS.
 *
 *     sv_erp_ask_command(&command, arena, code, limit_ms)     run it
 *     switch (sv_erp_ask_read(reply, arena, &item_code))
 *     SV_ERP_WAITING       ask again after SV_ERP_ASK_AGAIN_MS, until `limit_ms` has passed since the first
 *     SV_ERP_FOUND         the item and its stock are in MongoDB under item_code now
 *     SV_ERP_UNKNOWN       the ERP answered that it has no such code: may be remembered
 *     SV_ERP_TIMED_OUT     the ERP did not answer in time, or refused; SV_ERP_OFF: none is asked here
 *
 * A caller whose `limit_ms` passes while it waits takes that for SV_ERP_TIMED_OUT.  Requests of one process for
 * the same code had better share one asker.
 */
enum { SV_ERP_ASK_AGAIN_MS = 15, SV_ERP_ANSWER_MS = 3000, SV_ERP_MAX_QUESTIONS = 1000, SV_ERP_STATE_MS = 15000 };

typedef enum { SV_ERP_WAITING, SV_ERP_FOUND, SV_ERP_UNKNOWN, SV_ERP_TIMED_OUT, SV_ERP_OFF } sv_erp_answer_t;

#define SV_ERP_QUESTIONS_KEY "erp:questions"
#define SV_ERP_STATE_KEY     "erp:state"

/* Keeps pointers until it has run.  `code` has passed the text gate; `limit_ms` is how long the ERP may take. */
void sv_erp_ask_command(sv_redis_command_t *command, sv_arena_t *arena, const char *code, int64_t limit_ms);
/* `reply` NULL (no Redis): SV_ERP_OFF.  *item_code is set for SV_ERP_FOUND, else NULL. */
sv_erp_answer_t sv_erp_ask_read(const redisReply *reply, sv_arena_t *arena, const char **item_code);

/* The worker's half: tells what came of a question; `forget` are codes whose item:{barcode} is stale.  item_code is
 * read for SV_ERP_FOUND alone. */
void sv_erp_answer_command(sv_redis_command_t *command, sv_arena_t *arena, const char *code, sv_erp_answer_t answer,
                           const char *item_code, const char *const *forget, size_t forget_count);

/* How the ERP is, as workers tell it in erp:state, which goes when none of them lives. */
typedef struct {
    bool on; /* a worker asks one */
    bool up;
    const char *cause; /* why it is not up; NULL: it is */
} sv_erp_state_t;

/* `cause` NULL: it is up. */
void sv_erp_state_command(sv_redis_command_t *command, sv_arena_t *arena, const char *cause);
void sv_erp_state_ask_command(sv_redis_command_t *command, sv_arena_t *arena);
void sv_erp_state_read(const redisReply *reply, sv_arena_t *arena, sv_erp_state_t *state); /* NULL: off */
const char *sv_erp_state_word(const sv_erp_state_t *state);                                /* up, down, off */

#endif
