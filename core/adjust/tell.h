#ifndef SV_ADJUSTMENT_TELL_H
#define SV_ADJUSTMENT_TELL_H

#include "core/store/store.h"

/* Has the totals of the adjustment's items derived anew in the counts that are not over, and marks it told.  May be
 * repeated. */
sv_status_t sv_adjustment_tell(sv_store_t *store, const char *adjustment_id, sv_error_t *error);

/* The same for those of the warehouse that nobody told yet: whoever published them may have died behind that. */
sv_status_t sv_adjustments_tell_all(sv_store_t *store, const char *warehouse, sv_error_t *error);

#endif
