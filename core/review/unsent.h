#ifndef SV_UNSENT_H
#define SV_UNSENT_H

#include "core/base/json_writer.h"
#include "core/store/store.h"

/* What the phones of those who counted still have unsent, as each said it last with a batch (`left`). */
typedef struct {
    const char *user_id, *full_name;
    const char **racks; /* of the count, of which it said so: where what it has may belong */
    size_t rack_count, rack_capacity;
    int64_t left;
    int64_t left_at_ms; /* when it said so */
} sv_unsent_phone_t;

typedef struct {
    sv_unsent_phone_t *phones; /* only those that have something */
    size_t count, capacity;
} sv_unsent_t;

/* A phone tells of all it has, so what a person's phone said later in another count is what holds.  Reads alone; on a
 * thread that owns `store`. */
sv_status_t
sv_unsent_read(sv_store_t *store, const char *count_id, sv_unsent_t *unsent, sv_arena_t *arena, sv_error_t *error);

/* An array of {user_id, full_name, racks[], left, left_at}. */
void sv_unsent_write_json(sv_json_writer_t *w, const char *name, const sv_unsent_t *unsent);
void sv_unsent_put(bson_t *document, const char *name, const sv_unsent_t *unsent);

#endif
