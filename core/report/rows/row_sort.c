#include "core/report/rows/row_sort.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More files than this become one first. */
enum { SV_SORT_RUNS = 64, SV_SORT_FILE_BUFFER = 64 * 1024 };

/* An entry of memory or of a file: key and row, one after the other, behind their lengths. */
typedef struct {
    uint32_t key_length, row_length;
} sv_sort_head_t;

/* A row of the merge: the next one of its run. */
typedef struct {
    FILE *file;
    size_t number; /* of the run: earlier ones first among equals */
    sv_sort_head_t head;
    char *bytes; /* key, then row */
    size_t capacity;
} sv_sort_run_t;

struct sv_row_sorter_s {
    const char *directory;
    const sv_column_t *columns;
    size_t column_count;
    const sv_row_key_t *key;
    sv_arena_t *arena;
    sv_row_value_t *values;
    sv_buffer_t key_bytes;

    /* rows not yet written */
    char *memory;
    size_t used, size;
    size_t *places; /* of the entries in `memory` */
    size_t count, place_capacity, next;

    sv_sort_run_t *runs[SV_SORT_RUNS];
    size_t run_count;
    sv_sort_run_t *heap[SV_SORT_RUNS];
    size_t heap_count;
    bool merging; /* the heap's top was given already */
    bson_t row;   /* the one given last */
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
sv_row_sorter_create(const char *directory, const sv_column_t *columns, size_t column_count, const sv_row_key_t *key,
                     size_t memory)
{
    /* libbson asks for an alignment of its own for the row's view. */
    sv_row_sorter_t *sorter = aligned_alloc(_Alignof(sv_row_sorter_t), sizeof(*sorter));
    char *rows = malloc(memory);

    if (sorter == NULL || rows == NULL) {
        free(sorter);
        free(rows);
        return NULL;
    }
    *sorter = (sv_row_sorter_t){
        .directory = directory,
        .columns = columns,
        .column_count = column_count,
        .key = key,
        .arena = sv_arena_create(),
        .memory = rows,
        .size = memory,
    };
    sorter->values = sv_arena_zalloc(sorter->arena, (column_count + 1) * sizeof(sorter->values[0]));
    sv_buffer_init(&sorter->key_bytes, sorter->arena, 256);
    return sorter;
}

/* ---- entries in memory */

static sv_sort_head_t
sv_sort_head(const char *entry)
{
    sv_sort_head_t head;

    memcpy(&head, entry, sizeof(head));
    return head;
}

static size_t
sv_sort_length(sv_sort_head_t head)
{
    return (size_t) head.key_length + head.row_length;
}

/* By key, then in the order they came. */
static int
sv_sort_compare_places(const void *a, const void *b, void *memory)
{
    const char *x = (const char *) memory + *(const size_t *) a, *y = (const char *) memory + *(const size_t *) b;
    int order = sv_row_key_compare(x + sizeof(sv_sort_head_t), sv_sort_head(x).key_length, y + sizeof(sv_sort_head_t),
                                   sv_sort_head(y).key_length);

    return order != 0 ? order : (x > y) - (x < y);
}

static void
sv_sort_memory(sv_row_sorter_t *sorter)
{
    if (sorter->count > 0) {
        qsort_r(sorter->places, sorter->count, sizeof(sorter->places[0]), sv_sort_compare_places, sorter->memory);
    }
}

/* ---- runs in files */

static sv_status_t
sv_sort_fail(const sv_row_sorter_t *sorter, const char *what, sv_error_t *error)
{
    return sv_fail_cause(error, SV_ERR_INTERNAL, "sorting rows: %s in %s: %s", what, sorter->directory,
                         strerror(errno));
}

static sv_status_t
sv_sort_open(sv_row_sorter_t *sorter, FILE **file, sv_error_t *error)
{
    char *path = sv_arena_printf(sorter->arena, "%s/sort-XXXXXX", sorter->directory);
    int fd = mkostemp(path, O_CLOEXEC);

    if (fd < 0) {
        return sv_sort_fail(sorter, "no file can be made", error);
    }
    unlink(path);
    *file = fdopen(fd, "w+");
    if (*file == NULL) {
        close(fd);
        return sv_sort_fail(sorter, "no file can be opened", error);
    }
    setvbuf(*file, NULL, _IOFBF, SV_SORT_FILE_BUFFER);
    return SV_OK;
}

static sv_status_t
sv_sort_add_run(sv_row_sorter_t *sorter, FILE *file, sv_error_t *error)
{
    sv_sort_run_t *run;

    if (fflush(file) != 0 || fseeko(file, 0, SEEK_SET) != 0) {
        fclose(file);
        return sv_sort_fail(sorter, "writing", error);
    }
    run = sv_sort_grown(NULL, sizeof(*run), error);
    if (run == NULL) {
        fclose(file);
        return error->status;
    }
    *run = (sv_sort_run_t){ .file = file, .number = sorter->run_count };
    sorter->runs[sorter->run_count++] = run;
    return SV_OK;
}

static void
sv_sort_close_run(sv_sort_run_t *run)
{
    fclose(run->file);
    free(run->bytes);
    free(run);
}

/* Reads the run's next entry; *more false at its end. */
static sv_status_t
sv_sort_read(const sv_row_sorter_t *sorter, sv_sort_run_t *run, bool *more, sv_error_t *error)
{
    size_t length;

    *more = fread(&run->head, sizeof(run->head), 1, run->file) == 1;
    if (!*more) {
        return ferror(run->file) ? sv_sort_fail(sorter, "reading", error) : SV_OK;
    }
    length = sv_sort_length(run->head);
    if (length > run->capacity) {
        char *grown = sv_sort_grown(run->bytes, length, error);

        if (grown == NULL) {
            return error->status;
        }
        run->bytes = grown;
        run->capacity = length;
    }
    return fread(run->bytes, 1, length, run->file) == length ? SV_OK : sv_sort_fail(sorter, "reading", error);
}

/* ---- the merge: a heap of runs, the least next row on top */

static bool
sv_sort_before(const sv_sort_run_t *a, const sv_sort_run_t *b)
{
    int order = sv_row_key_compare(a->bytes, a->head.key_length, b->bytes, b->head.key_length);

    return order != 0 ? order < 0 : a->number < b->number;
}

static void
sv_sort_sink(sv_row_sorter_t *sorter, size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        sv_sort_run_t *moved = sorter->heap[at];

        if (left < sorter->heap_count && sv_sort_before(sorter->heap[left], sorter->heap[least])) {
            least = left;
        }
        if (right < sorter->heap_count && sv_sort_before(sorter->heap[right], sorter->heap[least])) {
            least = right;
        }
        if (least == at) {
            return;
        }
        sorter->heap[at] = sorter->heap[least];
        sorter->heap[least] = moved;
        at = least;
    }
}

static sv_status_t
sv_sort_start_merge(sv_row_sorter_t *sorter, sv_error_t *error)
{
    bool more;

    sorter->heap_count = 0;
    sorter->merging = false;
    for (size_t i = 0; i < sorter->run_count; i++) {
        if (sv_sort_read(sorter, sorter->runs[i], &more, error) != SV_OK) {
            return error->status;
        }
        if (more) {
            sorter->heap[sorter->heap_count++] = sorter->runs[i];
        }
    }
    for (size_t i = sorter->heap_count; i-- > 0;) {
        sv_sort_sink(sorter, i);
    }
    return SV_OK;
}

/* The run whose entry is the next one, NULL at the end. */
static sv_status_t
sv_sort_merge_next(sv_row_sorter_t *sorter, const sv_sort_run_t **next, sv_error_t *error)
{
    bool more = true;

    if (sorter->merging && sorter->heap_count > 0) {
        if (sv_sort_read(sorter, sorter->heap[0], &more, error) != SV_OK) {
            return error->status;
        }
        if (!more) {
            sorter->heap[0] = sorter->heap[--sorter->heap_count];
        }
        sv_sort_sink(sorter, 0);
    }
    sorter->merging = true;
    *next = sorter->heap_count > 0 ? sorter->heap[0] : NULL;
    return SV_OK;
}

/* All runs become one. */
static sv_status_t
sv_sort_collapse(sv_row_sorter_t *sorter, sv_error_t *error)
{
    const sv_sort_run_t *next = NULL;
    FILE *file;
    sv_status_t status = sv_sort_open(sorter, &file, error);

    if (status != SV_OK) {
        return status;
    }
    status = sv_sort_start_merge(sorter, error);
    while (status == SV_OK && (status = sv_sort_merge_next(sorter, &next, error)) == SV_OK && next != NULL) {
        size_t length = sv_sort_length(next->head);

        if (fwrite(&next->head, sizeof(next->head), 1, file) != 1 || fwrite(next->bytes, 1, length, file) != length) {
            status = sv_sort_fail(sorter, "writing", error);
        }
    }
    if (status != SV_OK) {
        fclose(file);
        return status;
    }
    while (sorter->run_count > 0) {
        sv_sort_close_run(sorter->runs[--sorter->run_count]);
    }
    return sv_sort_add_run(sorter, file, error);
}

/* What is in memory becomes a run. */
static sv_status_t
sv_sort_spill(sv_row_sorter_t *sorter, sv_error_t *error)
{
    FILE *file;

    if (sorter->run_count == SV_SORT_RUNS && sv_sort_collapse(sorter, error) != SV_OK) {
        return error->status;
    }
    if (sv_sort_open(sorter, &file, error) != SV_OK) {
        return error->status;
    }
    sv_sort_memory(sorter);
    for (size_t i = 0; i < sorter->count; i++) {
        const char *entry = sorter->memory + sorter->places[i];
        size_t length = sizeof(sv_sort_head_t) + sv_sort_length(sv_sort_head(entry));

        if (fwrite(entry, 1, length, file) != length) {
            fclose(file);
            return sv_sort_fail(sorter, "writing", error);
        }
    }
    sorter->count = sorter->used = 0;
    return sv_sort_add_run(sorter, file, error);
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
        size_t *grown = sv_sort_grown(sorter->places, capacity * sizeof(*grown), error);

        if (grown == NULL) {
            return error->status;
        }
        sorter->places = grown;
        sorter->place_capacity = capacity;
    }
    return SV_OK;
}

sv_status_t
sv_row_sorter_add(sv_row_sorter_t *sorter, const bson_t *row, sv_error_t *error)
{
    sv_sort_head_t head = { .row_length = row->len };
    size_t length;

    if (sv_row_read(row, sorter->columns, sorter->column_count, sorter->values, error) != SV_OK) {
        return error->status;
    }
    sorter->key_bytes.length = 0;
    sv_row_key_append(sorter->key, sorter->columns, sorter->values, &sorter->key_bytes);
    head.key_length = (uint32_t) sorter->key_bytes.length;
    length = sizeof(head) + sv_sort_length(head);
    if (sorter->used + length > sorter->size && sorter->count > 0 && sv_sort_spill(sorter, error) != SV_OK) {
        return error->status;
    }
    if (sv_sort_make_room(sorter, length, error) != SV_OK) {
        return error->status;
    }
    sorter->places[sorter->count++] = sorter->used;
    memcpy(sorter->memory + sorter->used, &head, sizeof(head));
    memcpy(sorter->memory + sorter->used + sizeof(head), sorter->key_bytes.data, head.key_length);
    memcpy(sorter->memory + sorter->used + sizeof(head) + head.key_length, bson_get_data(row), head.row_length);
    sorter->used += length;
    return SV_OK;
}

static sv_status_t
sv_sort_give(sv_row_sorter_t *sorter, const char *row, uint32_t length, const bson_t **given, sv_error_t *error)
{
    if (!bson_init_static(&sorter->row, (const uint8_t *) row, length)) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "sorting rows: what was read back is no row");
    }
    *given = &sorter->row;
    return SV_OK;
}

static sv_status_t
sv_sort_next_of_memory(void *context, const bson_t **row, sv_error_t *error)
{
    sv_row_sorter_t *sorter = context;
    const char *entry;

    *row = NULL;
    if (sorter->next == sorter->count) {
        return SV_OK;
    }
    entry = sorter->memory + sorter->places[sorter->next++];
    return sv_sort_give(sorter, entry + sizeof(sv_sort_head_t) + sv_sort_head(entry).key_length,
                        sv_sort_head(entry).row_length, row, error);
}

static sv_status_t
sv_sort_next_of_runs(void *context, const bson_t **row, sv_error_t *error)
{
    sv_row_sorter_t *sorter = context;
    const sv_sort_run_t *next = NULL;
    sv_status_t status = sv_sort_merge_next(sorter, &next, error);

    *row = NULL;
    return status == SV_OK && next != NULL
               ? sv_sort_give(sorter, next->bytes + next->head.key_length, next->head.row_length, row, error)
               : status;
}

sv_status_t
sv_row_sorter_finish(sv_row_sorter_t *sorter, sv_row_source_t *source, sv_error_t *error)
{
    source->context = sorter;
    if (sorter->run_count == 0) {
        sv_sort_memory(sorter);
        source->next = sv_sort_next_of_memory;
        return SV_OK;
    }
    source->next = sv_sort_next_of_runs;
    if (sv_sort_spill(sorter, error) != SV_OK) {
        return error->status;
    }
    free(sorter->memory);
    sorter->memory = NULL;
    return sv_sort_start_merge(sorter, error);
}

void
sv_row_sorter_destroy(sv_row_sorter_t *sorter)
{
    if (sorter == NULL) {
        return;
    }
    while (sorter->run_count > 0) {
        sv_sort_close_run(sorter->runs[--sorter->run_count]);
    }
    free(sorter->memory);
    free(sorter->places);
    sv_arena_destroy(sorter->arena);
    free(sorter);
}
