#ifndef SV_IMPORT_ONCE_H
#define SV_IMPORT_ONCE_H

#include <bson/bson.h>

#include "core/base/arena.h"

/*
 * Rows of a file by their keys: of one that says another thing of a key than a row before it nobody knows which is
 * meant, or whether they are to be added up (a row for each bin).  Some fifty bytes a key, whatever its length.
 */
typedef struct sv_import_once_s sv_import_once_t;

/* It lives as long as the arena. */
sv_import_once_t *sv_import_once_create(sv_arena_t *arena);

/* The line of the row before that says otherwise of the key; 0: none does. */
long sv_import_once_note(sv_import_once_t *once, const char *key, const bson_t *told, long line);

#endif
