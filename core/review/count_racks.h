#ifndef SV_COUNT_RACKS_H
#define SV_COUNT_RACKS_H

#include "core/counts/count.h"
#include "core/store/page.h"

/* The racks of a count's scope, by id, with their floor sessions in it, what each phone still had unsent, recounts,
 * exclusions and assignments: a page's members, into an open object. */
sv_status_t sv_count_racks_write(sv_store_t *store, const sv_count_t *count, sv_page_t *page, sv_json_writer_t *w,
                                 sv_arena_t *arena, sv_error_t *error);

#endif
