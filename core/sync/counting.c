#include "core/sync/counting.h"

/* Records of the version before have no `counts`; they say by `status` and `superseded` that they do not count.  A list
 * of values rather than a negation: `counts` stands in an index. */
void
sv_counting_filter(bson_t *filter)
{
    BCON_APPEND(filter, "counts", "{", "$in", "[", BCON_BOOL(true), BCON_NULL, "]", "}", "status", "{", "$ne", "void",
                "}", "superseded", "{", "$ne", BCON_BOOL(true), "}");
}
