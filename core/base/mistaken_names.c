#include "core/base/mistaken_names.h"

#include <string.h>

static const struct {
    sv_names_t of;
    const char *name;
    const char *meant; /* NULL: a picture that is none (core/photos/photo_sent.h takes the others) */
} sv_mistaken_rows[] = {
    { SV_NAMES_OF_RECORD, "qty", "verified_qty" },
    { SV_NAMES_OF_RECORD, "quantity", "verified_qty" },
    { SV_NAMES_OF_RECORD, "counted_qty", "verified_qty" },
    { SV_NAMES_OF_RECORD, "verified_quantity", "verified_qty" },
    { SV_NAMES_OF_RECORD, "damaged_qty", "damage_qty" },
    { SV_NAMES_OF_RECORD, "damaged_quantity", "damage_qty" },
    { SV_NAMES_OF_RECORD, "damage_quantity", "damage_qty" },
    { SV_NAMES_OF_RECORD, "non_returnable_qty", "non_returnable_damaged_qty" },
    { SV_NAMES_OF_RECORD, "non_returnable_damage_qty", "non_returnable_damaged_qty" },
    { SV_NAMES_OF_RECORD, "serial_number", "serial_numbers" },
    { SV_NAMES_OF_RECORD, "serials", "serial_numbers" },
    { SV_NAMES_OF_RECORD, "lot_no", "lot" },
    { SV_NAMES_OF_RECORD, "lot_number", "lot" },
    { SV_NAMES_OF_RECORD, "batch_no", "lot" },
    { SV_NAMES_OF_RECORD, "batch_number", "lot" },
    { SV_NAMES_OF_RECORD, "unit", "uom" },
    { SV_NAMES_OF_RECORD, "unit_of_measure", "uom" },
    { SV_NAMES_OF_RECORD, "manufacturing_date", "mfg_date" },
    { SV_NAMES_OF_RECORD, "exp_date", "expiry_date" },
    { SV_NAMES_OF_RECORD, "expiration_date", "expiry_date" },
    { SV_NAMES_OF_RECORD, "mrp_counted", "mrp" },
    { SV_NAMES_OF_RECORD, "is_partial", "partial" },
    { SV_NAMES_OF_RECORD, "is_void", "status, which says void" },
    { SV_NAMES_OF_RECORD, "voided", "status, which says void" },
    { SV_NAMES_OF_RECORD, "replace", "replaces" },
    { SV_NAMES_OF_RECORD, "photos", "photo_proofs" },
    { SV_NAMES_OF_RECORD, "session", "session_id" },
    { SV_NAMES_OF_RECORD, "rack", "rack_id" },
    { SV_NAMES_OF_RECORD, "rack_no", "rack_id" },
    { SV_NAMES_OF_RECORD, "floor_no", "floor" },
    { SV_NAMES_OF_RECORD, "location", "rack_id, else the session's rack" },
    { SV_NAMES_OF_RECORD, "mark_location", "rack_id, else the session's rack" },
    { SV_NAMES_OF_RECORD, "warehouse_id", "session_id, whose warehouse it is" },
    { SV_NAMES_OF_RECORD, "photo_base64", NULL },
    { SV_NAMES_OF_LINE, "photo_base64", NULL },
    { SV_NAMES_OF_FIND, "photo_base64", NULL },
    { SV_NAMES_OF_BATCH, "operations", "records" },
    { SV_NAMES_OF_RESOLUTION, "merged_data", "record" },
    { SV_NAMES_OF_RESOLUTION, "merged_record", "record" },
    { SV_NAMES_OF_COUNT, "blind_count", "blind" },
    { SV_NAMES_OF_COUNT, "is_blind", "blind" },
    { SV_NAMES_OF_COUNT, "strict_mode", "strict" },
    { SV_NAMES_OF_COUNT, "is_strict", "strict" },
    { SV_NAMES_OF_COUNT, "session_type", "type" },
    { SV_NAMES_OF_COUNT, "count_type", "type" },
    { SV_NAMES_OF_COUNT, "warehouse_id", "warehouse" },
    { SV_NAMES_OF_COUNT, "floor_no", "floor" },
    { SV_NAMES_OF_COUNT, "floors", "floor, a single one" },
    { SV_NAMES_OF_COUNT, "rack", "racks" },
    { SV_NAMES_OF_COUNT, "rack_id", "racks" },
    { SV_NAMES_OF_COUNT, "rack_ids", "racks" },
    { SV_NAMES_OF_COUNT, "location", "floor or racks" },
    { SV_NAMES_OF_COUNTS, "forced", "force" },
    { SV_NAMES_OF_COUNTS, "force_close", "force" },
    { SV_NAMES_OF_COUNTS, "is_forced", "force" },
    { SV_NAMES_OF_CLAIM, "count", "count_id" },
    { SV_NAMES_OF_CLAIM, "floor_no", "floor" },
    { SV_NAMES_OF_CLAIM, "is_recount", "recount" },
    { SV_NAMES_OF_COMPLETION, "record_count", "records" },
    { SV_NAMES_OF_COMPLETION, "total_records", "records" },
    { SV_NAMES_OF_USER, "disabled", "enabled, which is its contrary" },
    { SV_NAMES_OF_USER, "is_active", "enabled" },
    { SV_NAMES_OF_USER, "active", "enabled" },
    { SV_NAMES_OF_USER, "is_admin", "role" },
    { SV_NAMES_OF_USER, "name", "full_name" },
    { SV_NAMES_OF_USER, "warehouse_id", "warehouse" },
};

enum { SV_MISTAKEN_ROWS = sizeof(sv_mistaken_rows) / sizeof(sv_mistaken_rows[0]) };

static bool
sv_mistaken_says_nothing(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) || (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

static void
sv_mistaken_tell(int row, const sv_json_fields_t *fields)
{
    const char *path = sv_json_field_path(fields, sv_mistaken_rows[row].name), *meant = sv_mistaken_rows[row].meant;

    if (meant != NULL) {
        sv_fail_field(fields->error, path, "not_allowed", "is not known here: the name is %s", meant);
    } else {
        sv_fail_field(fields->error, path, "invalid_format",
                      "is no JPEG, PNG or WebP picture in base64, within the limits that /api/config tells");
    }
}

void
sv_mistaken_name_refuse(sv_names_t of, const sv_json_fields_t *fields, const char *name)
{
    for (int i = 0; i < SV_MISTAKEN_ROWS; i++) {
        if (sv_mistaken_rows[i].of == of && strcmp(sv_mistaken_rows[i].name, name) == 0) {
            if (!sv_mistaken_says_nothing(json_object_get(fields->object, name))) {
                sv_mistaken_tell(i, fields);
            }
            return;
        }
    }
}

void
sv_mistaken_names_refuse(sv_names_t of, const sv_json_fields_t *fields)
{
    json_t *object = (json_t *) fields->object;

    for (void *iter = json_object_iter(object); iter != NULL; iter = json_object_iter_next(object, iter)) {
        sv_mistaken_name_refuse(of, fields, json_object_iter_key(iter));
    }
}
