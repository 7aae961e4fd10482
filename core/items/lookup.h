#ifndef SV_LOOKUP_H
#define SV_LOOKUP_H

#include "core/erp/lookup.h"
#include "core/items/item_entry.h"
#include "core/redis/command.h"
#include "core/scan/scan.h"

/*
 * Finding an item by what was scanned: Redis, then MongoDB, then the ERP, then names and codes like it.
 *
 * A scan gives up to SV_LOOKUP_KEYS keys, the surest first: the text itself, then the article number that it is or
 * tells, or the item number of an MH10.8.2 label.  The first key that any item has decides; several items may have it.
 *
 * Redis keeps an entry for each key (item_entry.h) and whether a warehouse has a blind count open, each with the value
 * that `items:generation` had before MongoDB was asked.  Whoever changes the master or opens a blind count raises
 * `items:generation`, and all that was kept before is void: nothing needs to know what to forget, and an entry made
 * from what was read before the change is never taken for one after it.
 */
enum { SV_LOOKUP_KEYS = 3, SV_LOOKUP_FUZZY = 5 };

#define SV_ITEMS_GENERATION "items:generation"

typedef struct {
    sv_scan_t scan;
    const char *keys[SV_LOOKUP_KEYS];
    size_t key_count;
    /* who asks */
    bool is_staff;
    const char *own_warehouse; /* NULL: none, and so the next */
    const char *warehouse;     /* whose stock is told: the one asked for, else their own */
} sv_lookup_t;

/* Reads the scan; the rest is the caller's. */
void sv_lookup_read(sv_lookup_t *lookup, const char *bytes, size_t length, sv_arena_t *arena);

/* What the ERP had to do with it.  `ok` also where it was not asked, or some time ago. */
typedef enum { SV_LOOKUP_ERP_OFF, SV_LOOKUP_ERP_OK, SV_LOOKUP_ERP_TIMEOUT } sv_lookup_erp_t;

/* What is known of a lookup: the texts of the keys' entries (NULL: not known), and whether the asker is blind. */
typedef struct {
    const char *generation; /* NULL: Redis did not say; then nothing is to be kept */
    const char *entries[SV_LOOKUP_KEYS];
    bool blind;
    bool blind_known; /* Redis said so a moment ago: MongoDB need not be asked */
    bool complete;
    bool exact; /* an item has one of the keys */
    bool from_cache;
    sv_lookup_erp_t erp;  /* before it is asked: whether one is to be had */
    const char *erp_item; /* what the ERP found, and is in MongoDB now; NULL: nothing */
} sv_lookup_found_t;

/* One MGET, and reading it.  Texts are copied into the arena. */
void sv_lookup_cache_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_lookup_t *lookup);
void
sv_lookup_cache_read(const redisReply *reply, const sv_lookup_t *lookup, sv_arena_t *arena, sv_lookup_found_t *found);

enum { SV_LOOKUPS_AT_ONCE = 16 };

typedef struct {
    const sv_lookup_t *lookup;
    sv_lookup_found_t *found; /* its generation is as it was read before */
} sv_lookup_ask_t;

/* Asks MongoDB for all of them in one question, SV_LOOKUPS_AT_ONCE at most, and the search index where no item has a
 * key. On a database thread. */
sv_status_t
sv_lookup_ask_all(sv_store_t *store, const sv_lookup_ask_t *asks, size_t count, sv_arena_t *arena, sv_error_t *error);

/* What the ERP is to be asked for where found->exact is false; NULL: it is not. */
const char *sv_lookup_erp_code(const sv_lookup_t *lookup, const sv_lookup_found_t *found);
/* Takes what it answered, on the event loop; true: MongoDB has the item now, ask again. */
bool sv_lookup_erp_answered(sv_lookup_found_t *found, sv_erp_answer_t answer, const char *item_code);

/* Keeps it: SV_LOOKUP_KEYS + 2 commands at most; returns how many were made with `next`. */
size_t sv_lookup_keep_commands(const sv_lookup_t *lookup, const sv_lookup_found_t *found, const sv_settings_t *settings,
                               sv_arena_t *arena, sv_redis_command_t *(*next)(void *context), void *context);

/* Whose answers are the same: lookups of equal names have the same found.  Who asked after a change does not share what
 * was read before it. */
const char *sv_lookup_name(const sv_lookup_t *lookup, const char *generation, sv_arena_t *arena);

/* Writes the answer, one object.  SV_ERR_ITEM_UNKNOWN when nothing matches, SV_ERR_ERP_TIMEOUT when the ERP may know
 * better: the object then tells what the scan said. */
sv_status_t
sv_lookup_write(sv_json_writer_t *w, const sv_lookup_t *lookup, const sv_lookup_found_t *found, sv_error_t *error);

/* Tells that the master, or who is blind, has changed. */
void sv_items_changed_command(sv_redis_command_t *command, sv_arena_t *arena);

#endif
