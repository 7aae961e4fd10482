#include "core/base/disposition.h"

#include <ctype.h>
#include <string.h>

#include "core/base/buffer.h"

static const char *
sv_disposition(const char *kind, const char *name, sv_arena_t *arena)
{
    sv_buffer_t out;

    sv_buffer_init(&out, arena, strlen(name) * 4 + 64);
    sv_buffer_printf(&out, "%s; filename=\"", kind);
    for (const char *at = name; *at != '\0'; at++) {
        unsigned char c = (unsigned char) *at;

        if (c < 0x80) {
            sv_buffer_putc(&out, isalnum(c) || strchr(" .-_()+,=@", c) != NULL ? *at : '_');
        } else if (c >= 0xc0) {
            sv_buffer_putc(&out, '_'); /* one for a character of several bytes */
        }
    }
    sv_buffer_puts(&out, "\"; filename*=UTF-8''");
    for (const char *at = name; *at != '\0'; at++) {
        unsigned char c = (unsigned char) *at;

        if (c < 0x80 && (isalnum(c) || strchr(".-_~", c) != NULL)) {
            sv_buffer_putc(&out, *at);
        } else {
            sv_buffer_printf(&out, "%%%02X", c);
        }
    }
    return out.data;
}

const char *
sv_disposition_attachment(const char *name, sv_arena_t *arena)
{
    return sv_disposition("attachment", name, arena);
}

const char *
sv_disposition_inline(const char *name, sv_arena_t *arena)
{
    return sv_disposition("inline", name, arena);
}
