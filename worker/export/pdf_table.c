/* The table of a PDF: how wide its columns are, its rows, its header on every page. */
#include <stdlib.h>
#include <string.h>

#include "worker/export/cell_text.h"
#include "worker/export/pdf.h"

/* Narrowest and widest a column of text is made without need, and the widest of numbers. */
#define SV_PDF_TEXT_LEAST  44.0
#define SV_PDF_TEXT_WIDEST 220.0
#define SV_PDF_NUMBER_MOST 140.0

/* A total has a few digits more than its column's numbers, in bold. */
#define SV_PDF_TOTAL_MORE 16.0

#define SV_PDF_LINE_GRAY 0.80

enum { SV_PDF_HEADER_LINES = 3 };

/* Tried in this order; a table that fits none gets a page as wide as it needs. */
static const struct {
    double width, height;
    bool squeezed; /* columns may be made as narrow as they go */
} sv_pdf_papers[] = {
    { 595, 842, false }, { 842, 595, false }, { 842, 595, true }, { 1191, 842, true }, /* A4, A4 lying, A3 lying */
};

static double
sv_pdf_needed(const sv_pdf_t *pdf, bool squeezed)
{
    double sum = 0;

    for (size_t i = 0; i < pdf->head->column_count; i++) {
        sum += (squeezed ? pdf->columns[i].least : pdf->columns[i].width) + 2 * SV_PDF_PADDING;
    }
    return sum;
}

/* Takes what is too much from the columns, in proportion to what they can give. */
static void
sv_pdf_squeeze(sv_pdf_t *pdf, double available)
{
    double needed = sv_pdf_needed(pdf, false), least = sv_pdf_needed(pdf, true);
    double share = needed > least ? (needed - available) / (needed - least) : 0;

    for (size_t i = 0; share > 0 && i < pdf->head->column_count; i++) {
        sv_pdf_column_t *column = &pdf->columns[i];

        column->width -= (share < 1 ? share : 1) * (column->width - column->least);
    }
}

/* Gives what is left to columns that have longer texts than most of theirs. */
static void
sv_pdf_stretch(sv_pdf_t *pdf, double available)
{
    double spare = available - sv_pdf_needed(pdf, false), wanted = 0;

    for (size_t i = 0; i < pdf->head->column_count; i++) {
        wanted += pdf->columns[i].wanted - pdf->columns[i].width;
    }
    for (size_t i = 0; spare > 0 && wanted > 0 && i < pdf->head->column_count; i++) {
        sv_pdf_column_t *column = &pdf->columns[i];

        column->width += (spare < wanted ? spare / wanted : 1) * (column->wanted - column->width);
    }
}

static void
sv_pdf_choose_paper(sv_pdf_t *pdf)
{
    size_t papers = sizeof(sv_pdf_papers) / sizeof(sv_pdf_papers[0]), i = 0;

    while (i < papers && sv_pdf_needed(pdf, sv_pdf_papers[i].squeezed) > sv_pdf_papers[i].width - 2 * SV_PDF_MARGIN) {
        i++;
    }
    pdf->page_width = i < papers ? sv_pdf_papers[i].width : sv_pdf_needed(pdf, true) + 2 * SV_PDF_MARGIN;
    pdf->page_height = sv_pdf_papers[i < papers ? i : papers - 1].height;
    sv_pdf_squeeze(pdf, pdf->page_width - 2 * SV_PDF_MARGIN);
    sv_pdf_stretch(pdf, pdf->page_width - 2 * SV_PDF_MARGIN);
}

/* As it is printed; in `arena`, *length bytes. */
static const char *
sv_pdf_cell(const sv_column_t *column, const sv_row_value_t *value, size_t *length, bool *cut, sv_arena_t *arena)
{
    char *text;

    *cut = false;
    if (!value->known) {
        *length = 0;
        return "";
    }
    if (column->type == SV_COLUMN_TEXT) {
        *length = value->length;
        return sv_pdf_one_paragraph(value->text, length, cut, arena);
    }
    text = sv_arena_alloc(arena, SV_CELL_TEXT_SIZE);
    *length = sv_cell_print(column->type, value, text);
    return text;
}

static double
sv_pdf_natural_width(sv_pdf_t *pdf, const char *text, size_t length, sv_pdf_font_t font)
{
    sv_pdf_style_t style = { font, -1, 1, PANGO_ALIGN_LEFT };
    PangoLayout *layout = sv_pdf_layout(pdf, text, length, &style);
    double width, height;

    sv_pdf_layout_size(layout, &width, &height);
    g_object_unref(layout);
    return width;
}

/* Of the widest word: a title stands in several lines, and breaks no word unless it must. */
static double
sv_pdf_title_width(sv_pdf_t *pdf, const char *title)
{
    double widest = 0;

    while (*title != '\0') {
        size_t length = strcspn(title, " ");
        double width = length > 0 ? sv_pdf_natural_width(pdf, title, length, SV_PDF_BOLD) + 1 : 0;

        widest = width > widest ? width : widest;
        title += length + strspn(title + length, " ");
    }
    return widest;
}

static int
sv_pdf_by_width(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;

    return (left > right) - (left < right);
}

/* How wide the first cells of the column are, narrowest first. */
static void
sv_pdf_measure_cells(sv_pdf_t *pdf, size_t i, double widths[SV_PDF_SAMPLE])
{
    sv_arena_t *arena = sv_arena_create();

    for (size_t row = 0; row < pdf->sample_count; row++) {
        size_t length;
        bool cut;
        const char *text = sv_pdf_cell(&pdf->head->columns[i], &pdf->sample[row][i], &length, &cut, arena);

        widths[row] = length > 0 ? sv_pdf_natural_width(pdf, text, length, SV_PDF_BODY) + 1 : 0;
    }
    qsort(widths, pdf->sample_count, sizeof(widths[0]), sv_pdf_by_width);
    sv_arena_destroy(arena);
}

static double
sv_pdf_between(double low, double value, double high)
{
    return value > high ? high : value < low ? low : value;
}

/* Wide enough for nine texts of ten, and for all numbers. */
static void
sv_pdf_measure_column(sv_pdf_t *pdf, size_t i)
{
    const sv_column_t *column = &pdf->head->columns[i];
    bool is_text = column->type == SV_COLUMN_TEXT;
    double most = is_text ? SV_PDF_TEXT_WIDEST : SV_PDF_NUMBER_MOST;
    double title = sv_pdf_between(SV_PDF_TEXT_LEAST / 2, sv_pdf_title_width(pdf, column->title), most);
    double widths[SV_PDF_SAMPLE], usual = 0, widest = 0;

    sv_pdf_measure_cells(pdf, i, widths);
    if (pdf->sample_count > 0) {
        widest = widths[pdf->sample_count - 1];
        widest += column->total ? SV_PDF_TOTAL_MORE : 0;
        usual = is_text ? widths[pdf->sample_count * 9 / 10] : widest;
    }
    pdf->columns[i].width = sv_pdf_between(title, usual, most);
    pdf->columns[i].wanted = sv_pdf_between(pdf->columns[i].width, widest, most);
    pdf->columns[i].least = pdf->columns[i].width;
    if (is_text) {
        pdf->columns[i].least =
            sv_pdf_between(0, title > SV_PDF_TEXT_LEAST ? title : SV_PDF_TEXT_LEAST, pdf->columns[i].width);
    }
}

void
sv_pdf_decide_widths(sv_pdf_t *pdf)
{
    for (size_t i = 0; i < pdf->head->column_count; i++) {
        sv_pdf_measure_column(pdf, i);
    }
    sv_pdf_choose_paper(pdf);
    for (size_t i = 0; i < pdf->head->column_count; i++) {
        sv_pdf_style_t style = { SV_PDF_BODY, pdf->columns[i].width, SV_PDF_LINES,
                                 sv_column_is_number(&pdf->head->columns[i]) ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT };

        pdf->columns[i].layout = sv_pdf_layout(pdf, "", 0, &style);
    }
}

static void
sv_pdf_draw_line(sv_pdf_t *pdf, double y, double gray)
{
    cairo_set_source_rgb(pdf->cr, gray, gray, gray);
    cairo_move_to(pdf->cr, SV_PDF_MARGIN, y);
    cairo_line_to(pdf->cr, SV_PDF_MARGIN + sv_pdf_needed(pdf, false), y);
    cairo_stroke(pdf->cr);
}

/* Draws what the columns' layouts hold. */
static void
sv_pdf_draw_cells(sv_pdf_t *pdf, double height)
{
    double x = SV_PDF_MARGIN;

    cairo_set_source_rgb(pdf->cr, 0, 0, 0);
    for (size_t i = 0; i < pdf->head->column_count; i++) {
        PangoLayout *layout = pdf->columns[i].layout;

        if (pango_layout_get_text(layout)[0] != '\0') {
            cairo_move_to(pdf->cr, x + SV_PDF_PADDING, pdf->y + 1.5);
            pango_cairo_show_layout(pdf->cr, layout);
            pdf->shortened += pango_layout_is_ellipsized(layout);
            pdf->unknown += pango_layout_get_unknown_glyphs_count(layout) > 0;
        }
        x += pdf->columns[i].width + 2 * SV_PDF_PADDING;
    }
    pdf->y += height;
}

/* Fills the columns' layouts; the height of the row they make. */
static double
sv_pdf_lay_out(sv_pdf_t *pdf, const sv_row_value_t *values, sv_arena_t *arena)
{
    double most = 0;

    for (size_t i = 0; i < pdf->head->column_count; i++) {
        double width, height;
        size_t length;
        bool cut;
        const char *text = sv_pdf_cell(&pdf->head->columns[i], &values[i], &length, &cut, arena);

        pango_layout_set_text(pdf->columns[i].layout, text, (int) length);
        sv_pdf_layout_size(pdf->columns[i].layout, &width, &height);
        most = height > most ? height : most;
        pdf->shortened += cut && !pango_layout_is_ellipsized(pdf->columns[i].layout);
    }
    return most + 3;
}

static void
sv_pdf_set_font(sv_pdf_t *pdf, sv_pdf_font_t font, int lines)
{
    for (size_t i = 0; i < pdf->head->column_count; i++) {
        pango_layout_set_font_description(pdf->columns[i].layout, pdf->fonts[font]);
        pango_layout_set_height(pdf->columns[i].layout, -lines);
    }
}

void
sv_pdf_draw_header(sv_pdf_t *pdf)
{
    int64_t shortened = pdf->shortened;
    double most = 0;

    sv_pdf_set_font(pdf, SV_PDF_BOLD, SV_PDF_HEADER_LINES);
    for (size_t i = 0; i < pdf->head->column_count; i++) {
        double width, height;

        pango_layout_set_text(pdf->columns[i].layout, pdf->head->columns[i].title, -1);
        sv_pdf_layout_size(pdf->columns[i].layout, &width, &height);
        most = height > most ? height : most;
    }
    cairo_set_source_rgb(pdf->cr, 0.87, 0.90, 0.93);
    cairo_rectangle(pdf->cr, SV_PDF_MARGIN, pdf->y, sv_pdf_needed(pdf, false), most + 4);
    cairo_fill(pdf->cr);
    sv_pdf_draw_cells(pdf, most + 4);
    sv_pdf_set_font(pdf, SV_PDF_BODY, SV_PDF_LINES);
    pdf->shortened = shortened;
}

static void
sv_pdf_make_room(sv_pdf_t *pdf, double height)
{
    if (pdf->y + height > sv_pdf_bottom(pdf)) {
        sv_pdf_end_page(pdf);
        sv_pdf_new_page(pdf);
        sv_pdf_draw_header(pdf);
    }
}

void
sv_pdf_draw_row(sv_pdf_t *pdf, const sv_row_value_t *values)
{
    sv_arena_t *arena = sv_arena_create();
    double height = sv_pdf_lay_out(pdf, values, arena);

    if (pdf->y + height > sv_pdf_bottom(pdf)) {
        int64_t shortened = pdf->shortened;

        sv_pdf_make_room(pdf, height);
        sv_pdf_lay_out(pdf, values, arena); /* the header used the layouts */
        pdf->shortened = shortened;
    }
    sv_pdf_draw_cells(pdf, height);
    sv_pdf_draw_line(pdf, pdf->y, SV_PDF_LINE_GRAY);
    sv_arena_destroy(arena);
}

void
sv_pdf_draw_totals(sv_pdf_t *pdf, const sv_export_totals_t *totals)
{
    sv_arena_t *arena = sv_arena_create();
    bool any = false;
    double height;

    for (size_t i = 0; i < pdf->head->column_count; i++) {
        any = any || totals->sums[i].known;
    }
    if (any) {
        height = sv_pdf_lay_out(pdf, totals->sums, arena);
        sv_pdf_make_room(pdf, height);
        sv_pdf_set_font(pdf, SV_PDF_BOLD, SV_PDF_LINES);
        height = sv_pdf_lay_out(pdf, totals->sums, arena);
        if (!totals->sums[0].known) {
            pango_layout_set_text(pdf->columns[0].layout, "Total", -1);
        }
        sv_pdf_draw_line(pdf, pdf->y, 0);
        sv_pdf_draw_cells(pdf, height);
    }
    sv_arena_destroy(arena);
}
