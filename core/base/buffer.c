#include "core/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SV_BUFFER_MIN = 64 };

void
sv_buffer_init(sv_buffer_t *buffer, sv_arena_t *arena, size_t capacity)
{
    if (capacity < SV_BUFFER_MIN) {
        capacity = SV_BUFFER_MIN;
    }
    *buffer = (sv_buffer_t){ .arena = arena, .data = sv_arena_alloc(arena, capacity), .capacity = capacity };
    buffer->data[0] = '\0';
}

char *
sv_buffer_reserve(sv_buffer_t *buffer, size_t length)
{
    size_t wanted, capacity;
    char *data;

    if (length < buffer->capacity - buffer->length) { /* one byte stays for the NUL */
        return buffer->data + buffer->length;
    }
    if (__builtin_add_overflow(buffer->length, length, &wanted) || __builtin_add_overflow(wanted, 1, &wanted)) {
        wanted = (size_t) -1; /* the arena ends the process for want of memory */
    }
    capacity = buffer->capacity * 2;
    if (capacity < wanted) {
        capacity = wanted;
    }
    data = sv_arena_alloc(buffer->arena, capacity);
    memcpy(data, buffer->data, buffer->length + 1);
    buffer->data = data;
    buffer->capacity = capacity;
    return data + buffer->length;
}

void
sv_buffer_append(sv_buffer_t *buffer, const void *bytes, size_t length)
{
    char *end = sv_buffer_reserve(buffer, length);

    if (length > 0) {
        memcpy(end, bytes, length);
    }
    end[length] = '\0';
    buffer->length += length;
}

void
sv_buffer_puts(sv_buffer_t *buffer, const char *text)
{
    sv_buffer_append(buffer, text, strlen(text));
}

void
sv_buffer_putc(sv_buffer_t *buffer, char c)
{
    char *end = sv_buffer_reserve(buffer, 1);

    end[0] = c;
    end[1] = '\0';
    buffer->length++;
}

void
sv_buffer_printf(sv_buffer_t *buffer, const char *format, ...)
{
    size_t room = buffer->capacity - buffer->length;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(buffer->data + buffer->length, room, format, args);
    va_end(args);
    if (length < 0) {
        buffer->data[buffer->length] = '\0';
        return;
    }
    if ((size_t) length >= room) {
        char *end = sv_buffer_reserve(buffer, (size_t) length);

        va_start(args, format);
        vsnprintf(end, (size_t) length + 1, format, args);
        va_end(args);
    }
    buffer->length += (size_t) length;
}
