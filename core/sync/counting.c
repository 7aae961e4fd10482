#include "core/sync/counting.h"

#include <string.h>

#include "core/store/document.h"

/* Records of the version before have no `counts`; they say by `status` and `superseded` that they do not count. */
void
sv_counting_condition(bson_t *condition)
{
    BCON_APPEND(condition, "$nor", "[", "{", "counts", BCON_BOOL(false), "}", "{", "status", "void", "}", "{",
                "superseded", BCON_BOOL(true), "}", "]");
}

/* Under "$and": beside other fields the development server would look no index up for them (core/store/filter.h). */
void
sv_counting_filter(bson_t *filter)
{
    bson_t all, condition;

    BSON_APPEND_ARRAY_BEGIN(filter, "$and", &all);
    BSON_APPEND_DOCUMENT_BEGIN(&all, "0", &condition);
    sv_counting_condition(&condition);
    bson_append_document_end(&all, &condition);
    bson_append_array_end(filter, &all);
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
