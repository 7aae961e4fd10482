#include "core/store/element.h"

#include <string.h>

enum { SV_LENGTH_BYTES = 4, SV_ELSEWHERE = -1, SV_MALFORMED = -2 };

/* The int32 that strings, documents and the like begin with, as a number of bytes. */
static int64_t
sv_element_length(const uint8_t *value, size_t left)
{
    uint32_t length;

    if (left < SV_LENGTH_BYTES) {
        return SV_MALFORMED;
    }
    memcpy(&length, value, SV_LENGTH_BYTES);
    length = BSON_UINT32_FROM_LE(length);
    return length > INT32_MAX ? SV_MALFORMED : (int64_t) length;
}

static int64_t
sv_element_counted(const uint8_t *value, size_t left, int64_t besides)
{
    int64_t length = sv_element_length(value, left);

    return length < 0 ? length : length + besides;
}

/* How many bytes a value takes; SV_ELSEWHERE: of a type that only libbson walks past. */
static int64_t
sv_element_size(uint8_t type, const uint8_t *value, size_t left)
{
    switch (type) {
    case BSON_TYPE_NULL:
    case BSON_TYPE_UNDEFINED:
    case BSON_TYPE_MINKEY:
    case BSON_TYPE_MAXKEY:
        return 0;
    case BSON_TYPE_BOOL:
        return 1;
    case BSON_TYPE_INT32:
        return 4;
    case BSON_TYPE_DOUBLE:
    case BSON_TYPE_DATE_TIME:
    case BSON_TYPE_TIMESTAMP:
    case BSON_TYPE_INT64:
        return 8;
    case BSON_TYPE_OID:
        return 12;
    case BSON_TYPE_DECIMAL128:
        return 16;
    case BSON_TYPE_UTF8:
    case BSON_TYPE_CODE:
    case BSON_TYPE_SYMBOL:
        return sv_element_counted(value, left, SV_LENGTH_BYTES);
    case BSON_TYPE_BINARY:
        return sv_element_counted(value, left, SV_LENGTH_BYTES + 1);
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
        return sv_element_counted(value, left, 0);
    default:
        return SV_ELSEWHERE;
    }
}

static bool
sv_element_find_slowly(const bson_t *document, const char *name, size_t length, bson_iter_t *found)
{
    return bson_iter_init(found, document) && bson_iter_find_w_len(found, name, (int) length);
}

bool
sv_element_find(const bson_t *document, const char *name, size_t length, bson_iter_t *found)
{
    const uint8_t *data = bson_get_data(document), *at = data + SV_LENGTH_BYTES, *end = data + document->len - 1;

    while (at < end) {
        const uint8_t *key = at + 1, *value = memchr(key, '\0', (size_t) (end - key));
        int64_t size;

        if (value == NULL) {
            return false;
        }
        if ((size_t) (value - key) == length && memcmp(key, name, length) == 0) {
            return bson_iter_init_from_data_at_offset(found, data, document->len, (uint32_t) (at - data),
                                                      (uint32_t) length);
        }
        value++;
        size = sv_element_size(*at, value, (size_t) (end - value));
        if (size == SV_ELSEWHERE) {
            return sv_element_find_slowly(document, name, length, found);
        }
        if (size < 0 || size > end - value) {
            return false;
        }
        at = value + size;
    }
    return false;
}
