#ifndef SV_RACK_BOARD_H
#define SV_RACK_BOARD_H

#include "core/floor/rack_list.h"

/* Every rack of a place, free or not, with its state and who has it: a page's members into an object that is open. */
sv_status_t sv_rack_board(sv_store_t *store, const sv_rack_filter_t *filter, sv_page_t *page, sv_json_writer_t *w,
                          sv_arena_t *arena, sv_error_t *error);

#endif
