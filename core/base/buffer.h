#ifndef SV_BASE_BUFFER_H
#define SV_BASE_BUFFER_H

#include <stddef.h>

#include "core/base/arena.h"

/* Bytes that grow, in an arena.  `data` is always NUL-terminated after an append. */
typedef struct {
    sv_arena_t  *arena;
    char        *data;
    size_t       length;
    size_t       capacity;
} sv_buffer_t;

void sv_buffer_init(sv_buffer_t *buffer, sv_arena_t *arena, size_t capacity);
void sv_buffer_append(sv_buffer_t *buffer, const void *bytes, size_t length);
void sv_buffer_puts(sv_buffer_t *buffer, const char *text);
void sv_buffer_putc(sv_buffer_t *buffer, char c);
void sv_buffer_printf(sv_buffer_t *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for `length` more bytes, to be written at data + length by the caller. */
char *sv_buffer_reserve(sv_buffer_t *buffer, size_t length);

#endif
