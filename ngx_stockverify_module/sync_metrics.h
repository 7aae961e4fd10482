#ifndef SV_SYNC_METRICS_H
#define SV_SYNC_METRICS_H

#include <stddef.h>

/* How many records of a batch ended how; after the sync step, or on its thread. */
void sv_metrics_sync_verdicts(size_t ok, size_t conflicts, size_t errors);

#endif
