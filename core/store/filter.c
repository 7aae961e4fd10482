#include "core/store/filter.h"

void
sv_filter_in(bson_t *filter, const char *field, const char *const *values, size_t count)
{
    bson_t operator, list;
    const char *key;
    char digits[16];

    BSON_APPEND_DOCUMENT_BEGIN(filter, field, &operator);
    BSON_APPEND_ARRAY_BEGIN(&operator, "$in", &list);
    for (size_t i = 0; i < count; i++) {
        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_UTF8(&list, key, values[i]);
    }
    bson_append_array_end(&operator, & list);
    bson_append_document_end(filter, &operator);
}
