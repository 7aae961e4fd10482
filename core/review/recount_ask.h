#ifndef SV_RECOUNT_ASK_H
#define SV_RECOUNT_ASK_H

#include "core/auth/principal.h"
#include "core/review/rack_facts.h"

/*
 * Asking for recounts (collection `recounts`: one a rack and round).  A recount that waits to be taken grows by what is
 * asked next; one that is under way, or done, leaves the rack its next round to be asked for.
 */
typedef struct {
    const sv_rack_facts_t *rack;
    bool all; /* everything on the rack, else: */
    const char **item_codes;
    size_t code_count, code_capacity;
    const char **not_users;
    size_t user_count, user_capacity;
} sv_recount_ask_t;

typedef struct {
    const char *count_id, *warehouse;
    bool different_user; /* none of those who counted may take it */
    sv_recount_ask_t *asks;
    size_t count, capacity;
    sv_arena_t *arena;
} sv_recount_asks_t;

void sv_recount_asks_init(sv_recount_asks_t *asks, const char *count_id, const char *warehouse, bool different_user,
                          sv_arena_t *arena);
/* Adds an item of a rack (NULL: everything there), and who counted it (NULL: nobody); the same may be added again. */
void
sv_recount_ask_item(sv_recount_asks_t *asks, const sv_rack_facts_t *rack, const char *item_code, const char *user_id);

/* Writes them, with their audit entries, inside a transaction; `who` NULL: the count's tolerance asks.  Racks that are
 * completed become available. */
sv_status_t
sv_recount_asks_write(sv_store_t *store, const sv_principal_t *who, const sv_recount_asks_t *asks, sv_error_t *error);

#endif
