#ifndef SV_LINE_SERIALS_H
#define SV_LINE_SERIALS_H

#include "core/totals/lines.h"

/* Flags the lines whose serial numbers a person is to look at: such as changed places while their number stayed the
 * same, such as stand on another rack than before, and such as two records claim. */
sv_status_t sv_line_serials_flag(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error);

#endif
