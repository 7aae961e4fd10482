#ifndef SV_APPROVE_STEPS_H
#define SV_APPROVE_STEPS_H

#include "core/adjust/line_writer.h"
#include "core/counts/count.h"
#include "core/review/undecided.h"

/* The stages of an approval, shared by the files that have them. */
typedef struct {
    sv_job_run_t *job;
    const char *count_id;
    const char *note;
    sv_count_t count;     /* as it was read last */
    bool approved;        /* it is, by this job or an earlier one */
    bool has_derivations; /* the count's mark, before its lines were read: */
    int64_t derivations;  /* whatever changes a line raises it */
    int64_t seq;          /* the adjustment's in its warehouse */
    sv_undecided_t bars;  /* what bars it */
    sv_line_writer_t writer;
} sv_approval_t;

enum { SV_APPROVE_BARS = 100 }; /* kept and told */

/* approve_phones.c: waits for phones that are sending what they have left; for one that went silent a while, and for
 * all of them some minutes, at most. */
sv_status_t sv_approval_await_phones(sv_approval_t *approval, sv_error_t *error);

/* approve_state.c: RECONCILE -> APPROVING, or going on where an attempt of the count's approval died. */
sv_status_t sv_approval_begin(sv_approval_t *approval, sv_error_t *error);
/* Back to RECONCILE, with the reason: `error`, which stays as it is. */
sv_status_t sv_approval_take_back(sv_approval_t *approval, sv_error_t *error);
/* APPROVED with its adjustment, in one transaction; *published false: a line changed, or another adjustment of the
 * warehouse was published, since they were read. */
sv_status_t sv_approval_publish(sv_approval_t *approval, bool *published, sv_error_t *error);

/* approve_lines.c: writes the lines of the adjustment, as they stand.  SV_ERR_UNDECIDED, with `bars`, when lines of the
 * count or what it found before bar it. */
sv_status_t sv_approval_write_lines(sv_approval_t *approval, sv_error_t *error);

/* Fails as what bars it says: SV_ERR_UNDECIDED with a detail for each. */
sv_status_t sv_approval_fail_undecided(const sv_undecided_t *bars, sv_error_t *error);
/* SV_ERR_STILL_COUNTING while floor sessions of the count are live. */
sv_status_t sv_approval_check_live(sv_store_t *store, const char *count_id, sv_error_t *error);
/* How many touched items of the count wait for their totals, and how many cannot have them. */
sv_status_t sv_approval_count_touched(sv_store_t *store, const char *count_id, int64_t *waiting, int64_t *failed,
                                      sv_error_t *error);
/* The params of a job on behalf of a person: {id_name: id, note, username, full_name}. */
bson_t *sv_approval_job_params(const char *id_name, const char *id, const char *note, const sv_principal_t *who,
                               sv_arena_t *arena);
/* The role that who asked for the job has by now; SV_ERR_FORBIDDEN when they may ask for no such thing any more. */
sv_status_t sv_approval_role(sv_job_run_t *job, sv_role_t *role, sv_error_t *error);
/* SV_ERR_OVER_LIMIT when a value is more than the role may approve, or nobody knows that of `unvalued` lines. */
sv_status_t sv_approval_check_limit(const sv_settings_t *settings, sv_role_t role, sv_quantity_t gross_value,
                                    int64_t unvalued, sv_error_t *error);

#endif
