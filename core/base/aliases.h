#ifndef SV_BASE_ALIASES_H
#define SV_BASE_ALIASES_H

#include "core/base/json_reader.h"

/*
 * Second names of members and words in requests: those of the system that this one replaces (docs/client-protocol.md
 * has the same table).  They are taken for the first names before anything is read, so no reader knows of them.
 */
typedef enum {
    SV_ALIASES_OF_RECORD,
    SV_ALIASES_OF_RESOLUTION, /* of a conflict */
    SV_ALIASES_OF_COUNT
} sv_aliases_t;

/* Renames in the object, which must be this request's own.  An error, of the alias, where a word is none of its words
 * and where the object has the first name too: what was meant would be a guess. */
void sv_aliases_take(sv_aliases_t of, const sv_json_fields_t *fields);

#endif
