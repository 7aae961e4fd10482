#ifndef SV_DISPOSITION_H
#define SV_DISPOSITION_H

#include "core/base/arena.h"

/* The value of Content-Disposition for a file to be saved, in HTTP (RFC 6266) and in mail (RFC 2183): a plain name for
 * old clients, the whole one in UTF-8 for others.  Whatever a name holds, it cannot end the parameter, the header or
 * the folder.  In the arena. */
const char *sv_disposition_attachment(const char *name, sv_arena_t *arena);

/* The same for a file that a browser may show. */
const char *sv_disposition_inline(const char *name, sv_arena_t *arena);

#endif
