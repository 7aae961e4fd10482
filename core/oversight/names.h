#ifndef SV_OVERSIGHT_NAMES_H
#define SV_OVERSIGHT_NAMES_H

#include "core/base/text_map.h"
#include "core/store/store.h"

/* The full names of users, by user_id; of one who is not known there is none.  In the arena of `error`. */
sv_status_t
sv_names_read(sv_store_t *store, const char *const *user_ids, size_t count, sv_text_map_t *names, sv_error_t *error);

#endif
