#ifndef SV_WORKER_WRITE_BACK_H
#define SV_WORKER_WRITE_BACK_H

#include "worker/duty.h"

/* Posts adjustments into the ERP (core/adjust/posting.h): one worker at a time, over a child that lives as long as the
 * round. */
enum { SV_WRITE_BACK_MS = 1000 };

sv_status_t sv_duty_write_back(sv_duty_round_t *round, sv_error_t *error);

#endif
