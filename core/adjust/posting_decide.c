#include "core/adjust/posting_decide.h"

#include <stddef.h>
#include <string.h>

enum { SV_CLASS_LENGTH = 2, SV_PAUSE_MS = 1000, SV_PAUSE_DOUBLES = 6 };

static bool
sv_sqlstate_is_one_of(const char *sqlstate, const char *const *classes)
{
    for (size_t i = 0; sqlstate != NULL && classes[i] != NULL; i++) {
        if (strncmp(sqlstate, classes[i], SV_CLASS_LENGTH) == 0) {
            return true;
        }
    }
    return false;
}

/* Data exceptions and violated constraints.  SQLite's driver says HY000 of everything. */
bool
sv_sqlstate_is_of_line(const char *sqlstate)
{
    static const char *const classes[] = { "22", "23", NULL };

    return sv_sqlstate_is_one_of(sqlstate, classes);
}

/* Connection exceptions, operator interventions, time-outs. */
bool
sv_sqlstate_is_silence(const char *sqlstate)
{
    static const char *const classes[] = { "08", "57", NULL };

    return sv_sqlstate_is_one_of(sqlstate, classes) || (sqlstate != NULL && strncmp(sqlstate, "HYT", 3) == 0);
}

sv_posting_outcome_t
sv_posting_decide(sv_erp_write_t write, sv_erp_found_t found, const char *sqlstate, int64_t attempts)
{
    if (write == SV_ERP_TOOK_IT) {
        return SV_POSTING_IS_APPLIED;
    }
    switch (found) {
    case SV_ERP_HAS_IT:
        return SV_POSTING_IS_APPLIED;
    case SV_ERP_HAS_ANOTHER:
        return SV_POSTING_IS_REFUSED;
    case SV_ERP_DOES_NOT_SAY:
        return SV_POSTING_STAYS_SENT;
    case SV_ERP_HAS_NOTHING:
        break;
    }
    if (write == SV_ERP_SAID_NO && (sv_sqlstate_is_of_line(sqlstate) || attempts + 1 >= SV_POSTING_MAX_ATTEMPTS)) {
        return SV_POSTING_IS_REFUSED;
    }
    return SV_POSTING_GOES_AGAIN;
}

int64_t
sv_posting_pause_ms(int64_t attempts)
{
    int64_t doubles = attempts < SV_PAUSE_DOUBLES ? attempts : SV_PAUSE_DOUBLES;

    return attempts <= 0 ? 0 : (int64_t) SV_PAUSE_MS << (doubles - 1);
}
