#ifndef SV_SYNC_CONFLICT_ACTIONS_H
#define SV_SYNC_CONFLICT_ACTIONS_H

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/base/text_map.h"
#include "core/store/store.h"

/* Of the item master; NULL is not told there. */
typedef struct {
    const char *name;
    const char *uom;
} sv_conflict_item_t;

/*
 * What a page of conflicts shows beside them: the names and units of items, the names of owners, and how this reader may resolve each now.
 * By the rules of core/sync/resolve.c, as things stand when the page is read: what meets something else meanwhile is
 * refused there.
 */
typedef struct {
    const sv_principal_t *who;
    sv_arena_t *arena;
    sv_text_map_t sessions; /* session_id -> const sv_floor_session_t * */
    sv_text_map_t carried;  /* of staff: rack_id -> their session that it carries */
    sv_text_map_t items;    /* item_code -> const sv_conflict_item_t * */
} sv_conflict_facts_t;

sv_status_t sv_conflict_facts_read(sv_store_t *store, const sv_principal_t *who, const bson_t *const *conflicts,
                                   size_t count, sv_conflict_facts_t *facts, sv_error_t *error);

/*
 * item_name, uom, full_name, server_full_name, actions[]: into the open object of a conflict.  `server`: what of its server
 * this reader may know; NULL is nothing.
 */
void sv_conflict_facts_write(sv_json_writer_t *w, const bson_t *conflict, const bson_t *server,
                             const sv_conflict_facts_t *facts);

#endif
