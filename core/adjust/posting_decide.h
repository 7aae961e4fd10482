#ifndef SV_POSTING_DECIDE_H
#define SV_POSTING_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What becomes of a line that was on its way to the ERP: pure, by what the ERP answered and by what it says it has
 * under the line's key.  Nothing is sent again before the ERP was asked for what it has.
 */
typedef enum {
    SV_ERP_TOOK_IT,      /* the statement ended well */
    SV_ERP_SAID_NO,      /* it answered an error */
    SV_ERP_IS_SILENT,    /* no answer, or the connection broke: it may have taken it */
    SV_ERP_WAS_NOT_ASKED /* a line that an earlier round left as sent */
} sv_erp_write_t;

typedef enum {
    SV_ERP_HAS_IT,
    SV_ERP_HAS_ANOTHER, /* under its key, with other content */
    SV_ERP_HAS_NOTHING,
    SV_ERP_DOES_NOT_SAY
} sv_erp_found_t;

typedef enum {
    SV_POSTING_IS_APPLIED,
    SV_POSTING_IS_REFUSED, /* for a person */
    SV_POSTING_GOES_AGAIN, /* it is not there: pending again */
    SV_POSTING_STAYS_SENT  /* nobody knows: the next round asks */
} sv_posting_outcome_t;

enum { SV_POSTING_MAX_ATTEMPTS = 5 };

/* `found` is not read when the ERP took it.  `attempts` are those answered with an error before. */
sv_posting_outcome_t
sv_posting_decide(sv_erp_write_t write, sv_erp_found_t found, const char *sqlstate, int64_t attempts);

/* Whether an error says something of the line, and not of the ERP's state: a later attempt would not end otherwise. */
bool sv_sqlstate_is_of_line(const char *sqlstate);
/* Whether it says that the connection broke, or the statement was ended: the outcome is not known. */
bool sv_sqlstate_is_silence(const char *sqlstate);

/* How long a line waits after that many errors. */
int64_t sv_posting_pause_ms(int64_t attempts);

#endif
