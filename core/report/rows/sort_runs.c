#include "core/report/rows/sort_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/report/rows/row_value.h"

/* More files than this become one first. */
enum { SV_SORT_RUNS = 64, SV_SORT_FILE_BUFFER = 64 * 1024 };

/* One run.  While it is read, `buffer` has what lies before and behind its next entry. */
typedef struct {
    FILE *file;
    size_t number; /* earlier ones first among equals */
    off_t offset;  /* in the file, of what is read next */
    char *buffer;
    size_t capacity, filled, at;
    size_t length; /* of the entry at `at`; 0: not read yet */
} sv_sort_run_t;

struct sv_sort_runs_s {
    const char *directory;
    FILE *writing; /* the run that is begun */
    sv_sort_run_t *runs[SV_SORT_RUNS];
    size_t count;
    sv_sort_run_t *heap[SV_SORT_RUNS]; /* the least next entry on top */
    size_t heap_count;
    bool merging, given; /* `given`: the top's entry */
};

sv_sort_head_t
sv_sort_entry_head(const char *entry)
{
    sv_sort_head_t head;

    memcpy(&head, entry, sizeof(head));
    return head;
}

size_t
sv_sort_entry_length(const char *entry)
{
    sv_sort_head_t head = sv_sort_entry_head(entry);

    return sizeof(head) + (size_t) head.key_length + head.row_length;
}

const char *
sv_sort_entry_key(const char *entry)
{
    return entry + sizeof(sv_sort_head_t);
}

const char *
sv_sort_entry_row(const char *entry)
{
    return entry + sizeof(sv_sort_head_t) + sv_sort_entry_head(entry).key_length;
}

sv_sort_runs_t *
sv_sort_runs_create(const char *directory)
{
    sv_sort_runs_t *runs = calloc(1, sizeof(*runs));

    if (runs != NULL) {
        runs->directory = directory;
    }
    return runs;
}

size_t
sv_sort_runs_count(const sv_sort_runs_t *runs)
{
    return runs->count;
}

static void
sv_sort_run_close(sv_sort_run_t *run)
{
    fclose(run->file);
    free(run->buffer);
    free(run);
}

void
sv_sort_runs_destroy(sv_sort_runs_t *runs)
{
    if (runs == NULL) {
        return;
    }
    if (runs->writing != NULL) {
        fclose(runs->writing);
    }
    while (runs->count > 0) {
        sv_sort_run_close(runs->runs[--runs->count]);
    }
    free(runs);
}

static sv_status_t
sv_sort_fail(const sv_sort_runs_t *runs, const char *what, sv_error_t *error)
{
    return sv_fail_cause(error, SV_ERR_INTERNAL, "sorting rows: %s in %s: %s", what, runs->directory, strerror(errno));
}

/* ---- reading */

/* Reads until `wanted` bytes are behind `at`; *enough false when the file ends before. */
static sv_status_t
sv_sort_run_fill(const sv_sort_runs_t *runs, sv_sort_run_t *run, size_t wanted, bool *enough, sv_error_t *error)
{
    run->filled -= run->at;
    memmove(run->buffer, run->buffer + run->at, run->filled);
    run->at = 0;
    if (wanted > run->capacity) {
        char *grown = realloc(run->buffer, wanted);

        if (grown == NULL) {
            return sv_fail_cause(error, SV_ERR_INTERNAL, "sorting rows: out of memory (%zu bytes asked for)", wanted);
        }
        run->buffer = grown;
        run->capacity = wanted;
    }
    while (run->filled < wanted) {
        ssize_t got = pread(fileno(run->file), run->buffer + run->filled, run->capacity - run->filled, run->offset);

        if (got < 0 && errno != EINTR) {
            return sv_sort_fail(runs, "reading", error);
        }
        if (got == 0) {
            break;
        }
        run->filled += got > 0 ? (size_t) got : 0;
        run->offset += got > 0 ? got : 0;
    }
    *enough = run->filled >= wanted;
    return SV_OK;
}

/* Has at least so many bytes at `at`. */
static sv_status_t
sv_sort_run_have(const sv_sort_runs_t *runs, sv_sort_run_t *run, size_t wanted, bool *enough, sv_error_t *error)
{
    *enough = run->filled - run->at >= wanted;
    return *enough ? SV_OK : sv_sort_run_fill(runs, run, wanted, enough, error);
}

/* Goes to the run's next entry; *more false at its end. */
static sv_status_t
sv_sort_run_advance(const sv_sort_runs_t *runs, sv_sort_run_t *run, bool *more, sv_error_t *error)
{
    bool whole = true;

    run->at += run->length;
    run->length = 0;
    if (sv_sort_run_have(runs, run, sizeof(sv_sort_head_t), more, error) != SV_OK) {
        return error->status;
    }
    if (!*more) {
        return SV_OK;
    }
    run->length = sv_sort_entry_length(run->buffer + run->at);
    if (sv_sort_run_have(runs, run, run->length, &whole, error) != SV_OK) {
        return error->status;
    }
    return whole ? SV_OK
                 : sv_fail_cause(error, SV_ERR_INTERNAL, "sorting rows: a file in %s ends early", runs->directory);
}

/* ---- the merge */

static bool
sv_sort_before(const sv_sort_run_t *a, const sv_sort_run_t *b)
{
    const char *x = a->buffer + a->at, *y = b->buffer + b->at;
    int order = sv_row_key_compare(sv_sort_entry_key(x), sv_sort_entry_head(x).key_length, sv_sort_entry_key(y),
                                   sv_sort_entry_head(y).key_length);

    return order != 0 ? order < 0 : a->number < b->number;
}

static void
sv_sort_sink(sv_sort_runs_t *runs, size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        sv_sort_run_t *moved = runs->heap[at];

        if (left < runs->heap_count && sv_sort_before(runs->heap[left], runs->heap[least])) {
            least = left;
        }
        if (right < runs->heap_count && sv_sort_before(runs->heap[right], runs->heap[least])) {
            least = right;
        }
        if (least == at) {
            return;
        }
        runs->heap[at] = runs->heap[least];
        runs->heap[least] = moved;
        at = least;
    }
}

static sv_status_t
sv_sort_merge_begin(sv_sort_runs_t *runs, sv_error_t *error)
{
    runs->heap_count = 0;
    runs->given = false;
    runs->merging = true;
    for (size_t i = 0; i < runs->count; i++) {
        sv_sort_run_t *run = runs->runs[i];
        bool more;

        run->buffer = malloc(SV_SORT_FILE_BUFFER);
        if (run->buffer == NULL) {
            return sv_fail_cause(error, SV_ERR_INTERNAL, "sorting rows: out of memory");
        }
        run->capacity = SV_SORT_FILE_BUFFER;
        if (sv_sort_run_advance(runs, run, &more, error) != SV_OK) {
            return error->status;
        }
        if (more) {
            runs->heap[runs->heap_count++] = run;
        }
    }
    for (size_t i = runs->heap_count; i-- > 0;) {
        sv_sort_sink(runs, i);
    }
    return SV_OK;
}

sv_status_t
sv_sort_runs_next(sv_sort_runs_t *runs, const char **entry, sv_error_t *error)
{
    bool more = true;

    *entry = NULL;
    if (!runs->merging && sv_sort_merge_begin(runs, error) != SV_OK) {
        return error->status;
    }
    if (runs->given && runs->heap_count > 0) {
        if (sv_sort_run_advance(runs, runs->heap[0], &more, error) != SV_OK) {
            return error->status;
        }
        if (!more) {
            runs->heap[0] = runs->heap[--runs->heap_count];
        }
        sv_sort_sink(runs, 0);
    }
    runs->given = true;
    if (runs->heap_count > 0) {
        *entry = runs->heap[0]->buffer + runs->heap[0]->at;
    }
    return SV_OK;
}

/* ---- writing */

static sv_status_t
sv_sort_open(sv_sort_runs_t *runs, sv_error_t *error)
{
    char *path = NULL;
    int fd = asprintf(&path, "%s/sort-XXXXXX", runs->directory) < 0 ? -1 : mkostemp(path, O_CLOEXEC);

    if (fd < 0) {
        sv_sort_fail(runs, "no file can be made", error);
        free(path);
        return error->status;
    }
    unlink(path);
    free(path);
    runs->writing = fdopen(fd, "w+");
    if (runs->writing == NULL) {
        close(fd);
        return sv_sort_fail(runs, "no file can be opened", error);
    }
    setvbuf(runs->writing, NULL, _IOFBF, SV_SORT_FILE_BUFFER);
    return SV_OK;
}

sv_status_t
sv_sort_runs_put(sv_sort_runs_t *runs, const char *entry, sv_error_t *error)
{
    size_t length = sv_sort_entry_length(entry);

    return fwrite_unlocked(entry, 1, length, runs->writing) == length ? SV_OK : sv_sort_fail(runs, "writing", error);
}

sv_status_t
sv_sort_runs_end(sv_sort_runs_t *runs, sv_error_t *error)
{
    sv_sort_run_t *run;

    if (fflush(runs->writing) != 0) {
        return sv_sort_fail(runs, "writing", error);
    }
    run = calloc(1, sizeof(*run));
    if (run == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "sorting rows: out of memory");
    }
    run->file = runs->writing;
    run->number = runs->count;
    runs->writing = NULL;
    runs->runs[runs->count++] = run;
    return SV_OK;
}

/* All runs become one. */
static sv_status_t
sv_sort_collapse(sv_sort_runs_t *runs, sv_error_t *error)
{
    const char *entry = NULL;
    sv_status_t status = sv_sort_open(runs, error);

    while (status == SV_OK && (status = sv_sort_runs_next(runs, &entry, error)) == SV_OK && entry != NULL) {
        status = sv_sort_runs_put(runs, entry, error);
    }
    if (status != SV_OK) {
        return status;
    }
    runs->merging = false;
    while (runs->count > 0) {
        sv_sort_run_close(runs->runs[--runs->count]);
    }
    return sv_sort_runs_end(runs, error);
}

sv_status_t
sv_sort_runs_begin(sv_sort_runs_t *runs, sv_error_t *error)
{
    if (runs->count == SV_SORT_RUNS && sv_sort_collapse(runs, error) != SV_OK) {
        return error->status;
    }
    return sv_sort_open(runs, error);
}
