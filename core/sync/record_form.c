#include <string.h>

#include "core/store/document.h"
#include "core/sync/record_table.h"

/* Members of a stored record that are of no use to a client. */
static const char *const sv_record_internal[] = { "_id",   "whole", "superseded", "replaced",      "content_hash",
                                                  "order", "fence", "lot_key",    "order_suspect", NULL };

static void
sv_append_list(bson_t *document, const sv_member_row_t *row, const sv_text_list_t *list)
{
    bson_t array;
    char digits[16];
    const char *key;

    bson_append_array_begin(document, row->name, (int) row->name_length, &array);
    for (size_t i = 0; i < list->count; i++) {
        size_t length = bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));

        bson_append_utf8(&array, key, (int) length, list->items[i], -1);
    }
    bson_append_array_end(document, &array);
}

static void
sv_append_member(bson_t *document, const sv_member_row_t *row, const sv_record_t *record)
{
    const void *place = (const char *) record + row->offset;
    int length = (int) row->name_length;
    bson_decimal128_t decimal;

    switch (row->kind) {
    case SV_MEMBER_CODE:
    case SV_MEMBER_ID:
    case SV_MEMBER_TEXT:
    case SV_MEMBER_NOTE:
    case SV_MEMBER_DATE:
    case SV_MEMBER_CONDITION:
        bson_append_utf8(document, row->name, length, *(const char *const *) place, -1);
        break;
    case SV_MEMBER_STATUS:
        bson_append_utf8(document, row->name, length, sv_record_statuses[*(const int *) place], -1);
        break;
    case SV_MEMBER_QUANTITY:
        sv_quantity_to_decimal128(*(const sv_quantity_t *) place, &decimal);
        bson_append_decimal128(document, row->name, length, &decimal);
        break;
    case SV_MEMBER_TIME:
        bson_append_date_time(document, row->name, length, *(const int64_t *) place);
        break;
    case SV_MEMBER_REVISION:
        bson_append_int64(document, row->name, length, *(const int64_t *) place);
        break;
    case SV_MEMBER_BOOL:
        bson_append_bool(document, row->name, length, *(const bool *) place);
        break;
    case SV_MEMBER_LIST:
        sv_append_list(document, row, place);
        break;
    }
}

/* Stored whether sent or not, so that readers need no defaults. */
#define SV_MEMBER_BIT(name) (UINT64_C(1) << SV_RECORD_HAS_##name)
static const uint64_t sv_members_always = SV_MEMBER_BIT(damage_qty) | SV_MEMBER_BIT(non_returnable_damaged_qty) |
                                          SV_MEMBER_BIT(partial) | SV_MEMBER_BIT(serial_numbers);
/* Told by the floor session when stored. */
static const uint64_t sv_members_of_session = SV_MEMBER_BIT(session_id) | SV_MEMBER_BIT(rack_id) | SV_MEMBER_BIT(floor);

static void
sv_append_members(bson_t *document, const sv_record_t *record, uint64_t members)
{
    for (; members != 0; members &= members - 1) {
        sv_append_member(document, &sv_member_rows[__builtin_ctzll(members)], record);
    }
}

void
sv_record_append(bson_t *document, const sv_record_t *record)
{
    sv_append_members(document, record, (record->present | sv_members_always) & ~sv_members_of_session);
    if (!sv_record_has(record, SV_RECORD_HAS_revision)) {
        BSON_APPEND_NULL(document, "revision");
    }
    BSON_APPEND_INT64(document, "order", record->order);
    BSON_APPEND_UTF8(document, "content_hash", record->content_hash);
    if (record->counted_as != NULL && record->linked) {
        BSON_APPEND_UTF8(document, "counted_as", record->counted_as);
    }
}

/* As its phone said it: under the code or the find it was counted as. */
void
sv_record_append_sent(bson_t *document, const sv_record_t *record)
{
    sv_record_t sent = *record;

    if (sent.linked && sent.counted_as != NULL) {
        sent.item_code = sent.counted_as;
    } else if (sent.linked) {
        sent.present &= ~SV_MEMBER_BIT(item_code);
    }
    sv_append_members(document, &sent, sent.present);
}

/* The same of a stored one. */
static void
sv_unlink_sent(json_t *stored)
{
    if (json_object_get(stored, "unknown_item_id") != NULL) {
        json_object_del(stored, "item_code");
    } else if (json_object_get(stored, "counted_as") != NULL) {
        json_object_set(stored, "item_code", json_object_get(stored, "counted_as"));
    }
}

bool
sv_record_from_sent(const bson_t *document, sv_arena_t *arena, sv_record_t *record)
{
    sv_record_reader_t reader;
    sv_json_writer_t writer;
    sv_buffer_t text;
    sv_error_t error;
    json_t *value;

    sv_buffer_init(&text, arena, 1024);
    sv_json_writer_init(&writer, &text);
    sv_doc_write_json(&writer, NULL, document);
    sv_error_init(&error, arena);
    value = (json_t *) sv_json_parse_object(text.data, text.length, arena, &error);
    if (value == NULL) {
        return false;
    }
    sv_unlink_sent(value);
    sv_record_reader_init(&reader, arena);
    sv_record_read(&reader, value, 0, record);
    return record->fault.code == NULL;
}

static bool
sv_record_is_internal(const char *name)
{
    for (int i = 0; sv_record_internal[i] != NULL; i++) {
        if (strcmp(sv_record_internal[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void
sv_record_write_json(sv_json_writer_t *w, const bson_t *record)
{
    sv_record_write_member(w, NULL, record);
}

void
sv_record_write_member(sv_json_writer_t *w, const char *name, const bson_t *record)
{
    bson_iter_t iter;

    sv_json_object(w, name);
    if (bson_iter_init(&iter, record)) {
        while (bson_iter_next(&iter)) {
            if (!sv_record_is_internal(bson_iter_key(&iter))) {
                sv_doc_write_value(w, bson_iter_key(&iter), &iter);
            }
        }
    }
    sv_json_end(w);
}
