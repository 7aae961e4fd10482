#include "worker/erp/utf16.h"

#include <bson/bson.h>
#include <string.h>

static void
sv_code_point_append(sv_buffer_t *out, uint32_t c)
{
    char bytes[6];
    uint32_t length;

    bson_utf8_from_unichar((bson_unichar_t) c, bytes, &length);
    sv_buffer_append(out, bytes, length);
}

void
sv_utf16_append(sv_buffer_t *out, const uint16_t *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t c = units[i];

        if (c >= 0xd800 && c < 0xdc00 && i + 1 < count && units[i + 1] >= 0xdc00 && units[i + 1] < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (units[++i] - 0xdc00U);
        }
        if (c == 0 || (c >= 0xd800 && c < 0xe000)) {
            sv_buffer_putc(out, '\xff');
        } else {
            sv_code_point_append(out, c);
        }
    }
}

uint16_t *
sv_utf16_from(const char *text, sv_arena_t *arena, size_t *count)
{
    uint16_t *units = sv_arena_alloc(arena, (strlen(text) + 1) * sizeof(*units));

    *count = 0;
    for (const char *at = text; *at != '\0'; at = bson_utf8_next_char(at)) {
        uint32_t c = (uint32_t) bson_utf8_get_char(at);

        if (c >= 0x10000) {
            units[(*count)++] = (uint16_t) (0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        units[(*count)++] = (uint16_t) c;
    }
    units[*count] = 0;
    return units;
}
