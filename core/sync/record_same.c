#include "core/sync/record_same.h"

#include <string.h>

#include "core/sync/record_form.h"
#include "core/sync/record_hash.h"

bool
sv_record_has_content(const sv_record_t *record, const char *content_hash, const bson_t *stored, sv_arena_t *arena)
{
    sv_record_t again;

    if (content_hash == NULL) {
        return false;
    }
    if (sv_record_hash_is_current(content_hash)) {
        return strcmp(record->content_hash, content_hash) == 0;
    }
    return sv_record_has_first_hash(record, content_hash, arena) ||
           (stored != NULL && sv_record_from_sent(stored, arena, &again) &&
            strcmp(again.content_hash, record->content_hash) == 0);
}
