#include "core/sync/record_hash.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/text_gate.h"
#include "core/sync/record_table.h"
#include "core/sync/serial_fold.h"

/*
 * The canonical content of a record: what means the same has the same bytes.  A hash begins with the version of this
 * form and a colon; the first version had neither, and took serial numbers in the order and in the letters they were
 * sent in.
 */
static const char sv_hash_version[] = "2:";

enum { SV_FIRST_HASH_VERSION = 1, SV_HASH_VERSION = 2 };

typedef struct {
    sv_buffer_t *bytes;
    sv_arena_t *arena;
    int version;
} sv_content_t;

static void
sv_content_text(sv_buffer_t *bytes, const char *text)
{
    uint32_t length = (uint32_t) strlen(text);

    sv_buffer_append(bytes, &length, sizeof(length));
    sv_buffer_append(bytes, text, length);
}

static void
sv_content_int(sv_buffer_t *bytes, int64_t value)
{
    sv_buffer_append(bytes, &value, sizeof(value));
}

static int
sv_content_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Serial numbers as they are compared, in an order of their own. */
static const sv_text_list_t *
sv_content_serials(const sv_content_t *content, const sv_text_list_t *list)
{
    sv_text_list_t *sorted = sv_arena_alloc(content->arena, sizeof(*sorted));

    sorted->items = sv_arena_alloc(content->arena, list->count * sizeof(*sorted->items));
    sorted->count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        sorted->items[i] = sv_serial_fold(list->items[i], content->arena);
    }
    qsort(sorted->items, sorted->count, sizeof(*sorted->items), sv_content_compare);
    return sorted;
}

static void
sv_content_list(const sv_content_t *content, const sv_member_row_t *row, const sv_text_list_t *list)
{
    if (content->version >= SV_HASH_VERSION && row->offset == offsetof(sv_record_t, serial_numbers)) {
        list = sv_content_serials(content, list);
    }
    sv_content_int(content->bytes, (int64_t) list->count);
    for (size_t i = 0; i < list->count; i++) {
        sv_content_text(content->bytes, list->items[i]);
    }
}

static void
sv_content_member(const sv_content_t *content, const sv_member_row_t *row, const void *place)
{
    switch (row->kind) {
    case SV_MEMBER_CODE:
    case SV_MEMBER_ID:
    case SV_MEMBER_TEXT:
    case SV_MEMBER_NOTE:
    case SV_MEMBER_DATE:
    case SV_MEMBER_CONDITION:
        sv_content_text(content->bytes, *(const char *const *) place);
        break;
    case SV_MEMBER_STATUS:
        sv_content_int(content->bytes, *(const int *) place);
        break;
    case SV_MEMBER_QUANTITY:
    case SV_MEMBER_TIME:
    case SV_MEMBER_REVISION:
        sv_content_int(content->bytes, *(const int64_t *) place);
        break;
    case SV_MEMBER_BOOL:
        sv_buffer_putc(content->bytes, *(const bool *) place ? 1 : 0);
        break;
    case SV_MEMBER_LIST:
        sv_content_list(content, row, place);
        break;
    }
}

/* Whether a member says no more than its absence: 0 damaged pieces, no serials, false. */
static bool
sv_member_is_default(const sv_member_row_t *row, const void *place)
{
    switch (row->kind) {
    case SV_MEMBER_BOOL:
        return !*(const bool *) place;
    case SV_MEMBER_LIST:
        return ((const sv_text_list_t *) place)->count == 0;
    case SV_MEMBER_QUANTITY:
        return row->offset != offsetof(sv_record_t, mrp) && *(const sv_quantity_t *) place == 0;
    default:
        return false;
    }
}

static void
sv_content_digest(const sv_record_t *record, const sv_content_t *content, char digest[SV_SHA256_HEX_SIZE])
{
    content->bytes->length = 0;
    for (int i = 0; i < SV_RECORD_MEMBER_COUNT; i++) {
        const sv_member_row_t *row = &sv_member_rows[i];
        const void *place = (const char *) record + row->offset;

        if (row->content && (record->present >> i & 1) != 0 && !sv_member_is_default(row, place)) {
            sv_buffer_putc(content->bytes, (char) (i + 1));
            sv_content_member(content, row, place);
        }
    }
    sv_sha256_hex(content->bytes->data, content->bytes->length, digest);
}

void
sv_record_hash(sv_record_t *record, sv_buffer_t *bytes, sv_arena_t *arena)
{
    sv_content_t content = { bytes, arena, SV_HASH_VERSION };

    memcpy(record->content_hash, sv_hash_version, sizeof(sv_hash_version) - 1);
    sv_content_digest(record, &content, record->content_hash + sizeof(sv_hash_version) - 1);
}

bool
sv_record_hash_is_current(const char *content_hash)
{
    return strncmp(content_hash, sv_hash_version, sizeof(sv_hash_version) - 1) == 0;
}

bool
sv_record_has_first_hash(const sv_record_t *record, const char *content_hash, sv_arena_t *arena)
{
    char digest[SV_SHA256_HEX_SIZE];
    sv_buffer_t bytes;
    sv_content_t content = { &bytes, arena, SV_FIRST_HASH_VERSION };

    sv_buffer_init(&bytes, arena, 1024);
    sv_content_digest(record, &content, digest);
    return strcmp(digest, content_hash) == 0;
}
