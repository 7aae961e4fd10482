#ifndef SV_TOLERANCE_H
#define SV_TOLERANCE_H

#include "core/base/json_writer.h"
#include "core/review/line_state.h"
#include <bson/bson.h>

/* A count's tolerance as its document keeps it: tolerance {percent, quantity, value, different_user}. */

/* False: it has none. */
bool sv_tolerance_read(const bson_t *count, sv_tolerance_t *tolerance);
/* Appends `tolerance`: null where no limit is set. */
void sv_tolerance_put(bson_t *document, const sv_tolerance_t *tolerance);
void sv_tolerance_write_json(sv_json_writer_t *w, const bson_t *count);

#endif
