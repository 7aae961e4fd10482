#include "core/base/aliases.h"

#include <string.h>
#include <strings.h>

/* Rows of one alias stand together.  `word` NULL: any value, as it is.  `value` NULL: the word is taken and says
 * nothing; SV_ALIAS_TRUE: the member becomes true. */
#define SV_ALIAS_TRUE "true"

static const struct {
    sv_aliases_t of;
    const char *alias;
    const char *word; /* in any case */
    const char *name;
    const char *value;
} sv_alias_rows[] = {
    { SV_ALIASES_OF_RECORD, "item_condition", "good", "condition", "good" },
    { SV_ALIASES_OF_RECORD, "item_condition", "damaged", "condition", "damaged" },
    { SV_ALIASES_OF_RECORD, "item_condition", "expired", "condition", "expired" },
    { SV_ALIASES_OF_RECORD, "condition", "good", "condition", "good" },
    { SV_ALIASES_OF_RECORD, "condition", "damaged", "condition", "damaged" },
    { SV_ALIASES_OF_RECORD, "condition", "expired", "condition", "expired" },
    { SV_ALIASES_OF_RECORD, "evidence_photos", NULL, "photo_proofs", NULL },
    { SV_ALIASES_OF_RESOLUTION, "resolution", "accept_server", "action", "keep_server" },
    { SV_ALIASES_OF_RESOLUTION, "resolution", "accept_local", "action", "keep_mine" },
    { SV_ALIASES_OF_RESOLUTION, "resolution", "merge", "action", "merge" },
    { SV_ALIASES_OF_COUNT, "type", "blind", "blind", SV_ALIAS_TRUE },
    { SV_ALIASES_OF_COUNT, "type", "strict", "strict", SV_ALIAS_TRUE },
    { SV_ALIASES_OF_COUNT, "type", "standard", NULL, NULL },
};

enum { SV_ALIAS_ROWS = sizeof(sv_alias_rows) / sizeof(sv_alias_rows[0]) };

static bool
sv_alias_says(const char *word, const json_t *value)
{
    return word == NULL || (json_is_string(value) && json_string_length(value) == strlen(word) &&
                            strcasecmp(json_string_value(value), word) == 0);
}

/* The alias' row for this value; -1: none. */
static int
sv_alias_find(int first, const json_t *value)
{
    for (int i = first; i < SV_ALIAS_ROWS && sv_alias_rows[i].of == sv_alias_rows[first].of &&
                        strcmp(sv_alias_rows[i].alias, sv_alias_rows[first].alias) == 0;
         i++) {
        if (sv_alias_says(sv_alias_rows[i].word, value)) {
            return i;
        }
    }
    return -1;
}

static bool
sv_alias_says_nothing(const json_t *value)
{
    return value == NULL || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
}

static void
sv_alias_rename(int row, const sv_json_fields_t *fields, json_t *value)
{
    json_t *object = (json_t *) fields->object;
    const char *name = sv_alias_rows[row].name, *word = sv_alias_rows[row].value;

    if (name == NULL) {
        return;
    }
    if (strcmp(name, sv_alias_rows[row].alias) != 0 && !sv_alias_says_nothing(json_object_get(object, name))) {
        sv_fail_field(fields->error, sv_json_field_path(fields, sv_alias_rows[row].alias), "not_allowed",
                      "is another name of %s, which is there too", name);
        return;
    }
    if (word == NULL) {
        json_object_set(object, name, value);
    } else {
        json_object_set_new(object, name, strcmp(word, SV_ALIAS_TRUE) == 0 ? json_true() : json_string(word));
    }
}

void
sv_aliases_take(sv_aliases_t of, const sv_json_fields_t *fields)
{
    const char *seen = "";

    for (int i = 0; i < SV_ALIAS_ROWS; i++) {
        const char *alias = sv_alias_rows[i].alias;
        json_t *value;
        int row;

        if (sv_alias_rows[i].of != of || strcmp(alias, seen) == 0) {
            continue;
        }
        seen = alias;
        value = json_object_get(fields->object, alias);
        if (sv_alias_says_nothing(value)) {
            continue;
        }
        row = sv_alias_find(i, value);
        if (row >= 0) {
            sv_alias_rename(row, fields, value);
        } else if (sv_alias_rows[i].name == NULL || strcmp(sv_alias_rows[i].name, alias) != 0) {
            sv_fail_field(fields->error, sv_json_field_path(fields, alias), "not_allowed", "is no word for it");
        }
    }
}
