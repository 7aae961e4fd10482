#ifndef SV_SYNC_RECORD_FORM_H
#define SV_SYNC_RECORD_FORM_H

#include <bson/bson.h>

#include "core/base/json_writer.h"
#include "core/sync/record.h"

/* Appends the members as stored (docs/data-model.md), without those of the floor session. */
void sv_record_append(bson_t *document, const sv_record_t *record);
/* The record as sent, with session_id and rack_id: what a conflict keeps as `mine`. */
void sv_record_append_sent(bson_t *document, const sv_record_t *record);

/* A record as a conflict keeps it, or as it is stored, read again; its content hash is that of the record once sent. */
bool sv_record_from_sent(const bson_t *document, sv_arena_t *arena, sv_record_t *record);

/* A stored record, or one kept by a conflict, for a client: as API.md names it, without what is internal. */
void sv_record_write_json(sv_json_writer_t *w, const bson_t *record);
void sv_record_write_member(sv_json_writer_t *w, const char *name, const bson_t *record);

#endif
