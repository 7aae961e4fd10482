#ifndef SV_REVIEW_CHANGE_H
#define SV_REVIEW_CHANGE_H

#include "core/auth/principal.h"
#include "core/counts/count.h"

/*
 * What a supervisor changes about a count while it is open or being reconciled: racks that need not be counted, and who
 * counts which.  Each is one transaction with its audit entry; the lines concerned are derived anew.  Errors:
 * SV_ERR_NOT_FOUND, SV_ERR_WRONG_KIND, SV_ERR_SESSION_CLOSED of the count; SV_ERR_VALIDATION_FAILED naming the place
 * in the request.
 */
enum { SV_REVIEW_RACKS = 500, SV_ASSIGNMENTS_MAX = 2000 };

typedef struct {
    const char *count_id;
    const char **racks;
    size_t rack_count;
    const char *reason; /* NULL where undone */
    bool undo;
} sv_exclusion_t;

/* The count afterwards.  What is excluded already stays so, with its first reason. */
sv_status_t sv_review_exclude(sv_store_t *store, const sv_principal_t *who, const sv_exclusion_t *exclusion,
                              sv_arena_t *arena, sv_count_t *count, sv_error_t *error);

typedef struct {
    const char *rack_id;
    const char *user_id;
} sv_assignment_t;

typedef struct {
    const char *count_id;
    const sv_assignment_t *rows;
    size_t count;
} sv_assignments_t;

/* They take the place of those there were. */
sv_status_t sv_review_assign(sv_store_t *store, const sv_principal_t *who, const sv_assignments_t *assignments,
                             sv_arena_t *arena, sv_count_t *count, sv_error_t *error);

/* The members `excluded` and `assignments` of a count. */
void sv_review_write_excluded(sv_json_writer_t *w, const sv_count_t *count);
void sv_review_write_assignments(sv_json_writer_t *w, const sv_count_t *count);

#endif
