#include "core/sync/record_form.h"

#include <string.h>

#include "core/store/document.h"
#include "core/sync/record_read.h"
#include "core/sync/record_table.h"

/* Members of a stored record that are of no use to a client. */
static const char *const sv_record_internal[] = { "_id",           "whole", "superseded", "replaced",
                                                  "content_hash",  "order", "fence",      "lot_key",
                                                  "order_suspect", "said",  NULL };

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

/* What was said in packs, beside what it is. */
static void
sv_record_append_said(bson_t *document, const sv_record_said_t *said)
{
    bson_t object;

    BSON_APPEND_DOCUMENT_BEGIN(document, "said", &object);
    BSON_APPEND_UTF8(&object, "uom", said->uom);
    sv_doc_put_quantity(&object, "factor", said->factor);
    sv_doc_put_quantity(&object, "verified_qty", said->verified_qty);
    sv_doc_put_quantity(&object, "damage_qty", said->damage_qty);
    sv_doc_put_quantity(&object, "non_returnable_damaged_qty", said->non_returnable_damaged_qty);
    bson_append_document_end(document, &object);
}

void
sv_record_append(bson_t *document, const sv_record_t *record)
{
    uint64_t members = (record->present | sv_members_always) & ~sv_members_of_session;

    if (record->said.uom != NULL) {
        members &= record->uom != NULL ? UINT64_MAX : ~SV_MEMBER_BIT(uom);
        sv_record_append_said(document, &record->said);
    }
    sv_append_members(document, record, members);
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
    if (record->said.uom != NULL) {
        sent.uom = record->said.uom;
        sent.verified_qty = record->said.verified_qty;
        sent.damage_qty = record->said.damage_qty;
        sent.non_returnable_damaged_qty = record->said.non_returnable_damaged_qty;
    }
    sv_append_members(document, &sent, sent.present);
}

/* The same of a stored one. */
static void
sv_unlink_sent(json_t *stored)
{
    json_t *said = json_object_get(stored, "said");

    if (json_is_object(said)) {
        json_object_update_existing(stored, said);
        json_object_set(stored, "uom", json_object_get(said, "uom"));
    }
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

static const char *const sv_said_members[] = { "uom", "verified_qty", "damage_qty", "non_returnable_damaged_qty" };

/* A client is told what it said; what the packs are in the item's own unit stands beside it. */
static void
sv_record_write_value(sv_json_writer_t *w, const bson_t *record, const bson_iter_t *value)
{
    const char *name = bson_iter_key(value);
    bson_iter_t said, member;

    for (size_t i = 0; i < sizeof(sv_said_members) / sizeof(sv_said_members[0]); i++) {
        if (strcmp(name, sv_said_members[i]) == 0 && bson_iter_init_find(&said, record, "said") &&
            bson_iter_recurse(&said, &member) && bson_iter_find(&member, name)) {
            sv_doc_write_value(w, name, &member);
            return;
        }
    }
    sv_doc_write_value(w, name, value);
}

static void
sv_record_write_base(sv_json_writer_t *w, const bson_t *record)
{
    bson_iter_t iter;

    if (!sv_doc_has(record, "said")) {
        return;
    }
    sv_json_object(w, "base");
    if (!bson_has_field(record, "uom")) {
        sv_json_null(w, "uom");
    }
    sv_json_quantity(w, "factor", sv_doc_quantity(record, "said.factor"));
    for (size_t i = 0; i < sizeof(sv_said_members) / sizeof(sv_said_members[0]); i++) {
        if (bson_iter_init_find(&iter, record, sv_said_members[i])) {
            sv_doc_write_value(w, sv_said_members[i], &iter);
        }
    }
    sv_json_end(w);
}

void
sv_record_write_member(sv_json_writer_t *w, const char *name, const bson_t *record)
{
    bson_iter_t iter;

    sv_json_object(w, name);
    if (bson_iter_init(&iter, record)) {
        while (bson_iter_next(&iter)) {
            if (!sv_record_is_internal(bson_iter_key(&iter))) {
                sv_record_write_value(w, record, &iter);
            }
        }
    }
    sv_record_write_base(w, record);
    sv_json_end(w);
}
