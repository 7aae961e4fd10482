#ifndef SV_ERP_UTF16_H
#define SV_ERP_UTF16_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/buffer.h"

/* Appends UTF-16 as UTF-8; a half of a surrogate pair becomes a byte that is no UTF-8, for whoever reads it to refuse.
 */
void sv_utf16_append(sv_buffer_t *out, const uint16_t *units, size_t count);
/* UTF-8 as UTF-16, with a 0 behind it; *count without it. */
uint16_t *sv_utf16_from(const char *text, sv_arena_t *arena, size_t *count);

#endif
