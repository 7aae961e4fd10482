#include "core/base/mistaken_names.h"
#include "core/base/text_gate.h"
#include "core/photos/photo_name.h"
#include "core/unknown/unknown_item.h"
#include "core/warehouse/warehouse_code.h"

enum { SV_FIND_SESSION_MAX = 320, SV_FIND_RACK_MAX = 128 };

/* A find without a code, a name, a remark or a photo says nothing that anybody could decide by. */
static bool
sv_find_says_something(const sv_find_t *find)
{
    return find->code != NULL || find->name != NULL || find->remark != NULL || find->photo_count > 0;
}

sv_status_t
sv_find_read(const json_t *object, sv_find_t *find, sv_error_t *error)
{
    sv_json_fields_t fields = { object, "", error };

    *find = (sv_find_t){ 0 };
    sv_mistaken_names_refuse(SV_NAMES_OF_FIND, &fields);
    sv_json_get_identifier(&fields, "unknown_item_id", SV_REQUIRED, SV_FIND_ID_MAX, &find->unknown_item_id);
    sv_json_get_identifier(&fields, "code", SV_OPTIONAL, SV_FIND_CODE_MAX, &find->code);
    sv_json_get_text(&fields, "name", SV_OPTIONAL, 1, SV_FIND_NAME_MAX, &find->name);
    sv_json_get_note(&fields, "remark", SV_OPTIONAL, SV_FIND_REMARK_MAX, &find->remark);
    sv_json_get_identifiers(&fields, "photos", SV_OPTIONAL, SV_FIND_PHOTOS_MAX, SV_FIND_ID_MAX, error->arena,
                            &find->photos, &find->photo_count);
    sv_json_get_identifier(&fields, "session_id", SV_OPTIONAL, SV_FIND_SESSION_MAX, &find->session_id);
    sv_json_get_identifier(&fields, "rack_id", SV_OPTIONAL, SV_FIND_RACK_MAX, &find->rack_id);
    sv_json_get_name(&fields, "warehouse", SV_OPTIONAL, SV_WAREHOUSE_MAX, &find->warehouse);
    sv_json_get_time(&fields, "found_at", SV_OPTIONAL, &find->found_at_ms);
    if (error->status == SV_OK && !sv_find_says_something(find)) {
        sv_fail_field(error, "code", "required", "One of code, name, remark and photos is required");
    }
    if (error->status == SV_OK) {
        find->unknown_item_id = sv_text_fold_uuid(find->unknown_item_id, error->arena);
        sv_photo_names_take(find->photos, find->photo_count, error->arena);
    }
    return error->status;
}
