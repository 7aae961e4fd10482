#include "worker/export/pdf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SV_PDF_KEPT_MAX = SV_PDF_TEXT_MAX + 8 };

static const struct {
    double size;
    PangoWeight weight;
} sv_pdf_fonts[SV_PDF_FONT_COUNT] = {
    [SV_PDF_BODY] = { 7.5, PANGO_WEIGHT_NORMAL },
    [SV_PDF_BOLD] = { 7.5, PANGO_WEIGHT_BOLD },
    [SV_PDF_SMALL] = { 6.5, PANGO_WEIGHT_NORMAL },
    [SV_PDF_TITLE] = { 15, PANGO_WEIGHT_BOLD },
};

static void
sv_pdf_close(void *writer)
{
    sv_pdf_t *pdf = writer;

    for (size_t i = 0; i < pdf->head->column_count; i++) {
        g_clear_object(&pdf->columns[i].layout);
    }
    for (size_t i = 0; i < SV_PDF_FONT_COUNT; i++) {
        pango_font_description_free(pdf->fonts[i]);
    }
    if (pdf->cr != NULL) {
        cairo_destroy(pdf->cr);
    }
    if (pdf->surface != NULL) {
        cairo_surface_destroy(pdf->surface);
    }
    g_clear_object(&pdf->context);
    g_clear_object(&pdf->font_map);
    sv_out_close(&pdf->out);
    sv_arena_destroy(pdf->arena);
}

static void
sv_pdf_make_fonts(sv_pdf_t *pdf)
{
    cairo_font_options_t *options = cairo_font_options_create();

    pdf->font_map = pango_cairo_font_map_new();
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(pdf->font_map), 72); /* a point is a unit */
    pdf->context = pango_font_map_create_context(pdf->font_map);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(pdf->context, options);
    pango_context_set_round_glyph_positions(pdf->context, FALSE);
    cairo_font_options_destroy(options);
    for (size_t i = 0; i < SV_PDF_FONT_COUNT; i++) {
        pdf->fonts[i] = pango_font_description_from_string("Sans");
        pango_font_description_set_size(pdf->fonts[i], (int) (sv_pdf_fonts[i].size * PANGO_SCALE));
        pango_font_description_set_weight(pdf->fonts[i], sv_pdf_fonts[i].weight);
    }
}

static void *
sv_pdf_open(const char *path, const sv_export_head_t *head, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_pdf_t *pdf = sv_arena_zalloc(arena, sizeof(*pdf));

    pdf->head = head;
    pdf->arena = arena;
    if (sv_out_open(&pdf->out, path, error) != SV_OK) {
        sv_arena_destroy(arena);
        return NULL;
    }
    pdf->columns = sv_arena_zalloc(arena, (head->column_count + 1) * sizeof(*pdf->columns));
    sv_pdf_make_fonts(pdf);
    return pdf;
}

static void
sv_pdf_keep(sv_pdf_t *pdf, const sv_row_value_t *values)
{
    size_t count = pdf->head->column_count;
    sv_row_value_t *kept = sv_arena_alloc(pdf->arena, (count + 1) * sizeof(*kept));

    memcpy(kept, values, count * sizeof(*kept));
    for (size_t i = 0; i < count; i++) {
        if (kept[i].known && kept[i].text != NULL) {
            /* No more than is looked at, and enough for that to be seen cut. */
            kept[i].length = kept[i].length < SV_PDF_KEPT_MAX ? kept[i].length : SV_PDF_KEPT_MAX;
            kept[i].text = sv_arena_strndup(pdf->arena, kept[i].text, kept[i].length);
        }
    }
    pdf->sample[pdf->sample_count++] = kept;
}

static sv_status_t
sv_pdf_check(const sv_pdf_t *pdf, sv_error_t *error)
{
    cairo_status_t status = cairo_status(pdf->cr);

    if (sv_out_check(&pdf->out, error) != SV_OK) {
        return error->status;
    }
    if (status == CAIRO_STATUS_SUCCESS) {
        status = cairo_surface_status(pdf->surface);
    }
    return status == CAIRO_STATUS_SUCCESS
               ? SV_OK
               : sv_fail_cause(error, SV_ERR_INTERNAL, "cairo: %s", cairo_status_to_string(status));
}

/* The widths are decided: title, chart and the rows kept so far. */
static sv_status_t
sv_pdf_begin_table(sv_pdf_t *pdf, sv_error_t *error)
{
    sv_pdf_decide_widths(pdf);
    if (sv_pdf_begin(pdf, error) != SV_OK) {
        return error->status;
    }
    sv_pdf_draw_chart(pdf);
    sv_pdf_draw_header(pdf);
    for (size_t i = 0; i < pdf->sample_count; i++) {
        sv_pdf_draw_row(pdf, pdf->sample[i]);
    }
    return sv_pdf_check(pdf, error);
}

static sv_status_t
sv_pdf_row(void *writer, const sv_row_value_t *values, sv_error_t *error)
{
    sv_pdf_t *pdf = writer;

    pdf->rows++;
    if (pdf->surface == NULL) {
        sv_pdf_keep(pdf, values);
        return pdf->sample_count == SV_PDF_SAMPLE ? sv_pdf_begin_table(pdf, error) : SV_OK;
    }
    sv_pdf_draw_row(pdf, values);
    return sv_pdf_check(pdf, error);
}

/* What a reader of the paper can't see of the rows. */
static void
sv_pdf_draw_end(sv_pdf_t *pdf)
{
    sv_pdf_style_t style = { SV_PDF_BODY, pdf->page_width - 2 * SV_PDF_MARGIN, 2, PANGO_ALIGN_LEFT };
    const char *notes[3] = { sv_arena_printf(pdf->arena, "End of the report. Rows: %" PRId64 ".", pdf->rows), NULL,
                             NULL };

    if (pdf->shortened > 0) {
        notes[1] =
            sv_arena_printf(pdf->arena,
                            "%" PRId64 " texts are longer than their place and end in an ellipsis (\xe2\x80\xa6); "
                            "CSV, JSON and XLSX have the whole.",
                            pdf->shortened);
    }
    if (pdf->unknown > 0) {
        notes[2] = sv_arena_printf(
            pdf->arena, "Texts with signs that no installed font has, shown as boxes: %" PRId64 ".", pdf->unknown);
    }
    if (pdf->y + 45 > sv_pdf_bottom(pdf)) {
        sv_pdf_end_page(pdf);
        sv_pdf_new_page(pdf);
    }
    pdf->y += 6;
    cairo_set_source_rgb(pdf->cr, 0, 0, 0);
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        if (notes[i] != NULL) {
            pdf->y += sv_pdf_draw_text(pdf, notes[i], SV_PDF_MARGIN, pdf->y, &style) + 2;
        }
    }
}

static sv_status_t
sv_pdf_finish(void *writer, const sv_export_totals_t *totals, sv_error_t *error)
{
    sv_pdf_t *pdf = writer;
    sv_status_t status = pdf->surface == NULL ? sv_pdf_begin_table(pdf, error) : SV_OK;

    if (status == SV_OK) {
        sv_pdf_draw_totals(pdf, totals);
        sv_pdf_draw_end(pdf);
        sv_pdf_end_page(pdf);
        cairo_surface_finish(pdf->surface);
        sv_out_flush(&pdf->out);
        status = sv_pdf_check(pdf, error);
    }
    return status;
}

const sv_export_writer_t sv_pdf_writer = { "pdf", sv_pdf_open, sv_pdf_row, sv_pdf_finish, sv_pdf_close };

#ifdef __SANITIZE_ADDRESS__
/* For leak checkers: fontconfig 2.14 loses a block while it reads its configuration, cairo 1.16 one with each subset of
 * an OpenType font. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:libfontconfig.so\nleak:libcairo.so\n";
}

const char *
__lsan_default_options(void)
{
    return "print_suppressions=0";
}
#endif
