#ifndef SV_BASE_ERROR_COPY_H
#define SV_BASE_ERROR_COPY_H

#include "core/base/error.h"

/* What `from` tells, with copies of its texts in the arena of `to`, unless that tells of something already: for an error
 * that was made on another thread.  Returns the status. */
sv_status_t sv_error_copy(const sv_error_t *from, sv_error_t *to);

#endif
