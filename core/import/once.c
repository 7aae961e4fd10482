#include "core/import/once.h"

#include <glib.h>
#include <string.h>

#include "core/base/codec.h"

struct sv_import_once_s {
    GHashTable *rows; /* hash of a key -> sv_once_row_t */
};

typedef struct {
    gint64 key;
    uint64_t told;
    long line;
} sv_once_row_t;

sv_import_once_t *
sv_import_once_create(sv_arena_t *arena)
{
    sv_import_once_t *once = sv_arena_zalloc(arena, sizeof(*once));

    once->rows = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    sv_arena_on_destroy(arena, (void (*)(void *)) g_hash_table_unref, once->rows);
    return once;
}

static uint64_t
sv_once_hash(const void *data, size_t length)
{
    uint8_t digest[SV_SHA256_SIZE];
    uint64_t hash = 0;

    sv_sha256(data, length, digest);
    for (size_t i = 0; i < sizeof(hash); i++) {
        hash = hash << 8 | digest[i];
    }
    return hash;
}

long
sv_import_once_note(sv_import_once_t *once, const char *key, const bson_t *told, long line)
{
    sv_once_row_t *row = g_new(sv_once_row_t, 1);
    const sv_once_row_t *before;

    *row = (sv_once_row_t){ .key = (gint64) sv_once_hash(key, strlen(key)),
                            .told = sv_once_hash(bson_get_data(told), told->len),
                            .line = line };
    before = g_hash_table_lookup(once->rows, &row->key);
    if (before == NULL) {
        g_hash_table_insert(once->rows, &row->key, row);
        return 0;
    }
    line = before->told == row->told ? 0 : before->line;
    g_free(row);
    return line;
}
