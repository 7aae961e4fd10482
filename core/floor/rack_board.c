#include "core/floor/rack_board.h"

#include <string.h>

#include "core/base/text_map.h"
#include "core/counts/assignments.h"
#include "core/oversight/names.h"
#include "core/store/document.h"

typedef struct {
    sv_rack_t *racks;
    size_t count;
    sv_text_map_t assigned; /* rack_id -> sv_assigned_t */
    sv_text_map_t names;    /* user_id -> full name */
    int64_t now_ms;
} sv_board_t;

/* The names of who has racks now. */
static sv_status_t
sv_board_read_names(sv_store_t *store, sv_board_t *board, sv_arena_t *arena, sv_error_t *error)
{
    const char **ids = sv_arena_alloc(arena, (board->count + 1) * sizeof(ids[0]));
    size_t count = 0;

    for (size_t i = 0; i < board->count; i++) {
        const sv_rack_t *rack = &board->racks[i];

        if (rack->user_id != NULL && sv_rack_is_held(rack, board->now_ms)) {
            ids[count++] = rack->user_id;
        }
    }
    if (count > 0) {
        return sv_names_read(store, ids, count, &board->names, error);
    }
    sv_text_map_init(&board->names, arena, 0);
    return SV_OK;
}

/* A rack whose holder fell silent for too long can be claimed, whatever it was. */
static const char *
sv_board_state(const sv_rack_t *rack, bool held)
{
    bool completed = rack->status != NULL && strcmp(rack->status, "completed") == 0;

    return held || completed ? rack->status : "available";
}

static void
sv_board_write(sv_json_writer_t *w, const sv_board_t *board, const sv_rack_t *rack)
{
    bool held = sv_rack_is_held(rack, board->now_ms);

    sv_rack_write_place(w, rack);
    sv_json_text(w, "status", sv_board_state(rack, held));
    sv_assigned_write(w, "assigned_to", sv_text_map_get(&board->assigned, rack->rack_id));
    if (held && rack->user_id != NULL) {
        sv_json_object(w, "holder");
        sv_json_text(w, "user_id", rack->user_id);
        sv_json_text(w, "full_name", sv_text_map_get(&board->names, rack->user_id));
        sv_json_end(w);
    } else {
        sv_json_null(w, "holder");
    }
    sv_json_end(w);
}

sv_status_t
sv_rack_board(sv_store_t *store, const sv_rack_filter_t *filter, sv_page_t *page, sv_json_writer_t *w,
              sv_arena_t *arena, sv_error_t *error)
{
    bson_t *of_place = sv_doc_new(arena);
    sv_board_t board = { 0 };
    sv_page_rows_t rows;

    sv_rack_filter_put_place(of_place, filter);
    page->list = "racks, all";
    page->sort_field = NULL;
    page->unique_field = "rack_id";
    page->direction = 1;
    if (sv_assigned_read(store, filter->warehouse, &board.assigned, arena, error) != SV_OK ||
        sv_page_read(store, SV_COLLECTION_RACK_REGISTRY, of_place, NULL, page, &rows, arena, error) != SV_OK ||
        sv_store_now(store, &board.now_ms, error) != SV_OK) {
        return error->status;
    }
    board.racks = sv_arena_zalloc(arena, (rows.count + 1) * sizeof(board.racks[0]));
    board.count = rows.count;
    for (size_t i = 0; i < rows.count; i++) {
        sv_rack_read(rows.rows[i], arena, &board.racks[i]);
    }
    if (sv_board_read_names(store, &board, arena, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, "items");
    for (size_t i = 0; i < board.count; i++) {
        sv_board_write(w, &board, &board.racks[i]);
    }
    sv_json_end(w);
    sv_json_text(w, "next_cursor", rows.next_cursor);
    return SV_OK;
}
