#include "core/items/item_entry.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/document.h"

#define SV_ENTRY_FORM "2"

enum { SV_FIELD_SCORE = 1, SV_FIELD_PACK, SV_FIELD_MASTER, SV_FIELD_COUNTED, SV_FIELD_COUNTED_IN };

static void
sv_entry_put_members(sv_buffer_t *out, const bson_t *item, bool counted, sv_arena_t *arena)
{
    sv_buffer_t members;
    sv_json_writer_t w;

    sv_buffer_init(&members, arena, 1024);
    sv_json_writer_init(&w, &members);
    sv_json_object(&w, NULL);
    if (counted) {
        sv_item_write_counted(&w, item);
    } else {
        sv_item_write_master(&w, item, arena);
    }
    sv_json_end(&w);
    sv_buffer_append(out, members.data + 1, members.length - 2); /* without the braces */
}

static void
sv_entry_put_match(sv_buffer_t *out, const sv_item_match_t *match, sv_arena_t *arena)
{
    const char *counted_in = sv_doc_text(match->item, "overlay_warehouse", arena);
    char quantity[SV_QUANTITY_TEXT_SIZE];
    sv_json_writer_t w;

    sv_buffer_printf(out, "M\t%.4g\t", match->score);
    if (match->pack == NULL) {
        sv_buffer_puts(out, "null");
    } else {
        sv_json_writer_init(&w, out);
        sv_doc_write_json(&w, NULL, match->pack);
    }
    sv_buffer_putc(out, '\t');
    sv_entry_put_members(out, match->item, false, arena);
    sv_buffer_putc(out, '\t');
    sv_entry_put_members(out, match->item, true, arena);
    sv_buffer_printf(out, "\t%s\n", counted_in != NULL ? counted_in : "");
    for (size_t i = 0; i < match->stocks.count; i++) {
        const sv_item_stock_t *stock = &match->stocks.stocks[i];

        if (stock->known) {
            sv_quantity_to_text(stock->quantity, quantity);
        }
        sv_buffer_printf(out, "S\t%s\t%s\n", stock->warehouse, stock->known ? quantity : "null");
    }
}

const char *
sv_item_entry_make(sv_entry_kind_t kind, const char *generation, const sv_item_match_t *matches, size_t count,
                   sv_arena_t *arena)
{
    sv_buffer_t out;

    sv_buffer_init(&out, arena, 256 + count * 1024);
    sv_buffer_printf(&out, "%s\t%s\t%c\n", SV_ENTRY_FORM, generation == NULL ? "" : generation, kind);
    for (size_t i = 0; i < count && i < SV_ENTRY_MATCHES; i++) {
        sv_entry_put_match(&out, &matches[i], arena);
    }
    return out.data;
}

typedef struct {
    const char *text;
    size_t length;
} sv_piece_t;

/* Field `n` of the line that begins at `line`; an empty one where there are fewer. */
static sv_piece_t
sv_entry_field(const char *line, const char *end, size_t n)
{
    const char *stop = memchr(line, '\n', (size_t) (end - line));
    const char *tab;

    stop = stop == NULL ? end : stop;
    while ((tab = memchr(line, '\t', (size_t) (stop - line))) != NULL && n > 0) {
        line = tab + 1;
        n--;
    }
    if (n > 0) {
        return (sv_piece_t){ "", 0 };
    }
    return (sv_piece_t){ line, (size_t) ((tab == NULL ? stop : tab) - line) };
}

static const char *
sv_entry_next_line(const char *line, const char *end)
{
    const char *stop = memchr(line, '\n', (size_t) (end - line));

    return stop == NULL ? end : stop + 1;
}

static bool
sv_piece_is(sv_piece_t piece, const char *text)
{
    return piece.length == strlen(text) && memcmp(piece.text, text, piece.length) == 0;
}

bool
sv_item_entry_read(const char *text, size_t length, const char *generation, sv_item_entry_view_t *entry)
{
    const char *end = text + length;
    sv_piece_t kind = sv_entry_field(text, end, 2);

    if (!sv_piece_is(sv_entry_field(text, end, 0), SV_ENTRY_FORM) || kind.length != 1 ||
        (generation != NULL && !sv_piece_is(sv_entry_field(text, end, 1), generation))) {
        return false;
    }
    *entry = (sv_item_entry_view_t){ .text = text, .end = end, .kind = (sv_entry_kind_t) kind.text[0] };
    for (const char *line = sv_entry_next_line(text, end); line < end; line = sv_entry_next_line(line, end)) {
        entry->count += line[0] == 'M';
    }
    return true;
}

static const char *
sv_entry_match(const sv_item_entry_view_t *entry, size_t n)
{
    const char *line = sv_entry_next_line(entry->text, entry->end);

    for (; line < entry->end; line = sv_entry_next_line(line, entry->end)) {
        if (line[0] == 'M' && n-- == 0) {
            break;
        }
    }
    return line;
}

static void
sv_entry_write_stock(sv_json_writer_t *w, const sv_item_entry_view_t *entry, const char *line, const char *warehouse)
{
    while (warehouse != NULL && (line = sv_entry_next_line(line, entry->end)) < entry->end && line[0] == 'S') {
        if (sv_piece_is(sv_entry_field(line, entry->end, 1), warehouse)) {
            sv_piece_t quantity = sv_entry_field(line, entry->end, 2);

            sv_json_raw(w, "stock_qty", quantity.text, quantity.length);
            return;
        }
    }
    sv_json_null(w, "stock_qty");
}

void
sv_item_entry_write(sv_json_writer_t *w, const sv_item_entry_view_t *entry, size_t n, const sv_item_view_t *view)
{
    const char *line = sv_entry_match(entry, n);
    sv_piece_t master = sv_entry_field(line, entry->end, SV_FIELD_MASTER);
    sv_piece_t counted = sv_entry_field(line, entry->end, SV_FIELD_COUNTED);
    sv_piece_t counted_in = sv_entry_field(line, entry->end, SV_FIELD_COUNTED_IN);

    sv_json_raw(w, NULL, master.text, master.length);
    sv_json_text(w, "warehouse", view->warehouse);
    if (!view->blind) {
        sv_entry_write_stock(w, entry, line, view->warehouse);
        if (sv_item_view_tells(view, counted_in.text, counted_in.length)) {
            sv_json_raw(w, NULL, counted.text, counted.length);
        } else {
            sv_item_write_uncounted(w);
        }
    }
}

void
sv_item_entry_write_pack(sv_json_writer_t *w, const char *name, const sv_item_entry_view_t *entry, size_t n)
{
    sv_piece_t pack = sv_entry_field(sv_entry_match(entry, n), entry->end, SV_FIELD_PACK);

    sv_json_raw(w, name, pack.text, pack.length);
}

void
sv_item_entry_write_score(sv_json_writer_t *w, const char *name, const sv_item_entry_view_t *entry, size_t n)
{
    sv_piece_t score = sv_entry_field(sv_entry_match(entry, n), entry->end, SV_FIELD_SCORE);

    sv_json_raw(w, name, score.text, score.length);
}
