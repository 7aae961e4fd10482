#include "core/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/fatal.h"

/* The first block comes with the arena, in one piece of 8 KiB: an ordinary request needs no other. */
enum { SV_ARENA_SIZE = 8 * 1024, SV_ARENA_BLOCK_SECOND = 8 * 1024, SV_ARENA_BLOCK_MAX = 64 * 1024 };

enum { SV_ARENA_FIRST_ELEMENTS = 16 };

/* With AddressSanitizer every piece is a block of its own, so that it sees overruns. */
#if defined(__SANITIZE_ADDRESS__)
#define SV_ARENA_EXACT 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SV_ARENA_EXACT 1
#endif
#endif
#ifndef SV_ARENA_EXACT
#define SV_ARENA_EXACT 0
#endif

typedef struct sv_arena_block_s sv_arena_block_t;

struct sv_arena_block_s {
    sv_arena_block_t *next;
    alignas(max_align_t) char bytes[];
};

typedef struct sv_arena_release_s sv_arena_release_t;

struct sv_arena_release_s {
    sv_arena_release_t *next;
    void (*release)(void *data);
    void *data;
};

struct sv_arena_s {
    sv_arena_block_t *blocks;
    sv_arena_release_t *releases;
    char *free;       /* of the block that is being filled */
    size_t left;      /* bytes behind `free` */
    size_t next_size; /* of the next block */
    alignas(max_align_t) char first[];
};

static void *
sv_malloc_or_end(size_t size)
{
    void *memory = malloc(size);

    if (memory == NULL) {
        sv_fatal("out of memory (%zu bytes asked for)", size);
    }
    return memory;
}

static char *
sv_arena_add_block(sv_arena_t *arena, size_t size)
{
    sv_arena_block_t *block;

    if (size > SIZE_MAX - sizeof(*block)) {
        size = SIZE_MAX - sizeof(*block); /* malloc refuses it and we end there */
    }
    block = sv_malloc_or_end(sizeof(*block) + size);
    block->next = arena->blocks;
    arena->blocks = block;
    return block->bytes;
}

sv_arena_t *
sv_arena_create(void)
{
    size_t room = SV_ARENA_EXACT ? 0 : SV_ARENA_SIZE - sizeof(sv_arena_t);
    sv_arena_t *arena = sv_malloc_or_end(sizeof(*arena) + room);

    *arena = (sv_arena_t){ .next_size = SV_ARENA_BLOCK_SECOND };
    arena->free = arena->first;
    arena->left = room;
    return arena;
}

void
sv_arena_destroy(sv_arena_t *arena)
{
    sv_arena_block_t *block, *next;

    if (arena == NULL) {
        return;
    }
    while (arena->releases != NULL) {
        sv_arena_release_t *release = arena->releases;

        arena->releases = release->next;
        release->release(release->data);
    }
    for (block = arena->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

void *
sv_arena_alloc(sv_arena_t *arena, size_t size)
{
    char *piece;

    if (SV_ARENA_EXACT || size > arena->next_size / 4) {
        if (size > arena->left || SV_ARENA_EXACT) {
            return sv_arena_add_block(arena, size); /* what is left of the current block stays in use */
        }
    }
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (size > arena->left) {
        arena->free = sv_arena_add_block(arena, arena->next_size);
        arena->left = arena->next_size;
        if (arena->next_size < SV_ARENA_BLOCK_MAX) {
            arena->next_size *= 2;
        }
    }
    piece = arena->free;
    arena->free += size;
    arena->left -= size;
    return piece;
}

void *
sv_arena_zalloc(sv_arena_t *arena, size_t size)
{
    return memset(sv_arena_alloc(arena, size), 0, size);
}

char *
sv_arena_strdup(sv_arena_t *arena, const char *text)
{
    return sv_arena_strndup(arena, text, strlen(text));
}

char *
sv_arena_strndup(sv_arena_t *arena, const char *text, size_t length)
{
    char *copy = sv_arena_alloc(arena, length + 1);

    if (length > 0) {
        memcpy(copy, text, length);
    }
    copy[length] = '\0';
    return copy;
}

char *
sv_arena_printf(sv_arena_t *arena, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = sv_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

char *
sv_arena_vprintf(sv_arena_t *arena, const char *format, va_list args)
{
    char first[256];
    char *text;
    va_list again;
    int length;

    va_copy(again, args);
    length = vsnprintf(first, sizeof(first), format, args);
    if (length < 0) {
        text = sv_arena_strdup(arena, ""); /* only a wide character that cannot be converted */
    } else if ((size_t) length < sizeof(first)) {
        text = sv_arena_strndup(arena, first, (size_t) length);
    } else {
        text = sv_arena_alloc(arena, (size_t) length + 1);
        vsnprintf(text, (size_t) length + 1, format, again);
    }
    va_end(again);
    return text;
}

void *
sv_arena_grow(sv_arena_t *arena, void *array, size_t count, size_t *capacity, size_t size)
{
    void *larger;

    if (count < *capacity) {
        return array;
    }
    *capacity = *capacity == 0 ? SV_ARENA_FIRST_ELEMENTS : *capacity * 2;
    larger = sv_arena_alloc(arena, *capacity * size);
    if (count > 0) {
        memcpy(larger, array, count * size);
    }
    return larger;
}

void
sv_arena_on_destroy(sv_arena_t *arena, void (*release)(void *data), void *data)
{
    sv_arena_release_t *entry = sv_arena_alloc(arena, sizeof(*entry));

    *entry = (sv_arena_release_t){ .next = arena->releases, .release = release, .data = data };
    arena->releases = entry;
}
