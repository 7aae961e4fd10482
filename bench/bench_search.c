/*
 * Fuzzy search over a file of products: how often the name that was meant is among the first five, and how long a
 * search takes.
 *
 *   bench_search PRODUCTS QUERIES
 *
 * PRODUCTS has lines "code<TAB>name", QUERIES "kind<TAB>query<TAB>name"; scripts/bench makes both (search.pl).  Prints
 * lines "kind<TAB>queries<TAB>found in %<TAB>mean<TAB>p50<TAB>p99", times in us of this thread's CPU, after two on the
 * index itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/search/build.h"
#include "core/search/normal.h"
#include "core/search/query.h"

enum { KINDS = 16, FIRST = 5 };

typedef struct {
    char name[64];
    size_t queries, found;
    double *times;
} kind_t;

static double
now_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double) time.tv_sec * 1e6 + (double) time.tv_nsec / 1e3;
}

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

static double
mean(const double *times, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += times[i];
    }
    return sum / (double) count;
}

static char *
cut(char **line)
{
    char *field = *line, *tab = strpbrk(field, "\t\n");

    if (tab != NULL) {
        *tab = '\0';
        *line = tab + 1;
    }
    return field;
}

static FILE *
open_or_die(const char *path)
{
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

static char **
build_index(const char *products, const char *path, sv_error_t *error)
{
    sv_search_build_t *build = sv_search_build_create(0);
    FILE *file = open_or_die(products);
    char **names = NULL, line[4096], *at;
    size_t count = 0;
    double start = now_us();

    while ((at = fgets(line, sizeof(line), file)) != NULL) {
        char code[24];
        sv_search_item_t item = { .item_code = code };

        item.words[0] = cut(&at);
        item.name = cut(&at);
        snprintf(code, sizeof(code), "%zu", count);
        names = realloc(names, (count + 1) * sizeof(*names));
        names[count++] = strdup(item.name);
        sv_search_build_add(build, &item);
    }
    fclose(file);
    if (sv_search_build_write(build, path, error) != SV_OK) {
        fprintf(stderr, "%s\n", error->cause);
        exit(1);
    }
    printf("build\t%zu\t%.0f ms\n", count, (now_us() - start) / 1e3);
    sv_search_build_destroy(build);
    return names;
}

static kind_t *
kind_of(kind_t *kinds, const char *name)
{
    size_t i = 0;

    while (i < KINDS - 1 && kinds[i].queries > 0 && strcmp(kinds[i].name, name) != 0) {
        i++;
    }
    snprintf(kinds[i].name, sizeof(kinds[i].name), "%s", name);
    return &kinds[i];
}

/* Names that differ in case, accents and punctuation are the same name to whoever searches. */
static bool
is_same(const char *a, const char *b)
{
    sv_arena_t *arena = sv_arena_create();
    sv_search_text_t x, y;
    bool same;

    sv_search_normalize(a, arena, &x);
    sv_search_normalize(b, arena, &y);
    same = x.length == y.length && memcmp(x.points, y.points, x.length * sizeof(x.points[0])) == 0;
    sv_arena_destroy(arena);
    return same;
}

/* Whether the name is among the first five different ones. */
static bool
is_found(char **names, const char *name, const sv_search_hit_t *hits, size_t count)
{
    const char *different[FIRST];
    size_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        const char *found = names[atol(hits[i].item_code)];
        size_t j = 0;

        while (j < seen && !is_same(different[j], found)) {
            j++;
        }
        if (j < seen) {
            continue;
        }
        if (seen == FIRST) {
            return false;
        }
        different[seen++] = found;
        if (is_same(found, name)) {
            return true;
        }
    }
    return false;
}

int
main(int argc, char **argv)
{
    kind_t kinds[KINDS] = { 0 };
    sv_search_index_t index;
    sv_arena_t *errors = sv_arena_create();
    sv_error_t error;
    char path[64], line[4096], *at, **names;
    FILE *queries;

    if (argc != 3) {
        fprintf(stderr, "usage: bench_search PRODUCTS QUERIES\n");
        return 2;
    }
    sv_error_init(&error, errors);
    snprintf(path, sizeof(path), "/tmp/bench_search.%ld", (long) getpid());
    names = build_index(argv[1], path, &error);
    if (sv_search_index_open(path, &index, &error) != SV_OK) {
        fprintf(stderr, "%s\n", error.cause);
        return 1;
    }
    printf("size\t%.1f MB\n", (double) index.size / 1e6);
    queries = open_or_die(argv[2]);
    while ((at = fgets(line, sizeof(line), queries)) != NULL) {
        kind_t *kind = kind_of(kinds, cut(&at));
        const char *query = cut(&at), *name = cut(&at);
        sv_arena_t *arena = sv_arena_create();
        sv_search_hit_t *hits;
        double start = now_us();
        size_t count = sv_search_run(&index, NULL, query, 50, arena, &hits);

        kind->times = realloc(kind->times, (kind->queries + 1) * sizeof(double));
        kind->times[kind->queries++] = now_us() - start;
        kind->found += is_found(names, name, hits, count);
        if (getenv("SEARCH_MISSES") != NULL && !is_found(names, name, hits, count)) {
            fprintf(stderr, "%s: %s <- %s: %s\n", kind->name, name, query,
                    count > 0 ? names[atol(hits[0].item_code)] : "nothing");
        }
        sv_arena_destroy(arena);
    }
    for (size_t i = 0; i < KINDS && kinds[i].queries > 0; i++) {
        qsort(kinds[i].times, kinds[i].queries, sizeof(double), by_size);
        printf("%s\t%zu\t%.2f\t%.0f\t%.0f\t%.0f\n", kinds[i].name, kinds[i].queries,
               100.0 * (double) kinds[i].found / (double) kinds[i].queries, mean(kinds[i].times, kinds[i].queries),
               kinds[i].times[kinds[i].queries / 2], kinds[i].times[kinds[i].queries * 99 / 100]);
    }
    unlink(path);
    return 0;
}
