#include "core/sync/counting.h"

#include <string.h>

#include "core/store/document.h"

/* Records of the version before have no `counts`; they say by `status` and `superseded` that they do not count.  A list
 * of values rather than a negation: `counts` stands in an index. */
void
sv_counting_filter(bson_t *filter)
{
    BCON_APPEND(filter, "counts", "{", "$in", "[", BCON_BOOL(true), BCON_NULL, "]", "}", "status", "{", "$ne", "void",
                "}", "superseded", "{", "$ne", BCON_BOOL(true), "}");
}

bool
sv_counting_does(const bson_t *record)
{
    bson_iter_t iter;

    if (sv_doc_bool(record, "superseded") ||
        (bson_iter_init_find(&iter, record, "counts") && BSON_ITER_HOLDS_BOOL(&iter) && !bson_iter_bool(&iter))) {
        return false;
    }
    return !(bson_iter_init_find(&iter, record, "status") && BSON_ITER_HOLDS_UTF8(&iter) &&
             strcmp(bson_iter_utf8(&iter, NULL), "void") == 0);
}
