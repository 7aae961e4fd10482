#ifndef SV_BASE_JOURNAL_H
#define SV_BASE_JOURNAL_H

#include "core/base/log.h"

/* What a line on standard error begins with: "<3>" and the like where that is systemd's journal, which then keeps the
 * line's priority (sd-daemon(3)); "" anywhere else. */
const char *sv_journal_prefix(sv_log_level_t level);

#endif
