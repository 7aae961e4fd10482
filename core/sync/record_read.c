#include "core/sync/record_read.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/aliases.h"
#include "core/base/mistaken_names.h"
#include "core/base/text.h"
#include "core/base/text_gate.h"
#include "core/base/text_map.h"
#include "core/photos/photo_name.h"
#include "core/sync/record_hash.h"
#include "core/sync/record_table.h"
#include "core/sync/serial_fold.h"

enum { SV_FEW_SERIALS = 12 };

void
sv_record_reader_init(sv_record_reader_t *reader, sv_arena_t *arena)
{
    reader->arena = arena;
    sv_buffer_init(&reader->content, arena, 1024);
    memset(reader->guesses, 0, sizeof(reader->guesses));
}

/* The row of a member's name.  The records of a batch are made by one program, so a member
 * stands where it stood in the record before. */
static int
sv_record_find_row(sv_record_reader_t *reader, const char *name, size_t place)
{
    uint8_t *guess = place < SV_RECORD_MAX_MEMBERS ? &reader->guesses[place] : NULL;

    if (guess != NULL && strcmp(sv_member_rows[*guess].name, name) == 0) {
        return *guess;
    }
    for (int row = 0; row < SV_RECORD_MEMBER_COUNT; row++) {
        if (strcmp(sv_member_rows[row].name, name) == 0) {
            if (guess != NULL) {
                *guess = (uint8_t) row;
            }
            return row;
        }
    }
    return -1;
}

static size_t
sv_record_list_max(const sv_member_row_t *row)
{
    return row->offset == offsetof(sv_record_t, serial_numbers) ? SV_RECORD_MAX_SERIALS
           : row->offset == offsetof(sv_record_t, replaces)     ? SV_RECORD_MAX_REPLACES
                                                                : SV_RECORD_MAX_PHOTOS;
}

static bool
sv_record_read_list(const sv_json_fields_t *fields, const sv_member_row_t *row, size_t max, sv_arena_t *arena,
                    sv_text_list_t *list)
{
    const json_t *value = json_object_get(fields->object, row->name);

    if (json_is_array(value) && json_array_size(value) > max) {
        sv_fail_field(fields->error, row->name,
                      row->offset == offsetof(sv_record_t, serial_numbers) ? "too_many_serials" : "too_long",
                      "%s must have at most %zu elements", row->name, max);
        return false;
    }
    return sv_json_get_identifiers(fields, row->name, row->presence, max, row->limit, arena, &list->items,
                                   &list->count);
}

static bool
sv_record_read_word(const sv_json_fields_t *fields, const sv_member_row_t *row, const char *const *words,
                    const char **word)
{
    int index;

    if (!sv_json_get_choice(fields, row->name, row->presence, words, &index)) {
        return false;
    }
    *word = words[index];
    return true;
}

static bool
sv_record_read_id(const sv_json_fields_t *fields, const sv_member_row_t *row, sv_arena_t *arena, const char **id)
{
    if (!sv_json_get_identifier(fields, row->name, row->presence, row->limit, id)) {
        return false;
    }
    *id = sv_text_fold_uuid(*id, arena);
    return true;
}

static bool
sv_record_read_date(const sv_json_fields_t *fields, const sv_member_row_t *row, const char **date)
{
    int64_t ms;

    if (!sv_json_get_date(fields, row->name, row->presence, &ms)) {
        return false;
    }
    *date = json_string_value(json_object_get(fields->object, row->name));
    return true;
}

/* Reads one member; true when it is present and good. */
static bool
sv_record_read_member(const sv_json_fields_t *fields, const sv_member_row_t *row, sv_arena_t *arena,
                      sv_record_t *record)
{
    void *place = (char *) record + row->offset;

    switch (row->kind) {
    case SV_MEMBER_CODE:
        return sv_json_get_identifier(fields, row->name, row->presence, row->limit, place);
    case SV_MEMBER_ID:
        return sv_record_read_id(fields, row, arena, place);
    case SV_MEMBER_TEXT:
        return sv_json_get_text(fields, row->name, row->presence, 0, row->limit, place) &&
               **(const char **) place != '\0';
    case SV_MEMBER_NOTE:
        return sv_json_get_note(fields, row->name, row->presence, row->limit, place) && **(const char **) place != '\0';
    case SV_MEMBER_DATE:
        return sv_record_read_date(fields, row, place);
    case SV_MEMBER_CONDITION:
        return sv_record_read_word(fields, row, sv_record_conditions, place);
    case SV_MEMBER_STATUS:
        return sv_json_get_choice(fields, row->name, row->presence, sv_record_statuses, place);
    case SV_MEMBER_QUANTITY:
        return sv_json_get_quantity(fields, row->name, row->presence, false, place);
    case SV_MEMBER_TIME:
        return sv_json_get_time(fields, row->name, row->presence, place);
    case SV_MEMBER_REVISION:
        return sv_json_get_int(fields, row->name, row->presence, 0, INT64_MAX, place);
    case SV_MEMBER_BOOL:
        return sv_json_get_bool(fields, row->name, row->presence, place);
    case SV_MEMBER_LIST:
        return sv_record_read_list(fields, row, sv_record_list_max(row), arena, place);
    }
    return false;
}

static bool
sv_record_twice(sv_record_t *record, size_t i, sv_arena_t *arena)
{
    char field[40];

    snprintf(field, sizeof(field), "serial_numbers[%zu]", i);
    return sv_record_fail(record, arena, field, "duplicate_in_record", "serial_numbers has %s twice",
                          record->serial_numbers.items[i]);
}

static bool
sv_record_check_serials(sv_record_t *record, sv_arena_t *arena)
{
    const sv_text_list_t *serials = &record->serial_numbers;
    sv_text_map_t seen;

    if (serials->count <= SV_FEW_SERIALS) {
        for (size_t i = 1; i < serials->count; i++) {
            for (size_t j = 0; j < i; j++) {
                if (strcasecmp(serials->items[i], serials->items[j]) == 0) {
                    return sv_record_twice(record, i, arena);
                }
            }
        }
        return true;
    }
    sv_text_map_init(&seen, arena, serials->count);
    for (size_t i = 0; i < serials->count; i++) {
        void **place = sv_text_map_put(&seen, sv_serial_fold(serials->items[i], arena));

        if (*place != NULL) {
            return sv_record_twice(record, i, arena);
        }
        *place = record;
    }
    return true;
}

/* A record is of a known item or of one found unknown, not of both. */
static bool
sv_record_check_item(sv_record_t *record, sv_arena_t *arena)
{
    if (record->item_code == NULL && record->unknown_item_id == NULL) {
        return sv_record_fail(record, arena, "item_code", "required", "item_code is required");
    }
    if (record->item_code != NULL && record->unknown_item_id != NULL) {
        return sv_record_fail(record, arena, "unknown_item_id", "not_allowed",
                              "a record has an item_code or an unknown_item_id, not both");
    }
    record->item_key = record->item_code;
    if (record->item_key == NULL) {
        record->item_key = sv_arena_printf(arena, "\x01%s", record->unknown_item_id);
    }
    return true;
}

static void
sv_record_take_fault(sv_record_t *record, const sv_error_t *error)
{
    record->malformed = true;
    record->fault.field = error->details[0].field;
    record->fault.code = error->details[0].code;
    record->fault.message = error->details[0].message;
    if (strcmp(record->fault.code, sv_text_fault_code(SV_TEXT_CONTROL)) == 0) {
        record->fault.code = sv_text_fault_code(SV_TEXT_NOT_UTF8); /* within a record they are one thing */
    }
}

static bool
sv_record_is_text(const json_t *member)
{
    return sv_utf8_valid(json_string_value(member), json_string_length(member));
}

/* Whether a member says nothing, or is no text (told as a fault): then it is not read at all. */
static bool
sv_record_skips(const sv_json_fields_t *fields, const sv_member_row_t *row, const json_t *member)
{
    if (!json_is_string(member)) {
        return json_is_null(member);
    }
    if (json_string_length(member) == 0) {
        return row->presence == SV_OPTIONAL;
    }
    if (!sv_record_is_text(member)) { /* before it is taken for its part before a NUL */
        sv_fail_field(fields->error, row->name, sv_text_fault_code(SV_TEXT_NOT_UTF8),
                      "%s has a NUL or half of a surrogate pair", row->name);
        return true;
    }
    return false;
}

static void
sv_record_read_members(sv_record_reader_t *reader, const sv_json_fields_t *fields, sv_record_t *record)
{
    json_t *value = (json_t *) fields->object;
    size_t place = 0;

    for (void *iter = json_object_iter(value); iter != NULL; iter = json_object_iter_next(value, iter), place++) {
        int row = sv_record_find_row(reader, json_object_iter_key(iter), place);

        if (row < 0) {
            sv_mistaken_name_refuse(SV_NAMES_OF_RECORD, fields, json_object_iter_key(iter));
        } else if (!sv_record_skips(fields, &sv_member_rows[row], json_object_iter_value(iter)) &&
                   sv_record_read_member(fields, &sv_member_rows[row], reader->arena, record)) {
            record->present |= UINT64_C(1) << row;
        }
    }
}

void
sv_record_read(sv_record_reader_t *reader, const json_t *value, size_t index, sv_record_t *record)
{
    sv_error_t error;
    sv_json_fields_t fields = { value, "", &error };
    const json_t *told_id = json_object_get(value, "client_record_id");
    uint64_t missing;

    memset(record, 0, sizeof(*record));
    record->index = index;
    if (!json_is_object(value)) {
        record->malformed = true;
        sv_record_fail(record, reader->arena, "", "wrong_type", "a record must be an object");
        return;
    }
    sv_error_init(&error, reader->arena);
    if (json_is_string(told_id) && sv_record_is_text(told_id)) {
        record->told_id = json_string_value(told_id);
    }
    sv_aliases_take(SV_ALIASES_OF_RECORD, &fields);
    sv_record_read_members(reader, &fields, record);
    for (size_t i = 0; i < record->replaces.count; i++) {
        record->replaces.items[i] = sv_text_fold_uuid(record->replaces.items[i], reader->arena);
    }
    sv_photo_names_take(record->photo_proofs.items, record->photo_proofs.count, reader->arena);
    missing = sv_members_required & ~record->present;
    for (int row = 0; missing != 0 && row < SV_RECORD_MEMBER_COUNT; row++) {
        /* A wrong one has been told already. */
        if ((missing >> row & 1) != 0 && error.detail_count == 0) {
            sv_record_read_member(&fields, &sv_member_rows[row], reader->arena, record);
        }
    }
    if (error.status != SV_OK) {
        sv_record_take_fault(record, &error);
        return;
    }
    if (!sv_record_check_item(record, reader->arena) || !sv_record_check_serials(record, reader->arena)) {
        record->malformed = true;
        return;
    }
    record->lot_key = sv_record_lot_key(record, false);
    record->order = sv_record_has(record, SV_RECORD_HAS_revision) ? record->revision : record->updated_at;
    sv_record_hash(record, &reader->content, reader->arena);
}
