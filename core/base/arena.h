#ifndef SV_BASE_ARENA_H
#define SV_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Memory that lives as long as one piece of work: a request's task, a job's
 * stage, a command.  Everything a domain function returns by pointer lives in
 * the arena it was given, so nobody frees results one by one.
 *
 * Not thread-safe: an arena has one owner at a time; handing it from the event
 * loop to a pool thread and back is handing over the owner.
 *
 * Out of memory ends the process, as libbson's allocator does; no function
 * here returns NULL.  Sizes asked for are bounded by the body limit.
 */
typedef struct sv_arena_s  sv_arena_t;

sv_arena_t *sv_arena_create(void);
void        sv_arena_destroy(sv_arena_t *arena);    /* NULL is allowed */

void *sv_arena_alloc(sv_arena_t *arena, size_t size);      /* aligned for any type */
void *sv_arena_zalloc(sv_arena_t *arena, size_t size);     /* zeroed */
char *sv_arena_strdup(sv_arena_t *arena, const char *text);
char *sv_arena_strndup(sv_arena_t *arena, const char *text, size_t length);  /* NUL added */
char *sv_arena_printf(sv_arena_t *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *sv_arena_vprintf(sv_arena_t *arena, const char *format, va_list args);

/* Room for one element more in an array of `count` elements of `size` bytes: the array itself, or a larger copy when
 * `*capacity` is reached.  NULL and 0 are an array to begin with. */
void *sv_arena_grow(sv_arena_t *arena, void *array, size_t count, size_t *capacity, size_t size);

/* Calls release(data) when the arena is destroyed, last registered first:
 * for library objects (json_t, bson_t) whose life is the arena's. */
void  sv_arena_on_destroy(sv_arena_t *arena, void (*release)(void *data), void *data);

#endif
