#ifndef SV_ERP_LIVE_CHECK_H
#define SV_ERP_LIVE_CHECK_H

#include "core/settings/settings.h"

/* Tries each statement of the mapping on the ERP itself, those that write left out, and prints a line for each: that it
 * answers, or what is wrong with it.  `stockverifyctl erp check` runs it in a worker's program, which alone speaks ODBC.
 * False: something is wrong. */
bool sv_erp_live_check(const sv_settings_t *settings, sv_error_t *error);

#endif
