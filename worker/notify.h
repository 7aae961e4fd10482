#ifndef SV_WORKER_NOTIFY_H
#define SV_WORKER_NOTIFY_H

#include <stdint.h>

/* Tells the service manager (sd_notify(3), the datagram protocol over NOTIFY_SOCKET); nothing without one.
 * `state` as there: "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=...". */
void sv_notify(const char *state);

/* How often the manager wants WATCHDOG=1, in ms, halved as it advises; 0: not at all. */
int64_t sv_notify_watchdog_ms(void);

#endif
