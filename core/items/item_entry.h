#ifndef SV_ITEM_ENTRY_H
#define SV_ITEM_ENTRY_H

#include "core/items/item_view.h"

/*
 * What Redis keeps under `item:{key}`: the items a key finds, as text that an answer is put together from without
 * parsing JSON.  Lines, whose fields are parted by TAB (neither stands in JSON or in a warehouse's name):
 *
 *     {form} {generation} {kind}
 *     M {score} {pack as JSON or "null"} {members of the master} {members of what was counted}     a line a match
 *     S {warehouse} {quantity or "null"}                                                   its stocks, a line each
 */
typedef enum {
    SV_ENTRY_UNKNOWN = 'n', /* nothing is like it */
    SV_ENTRY_FUZZY = 'f',   /* names like it */
    SV_ENTRY_EXACT = 'e'    /* items that have the key */
} sv_entry_kind_t;

typedef struct {
    const bson_t *item;
    sv_item_stocks_t stocks;
    double score;
    const bson_t *pack; /* the key is this pack's; or NULL */
} sv_item_match_t;

enum { SV_ENTRY_MATCHES = 20 };

const char *sv_item_entry_make(sv_entry_kind_t kind, const char *generation, const sv_item_match_t *matches,
                               size_t count, sv_arena_t *arena);

/* An entry as it is read: what the pointers lead to lies within the text. */
typedef struct {
    const char *text, *end;
    sv_entry_kind_t kind;
    size_t count; /* of matches */
} sv_item_entry_view_t;

/* False: it is no entry, or one of another generation or form.  `generation` NULL: any. */
bool sv_item_entry_read(const char *text, size_t length, const char *generation, sv_item_entry_view_t *entry);

/* The members of match `n` of an entry, within an open object. */
void sv_item_entry_write(sv_json_writer_t *w, const sv_item_entry_view_t *entry, size_t n, const sv_item_view_t *view);
/* Its pack as JSON, and its score as it is written. */
void sv_item_entry_write_pack(sv_json_writer_t *w, const char *name, const sv_item_entry_view_t *entry, size_t n);
void sv_item_entry_write_score(sv_json_writer_t *w, const char *name, const sv_item_entry_view_t *entry, size_t n);

#endif
