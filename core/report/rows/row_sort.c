#include "core/report/rows/row_sort.h"

#include <stdlib.h>
#include <string.h>

#include "core/report/rows/sort_runs.h"

enum { SV_PREFIX_BYTES = 8, SV_KEY_ROOM = 256 };

/* Where an entry stands in memory, and the bytes of its key behind those that all keys begin with. */
typedef struct {
    uint64_t prefix;
    size_t at;
} sv_sort_place_t;

struct sv_row_sorter_s {
    const sv_row_layout_t *layout;
    const sv_row_key_t *key;
    sv_arena_t *arena;
    sv_buffer_t key_bytes;

    /* rows not yet written */
    char *memory;
    size_t used, size;
    sv_sort_place_t *places;
    size_t count, place_capacity, next;
    size_t shared; /* bytes that all their keys begin with */

    sv_sort_runs_t *runs;
    sv_packed_row_t row; /* the one given last */
};

/* NULL, with the error, when there is no memory; then `old` stays. */
static void *
sv_sort_grown(void *old, size_t size, sv_error_t *error)
{
    void *grown = realloc(old, size);

    if (grown == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "sorting rows: out of memory (%zu bytes asked for)", size);
    }
    return grown;
}

sv_row_sorter_t *
sv_row_sorter_create(const char *directory, const sv_row_layout_t *layout, const sv_row_key_t *key, size_t memory)
{
    sv_row_sorter_t *sorter = calloc(1, sizeof(*sorter));

    if (sorter == NULL) {
        return NULL;
    }
    sorter->layout = layout;
    sorter->key = key;
    sorter->arena = sv_arena_create();
    sorter->memory = malloc(memory);
    sorter->size = memory;
    sorter->runs = sv_sort_runs_create(directory);
    sv_buffer_init(&sorter->key_bytes, sorter->arena, SV_KEY_ROOM);
    if (sorter->memory == NULL || sorter->runs == NULL) {
        sv_row_sorter_destroy(sorter);
        return NULL;
    }
    return sorter;
}

void
sv_row_sorter_destroy(sv_row_sorter_t *sorter)
{
    if (sorter == NULL) {
        return;
    }
    sv_sort_runs_destroy(sorter->runs);
    free(sorter->memory);
    free(sorter->places);
    sv_arena_destroy(sorter->arena);
    free(sorter);
}

/* ---- sorting what is in memory
 *
 * Keys of one kind begin alike (a warehouse, "ITEM-0"), and mostly differ in the eight bytes behind: those are sorted
 * as numbers, byte by byte, and only rows that have them in common are compared by the rest. */

static const char *
sv_sort_entry(const sv_row_sorter_t *sorter, size_t i)
{
    return sorter->memory + sorter->places[i].at;
}

static size_t
sv_sort_shared(const sv_row_sorter_t *sorter)
{
    const char *first = sv_sort_entry(sorter, 0);
    size_t shared = sv_sort_entry_head(first).key_length;

    for (size_t i = 1; i < sorter->count && shared > 0; i++) {
        const char *entry = sv_sort_entry(sorter, i);
        const char *a = sv_sort_entry_key(first), *b = sv_sort_entry_key(entry);
        size_t length = sv_sort_entry_head(entry).key_length;

        shared = length < shared ? length : shared;
        if (memcmp(a, b, shared) != 0) {
            for (shared = 0; a[shared] == b[shared]; shared++) {
            }
        }
    }
    return shared;
}

static uint64_t
sv_sort_prefix(const sv_row_sorter_t *sorter, size_t i)
{
    const char *entry = sv_sort_entry(sorter, i);
    size_t length = sv_sort_entry_head(entry).key_length - sorter->shared;
    uint64_t prefix = 0;

    memcpy(&prefix, sv_sort_entry_key(entry) + sorter->shared, length < sizeof(prefix) ? length : sizeof(prefix));
    return BSON_UINT64_FROM_BE(prefix);
}

/* By the byte of the prefix at `shift`; equals keep their order. */
static void
sv_sort_by_byte(const sv_sort_place_t *from, sv_sort_place_t *to, size_t count, unsigned shift,
                const size_t counts[UINT8_MAX + 1])
{
    size_t begins[UINT8_MAX + 1], sum = 0;

    for (size_t i = 0; i <= UINT8_MAX; i++) {
        begins[i] = sum;
        sum += counts[i];
    }
    for (size_t i = 0; i < count; i++) {
        to[begins[(from[i].prefix >> shift) & UINT8_MAX]++] = from[i];
    }
}

static void
sv_sort_prefixes(sv_row_sorter_t *sorter, sv_sort_place_t *spare)
{
    size_t counts[SV_PREFIX_BYTES][UINT8_MAX + 1] = { { 0 } };
    sv_sort_place_t *from = sorter->places, *to = spare;

    for (size_t i = 0; i < sorter->count; i++) {
        for (unsigned byte = 0; byte < SV_PREFIX_BYTES; byte++) {
            counts[byte][(from[i].prefix >> (8 * byte)) & UINT8_MAX]++;
        }
    }
    for (unsigned byte = 0; byte < SV_PREFIX_BYTES; byte++) {
        if (counts[byte][(from[0].prefix >> (8 * byte)) & UINT8_MAX] < sorter->count) { /* else they have it all */
            sv_sort_place_t *sorted = to;

            sv_sort_by_byte(from, to, sorter->count, 8 * byte, counts[byte]);
            to = from;
            from = sorted;
        }
    }
    if (from != sorter->places) {
        memcpy(sorter->places, from, sorter->count * sizeof(from[0]));
    }
}

/* By key, then in the order they came. */
static int
sv_sort_compare_places(const void *a, const void *b, void *memory)
{
    const char *x = (const char *) memory + ((const sv_sort_place_t *) a)->at;
    const char *y = (const char *) memory + ((const sv_sort_place_t *) b)->at;
    int order = sv_row_key_compare(sv_sort_entry_key(x), sv_sort_entry_head(x).key_length, sv_sort_entry_key(y),
                                   sv_sort_entry_head(y).key_length);

    return order != 0 ? order : (x > y) - (x < y);
}

/* Those of the same prefix. */
static void
sv_sort_ties(sv_row_sorter_t *sorter)
{
    size_t end;

    for (size_t i = 0; i < sorter->count; i = end) {
        for (end = i + 1; end < sorter->count && sorter->places[end].prefix == sorter->places[i].prefix;) {
            end++;
        }
        if (end - i > 1) {
            qsort_r(sorter->places + i, end - i, sizeof(sorter->places[0]), sv_sort_compare_places, sorter->memory);
        }
    }
}

static sv_status_t
sv_sort_memory(sv_row_sorter_t *sorter, sv_error_t *error)
{
    sv_sort_place_t *spare;

    if (sorter->count == 0) {
        return SV_OK;
    }
    spare = sv_sort_grown(NULL, sorter->count * sizeof(*spare), error);
    if (spare == NULL) {
        return error->status;
    }
    sorter->shared = sv_sort_shared(sorter);
    for (size_t i = 0; i < sorter->count; i++) {
        sorter->places[i].prefix = sv_sort_prefix(sorter, i);
    }
    sv_sort_prefixes(sorter, spare);
    free(spare);
    sv_sort_ties(sorter);
    return SV_OK;
}

/* What is in memory becomes a run. */
static sv_status_t
sv_sort_spill(sv_row_sorter_t *sorter, sv_error_t *error)
{
    sv_status_t status = sv_sort_runs_begin(sorter->runs, error);

    if (status == SV_OK) {
        status = sv_sort_memory(sorter, error);
    }
    for (size_t i = 0; status == SV_OK && i < sorter->count; i++) {
        status = sv_sort_runs_put(sorter->runs, sv_sort_entry(sorter, i), error);
    }
    if (status == SV_OK) {
        status = sv_sort_runs_end(sorter->runs, error);
    }
    sorter->count = sorter->used = 0;
    return status;
}

/* ---- rows in, rows out */

/* Room in memory for an entry of this length, and for where it stands. */
static sv_status_t
sv_sort_make_room(sv_row_sorter_t *sorter, size_t length, sv_error_t *error)
{
    if (length > sorter->size) { /* a row larger than the memory allowed */
        char *grown = sv_sort_grown(sorter->memory, length, error);

        if (grown == NULL) {
            return error->status;
        }
        sorter->memory = grown;
        sorter->size = length;
    }
    if (sorter->count == sorter->place_capacity) {
        size_t capacity = sorter->place_capacity * 2 + 1024;
        sv_sort_place_t *grown = sv_sort_grown(sorter->places, capacity * sizeof(*grown), error);

        if (grown == NULL) {
            return error->status;
        }
        sorter->places = grown;
        sorter->place_capacity = capacity;
    }
    return SV_OK;
}

sv_status_t
sv_row_sorter_add(sv_row_sorter_t *sorter, const sv_packed_row_t *row, const sv_row_value_t *values, sv_error_t *error)
{
    sv_sort_head_t head = { .row_length = row->length };
    size_t length;
    char *entry;

    sorter->key_bytes.length = 0;
    sv_row_key_append(sorter->key, sorter->layout->columns, values, &sorter->key_bytes);
    head.key_length = (uint32_t) sorter->key_bytes.length;
    length = sizeof(head) + (size_t) head.key_length + head.row_length;
    if (sorter->used + length > sorter->size && sorter->count > 0 && sv_sort_spill(sorter, error) != SV_OK) {
        return error->status;
    }
    if (sv_sort_make_room(sorter, length, error) != SV_OK) {
        return error->status;
    }
    sorter->places[sorter->count++].at = sorter->used;
    entry = sorter->memory + sorter->used;
    memcpy(entry, &head, sizeof(head));
    memcpy(entry + sizeof(head), sorter->key_bytes.data, head.key_length);
    memcpy(entry + sizeof(head) + head.key_length, row->bytes, head.row_length);
    sorter->used += length;
    return SV_OK;
}

static void
sv_sort_give(sv_row_sorter_t *sorter, const char *entry, const sv_packed_row_t **row)
{
    sorter->row.bytes = (const uint8_t *) sv_sort_entry_row(entry);
    sorter->row.length = sv_sort_entry_head(entry).row_length;
    *row = &sorter->row;
}

static sv_status_t
sv_sort_next_of_memory(void *context, const sv_packed_row_t **row, sv_error_t *error)
{
    sv_row_sorter_t *sorter = context;

    (void) error;
    *row = NULL;
    if (sorter->next < sorter->count) {
        sv_sort_give(sorter, sv_sort_entry(sorter, sorter->next++), row);
    }
    return SV_OK;
}

static sv_status_t
sv_sort_next_of_runs(void *context, const sv_packed_row_t **row, sv_error_t *error)
{
    sv_row_sorter_t *sorter = context;
    const char *entry;
    sv_status_t status = sv_sort_runs_next(sorter->runs, &entry, error);

    *row = NULL;
    if (status == SV_OK && entry != NULL) {
        sv_sort_give(sorter, entry, row);
    }
    return status;
}

sv_status_t
sv_row_sorter_finish(sv_row_sorter_t *sorter, sv_packed_source_t *source, sv_error_t *error)
{
    source->context = sorter;
    if (sv_sort_runs_count(sorter->runs) == 0) {
        source->next = sv_sort_next_of_memory;
        return sv_sort_memory(sorter, error);
    }
    source->next = sv_sort_next_of_runs;
    if (sv_sort_spill(sorter, error) != SV_OK) {
        return error->status;
    }
    free(sorter->memory);
    sorter->memory = NULL;
    return SV_OK;
}
