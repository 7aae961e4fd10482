#ifndef SV_BASE_MISTAKEN_NAMES_H
#define SV_BASE_MISTAKEN_NAMES_H

#include "core/base/json_reader.h"

/*
 * Members that a request does not know are passed over; but these would change what it means (a quantity under a name
 * of the system that this one replaces, or under one near the right name), so they are its error, which tells the right
 * name (docs/client-protocol.md has the same table).  One that says nothing (null, "", false, [], {}) is passed over,
 * too.
 */
typedef enum {
    SV_NAMES_OF_RECORD,
    SV_NAMES_OF_LINE, /* of evidence */
    SV_NAMES_OF_FIND, /* that the master lacks */
    SV_NAMES_OF_BATCH,
    SV_NAMES_OF_RESOLUTION, /* of a conflict */
    SV_NAMES_OF_COUNT,
    SV_NAMES_OF_COUNTS, /* several at once */
    SV_NAMES_OF_CLAIM,
    SV_NAMES_OF_COMPLETION, /* of a floor session */
    SV_NAMES_OF_USER
} sv_names_t;

/* Of one member that is not known. */
void sv_mistaken_name_refuse(sv_names_t of, const sv_json_fields_t *fields, const char *name);

/* Of all members of the object, NULL being none. */
void sv_mistaken_names_refuse(sv_names_t of, const sv_json_fields_t *fields);

#endif
