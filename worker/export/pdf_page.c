/* Pages of a PDF: text, the title of the first, the footer of each. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "worker/export/pdf.h"

#define SV_PDF_GRAY 0.40

PangoLayout *
sv_pdf_layout(sv_pdf_t *pdf, const char *text, size_t length, const sv_pdf_style_t *style)
{
    PangoLayout *layout = pango_layout_new(pdf->context);

    pango_layout_set_font_description(layout, pdf->fonts[style->font]);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_width(layout, style->width < 0 ? -1 : (int) (style->width * PANGO_SCALE));
    pango_layout_set_height(layout, -style->lines);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(layout, style->alignment);
    pango_layout_set_text(layout, text, (int) length);
    return layout;
}

void
sv_pdf_layout_size(PangoLayout *layout, double *width, double *height)
{
    int w, h;

    pango_layout_get_size(layout, &w, &h);
    *width = (double) w / PANGO_SCALE;
    *height = (double) h / PANGO_SCALE;
}

/* U+FDD0 to U+FDEF and the last two of every plane: valid UTF-8, and cairo refuses a document with one of them. */
static bool
sv_pdf_is_no_character(const unsigned char *c, size_t size)
{
    if (size == 3) {
        return c[0] == 0xef && ((c[1] == 0xb7 && c[2] >= 0x90 && c[2] <= 0xaf) || (c[1] == 0xbf && c[2] >= 0xbe));
    }
    return size == 4 && (c[1] & 0x0f) == 0x0f && c[2] == 0xbf && c[3] >= 0xbe;
}

/* Line breaks are shown as a sign: a cell with hundreds of them would push all others off the page. */
const char *
sv_pdf_one_paragraph(const char *text, size_t *length, bool *cut, sv_arena_t *arena)
{
    static const char line_sign[] = " \xe2\x86\xb5 ";
    sv_buffer_t out;
    size_t at = 0;

    sv_buffer_init(&out, arena, 64);
    sv_buffer_puts(&out, "");
    while (at < *length && at < SV_PDF_TEXT_MAX && out.length < SV_PDF_TEXT_MAX) {
        size_t size = sv_utf8_sequence(text + at, *length - at);

        if (text[at] == '\r' && at + 1 < *length && text[at + 1] == '\n') {
            size = 2;
        }
        if (text[at] == '\n' || text[at] == '\r') {
            sv_buffer_puts(&out, line_sign);
        } else if (text[at] == '\t') {
            sv_buffer_putc(&out, ' ');
        } else if (size == 3 &&
                   (memcmp(text + at, "\xe2\x80\xa8", 3) == 0 || memcmp(text + at, "\xe2\x80\xa9", 3) == 0)) {
            sv_buffer_puts(&out, line_sign); /* U+2028, U+2029 */
        } else if (size == 0 || sv_pdf_is_no_character((const unsigned char *) text + at, size)) {
            sv_buffer_puts(&out, "\xef\xbf\xbd");
        } else {
            sv_buffer_append(&out, text + at, size);
        }
        at += size > 0 ? size : 1;
    }
    *cut = at < *length;
    if (*cut) {
        sv_buffer_puts(&out, "\xe2\x80\xa6");
    }
    *length = out.length;
    return out.data;
}

double
sv_pdf_draw_text(sv_pdf_t *pdf, const char *text, double x, double y, const sv_pdf_style_t *style)
{
    sv_arena_t *arena = sv_arena_create();
    size_t length = strlen(text);
    bool cut;
    const char *shown = sv_pdf_one_paragraph(text, &length, &cut, arena);
    PangoLayout *layout = sv_pdf_layout(pdf, shown, length, style);
    double width, height;

    sv_pdf_layout_size(layout, &width, &height);
    cairo_move_to(pdf->cr, x, y);
    pango_cairo_show_layout(pdf->cr, layout);
    pdf->shortened += cut || pango_layout_is_ellipsized(layout);
    g_object_unref(layout);
    sv_arena_destroy(arena);
    return height;
}

double
sv_pdf_bottom(const sv_pdf_t *pdf)
{
    return pdf->page_height - SV_PDF_MARGIN - SV_PDF_FOOTER;
}

static void
sv_pdf_draw_footer(sv_pdf_t *pdf)
{
    double width = pdf->page_width - 2 * SV_PDF_MARGIN, y = pdf->page_height - SV_PDF_MARGIN - 8;
    sv_pdf_style_t left = { SV_PDF_SMALL, width * 0.8, 1, PANGO_ALIGN_LEFT };
    sv_pdf_style_t right = { SV_PDF_SMALL, width * 0.2, 1, PANGO_ALIGN_RIGHT };
    char time[SV_TIME_TEXT_SIZE], number[32];
    int64_t shortened = pdf->shortened; /* a long title is whole on the first page */

    sv_time_format(pdf->head->taken_at_ms, time);
    snprintf(number, sizeof(number), "Page %d", pdf->page);
    cairo_set_source_rgb(pdf->cr, SV_PDF_GRAY, SV_PDF_GRAY, SV_PDF_GRAY);
    sv_pdf_draw_text(pdf, sv_arena_printf(pdf->arena, "%s \xc2\xb7 %s", time, pdf->head->title), SV_PDF_MARGIN, y,
                     &left);
    sv_pdf_draw_text(pdf, number, SV_PDF_MARGIN + width * 0.8, y, &right);
    pdf->shortened = shortened;
}

void
sv_pdf_new_page(sv_pdf_t *pdf)
{
    pdf->page++;
    pdf->y = SV_PDF_MARGIN;
}

void
sv_pdf_end_page(sv_pdf_t *pdf)
{
    sv_pdf_draw_footer(pdf);
    cairo_show_page(pdf->cr);
}

static void
sv_pdf_draw_fact(sv_pdf_t *pdf, const char *label, const char *text, int lines)
{
    double label_width = 62, width = pdf->page_width - 2 * SV_PDF_MARGIN - label_width;
    sv_pdf_style_t left = { SV_PDF_BODY, label_width, 1, PANGO_ALIGN_LEFT };
    sv_pdf_style_t right = { SV_PDF_BODY, width, lines, PANGO_ALIGN_LEFT };

    if (text[0] == '\0') {
        return;
    }
    cairo_set_source_rgb(pdf->cr, SV_PDF_GRAY, SV_PDF_GRAY, SV_PDF_GRAY);
    sv_pdf_draw_text(pdf, label, SV_PDF_MARGIN, pdf->y, &left);
    cairo_set_source_rgb(pdf->cr, 0, 0, 0);
    pdf->y += sv_pdf_draw_text(pdf, text, SV_PDF_MARGIN + label_width, pdf->y, &right) + 1.5;
}

/* What this is, of when, of what, by whom. */
static void
sv_pdf_draw_title(sv_pdf_t *pdf)
{
    const sv_export_head_t *head = pdf->head;
    sv_pdf_style_t style = { SV_PDF_TITLE, pdf->page_width - 2 * SV_PDF_MARGIN, 3, PANGO_ALIGN_LEFT };
    char time[SV_TIME_TEXT_SIZE], rows[32] = "";

    cairo_set_source_rgb(pdf->cr, 0, 0, 0);
    pdf->y += sv_pdf_draw_text(pdf, head->title, SV_PDF_MARGIN, pdf->y, &style) + 4;
    sv_time_format(head->taken_at_ms, time);
    if (head->rows >= 0) {
        snprintf(rows, sizeof(rows), "%" PRId64, head->rows);
    }
    sv_pdf_draw_fact(pdf, "Contents", head->subtitle, 12);
    sv_pdf_draw_fact(pdf, "As of", sv_arena_printf(pdf->arena, "%s (all times are UTC)", time), 1);
    sv_pdf_draw_fact(pdf, "Made by", head->made_by, 1);
    sv_pdf_draw_fact(pdf, "Source", head->source, 3);
    sv_pdf_draw_fact(pdf, "Rows", rows, 1);
    sv_pdf_draw_fact(pdf, "SHA-256", head->digest, 1);
    pdf->y += 8;
}

static cairo_status_t
sv_pdf_take_bytes(void *context, const unsigned char *bytes, unsigned int length)
{
    sv_out_t *out = context;

    sv_out_write(out, bytes, length);
    return out->failed == 0 ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static void
sv_pdf_put_metadata(sv_pdf_t *pdf, cairo_pdf_metadata_t which, const char *text)
{
    size_t length = strlen(text);
    bool cut;

    cairo_pdf_surface_set_metadata(pdf->surface, which, sv_pdf_one_paragraph(text, &length, &cut, pdf->arena));
}

sv_status_t
sv_pdf_begin(sv_pdf_t *pdf, sv_error_t *error)
{
    char time[SV_TIME_TEXT_SIZE];

    pdf->surface = cairo_pdf_surface_create_for_stream(sv_pdf_take_bytes, &pdf->out, pdf->page_width, pdf->page_height);
    pdf->cr = cairo_create(pdf->surface);
    if (cairo_status(pdf->cr) != CAIRO_STATUS_SUCCESS) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "cairo: %s", cairo_status_to_string(cairo_status(pdf->cr)));
    }
    sv_time_format(pdf->head->taken_at_ms, time);
    sv_pdf_put_metadata(pdf, CAIRO_PDF_METADATA_TITLE, pdf->head->title);
    sv_pdf_put_metadata(pdf, CAIRO_PDF_METADATA_AUTHOR, pdf->head->made_by);
    cairo_pdf_surface_set_metadata(pdf->surface, CAIRO_PDF_METADATA_CREATOR, "StockVerify " SV_VERSION);
    cairo_pdf_surface_set_metadata(pdf->surface, CAIRO_PDF_METADATA_CREATE_DATE, time);
    cairo_set_line_width(pdf->cr, 0.5);
    sv_pdf_new_page(pdf);
    sv_pdf_draw_title(pdf);
    return SV_OK;
}
