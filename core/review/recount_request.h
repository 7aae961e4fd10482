#ifndef SV_RECOUNT_REQUEST_H
#define SV_RECOUNT_REQUEST_H

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/review/recount_ask.h"

enum { SV_RECOUNT_RACKS = 500, SV_RECOUNT_ITEMS = 500 };

/* A recount that a supervisor asks for: of whole racks, or of items on every rack that was counted and has a figure of
 * them, or expects them. */
typedef struct {
    const char *count_id;
    const char **racks; /* either these */
    size_t rack_count;
    const char **item_codes; /* or these */
    size_t item_count;
    bool different_user; /* none of those who counted may take it */
    bool withdraw;       /* no more, as far as nobody has begun */
} sv_recount_request_t;

typedef struct {
    sv_recount_ask_t *asks;
    size_t count;
} sv_recount_answer_t;

/* In one transaction, with audit entries.  Errors: of the count as sv_review_count(); SV_ERR_VALIDATION_FAILED naming
 * racks or items that were not counted, or are excluded. */
sv_status_t sv_recount_request(sv_store_t *store, const sv_principal_t *who, const sv_recount_request_t *request,
                               sv_arena_t *arena, sv_recount_answer_t *answer, sv_error_t *error);

/* The recounts of a count, newest round first a rack, as one JSON array; `w` may be inside an object. */
sv_status_t sv_recounts_write(sv_store_t *store, const char *count_id, const char *name, sv_json_writer_t *w,
                              sv_arena_t *arena, sv_error_t *error);

#endif
