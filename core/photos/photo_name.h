#ifndef SV_PHOTO_NAME_H
#define SV_PHOTO_NAME_H

#include <stddef.h>

#include "core/base/arena.h"

/*
 * Photos as records, lines and finds name them.  An id of UUID form is the same in capitals, and devices write it in
 * small letters or in capitals: so it stays, as it was sent.  One that has both is taken for the small one, or nobody
 * could look for all that name a photo.
 */
void sv_photo_names_take(const char **names, size_t count, sv_arena_t *arena);

#endif
