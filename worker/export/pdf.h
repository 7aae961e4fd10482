#ifndef SV_EXPORT_PDF_H
#define SV_EXPORT_PDF_H

#include <cairo/cairo-pdf.h>
#include <pango/pangocairo.h>

#include "worker/export/out.h"
#include "worker/export/writer.h"

/*
 * A PDF under way.  Lengths are points.  The first rows are kept until the columns' widths are decided from them (and
 * the chart drawn, where they are grouped); from then on each row is drawn as it comes.  Text is shaped by Pango with
 * whatever fonts fontconfig knows, so that every script prints, in its direction.
 */
enum {
    SV_PDF_SAMPLE = 200,   /* rows that decide how wide the columns are */
    SV_PDF_LINES = 6,      /* of a cell; what is longer ends in an ellipsis, and the last page says so */
    SV_PDF_TEXT_MAX = 2000 /* bytes of a text that are looked at for that */
};

#define SV_PDF_MARGIN  36.0
#define SV_PDF_FOOTER  18.0
#define SV_PDF_PADDING 3.0

typedef enum { SV_PDF_BODY, SV_PDF_BOLD, SV_PDF_SMALL, SV_PDF_TITLE, SV_PDF_FONT_COUNT } sv_pdf_font_t;

typedef struct {
    double width;        /* of its text, without padding */
    double least;        /* narrower it is not made */
    double wanted;       /* by the longest of its first texts */
    PangoLayout *layout; /* of its present cell */
} sv_pdf_column_t;

typedef struct {
    const sv_export_head_t *head;
    sv_arena_t *arena;
    sv_out_t out;
    cairo_surface_t *surface; /* NULL until the first page */
    cairo_t *cr;
    PangoFontMap *font_map;
    PangoContext *context;
    PangoFontDescription *fonts[SV_PDF_FONT_COUNT];
    double page_width, page_height;
    double y; /* below what is drawn */
    int page;
    sv_pdf_column_t *columns;
    sv_row_value_t *sample[SV_PDF_SAMPLE];
    size_t sample_count;
    int64_t rows;
    int64_t shortened; /* texts that did not fit their cell */
    int64_t unknown;   /* texts with signs no font has */
} sv_pdf_t;

/* pdf_page.c */
typedef struct {
    sv_pdf_font_t font;
    double width; /* lines break there; negative: nowhere */
    int lines;    /* at most; then an ellipsis */
    PangoAlignment alignment;
} sv_pdf_style_t;

/* A text laid out; the caller's to g_object_unref(). */
PangoLayout *sv_pdf_layout(sv_pdf_t *pdf, const char *text, size_t length, const sv_pdf_style_t *style);
void sv_pdf_layout_size(PangoLayout *layout, double *width, double *height);
/* Lays out and draws; gives the height. */
double sv_pdf_draw_text(sv_pdf_t *pdf, const char *text, double x, double y, const sv_pdf_style_t *style);
/* A text in one paragraph, at most SV_PDF_TEXT_MAX bytes of it; *length and the bytes in `arena`. */
const char *sv_pdf_one_paragraph(const char *text, size_t *length, bool *cut, sv_arena_t *arena);
/* Makes the surface and the first page with its title, once the page's size is known. */
sv_status_t sv_pdf_begin(sv_pdf_t *pdf, sv_error_t *error);
void sv_pdf_new_page(sv_pdf_t *pdf);
void sv_pdf_end_page(sv_pdf_t *pdf);
double sv_pdf_bottom(const sv_pdf_t *pdf); /* lowest y of contents */

/* pdf_table.c */
void sv_pdf_decide_widths(sv_pdf_t *pdf); /* and the page's size */
void sv_pdf_draw_header(sv_pdf_t *pdf);
void sv_pdf_draw_row(sv_pdf_t *pdf, const sv_row_value_t *values);
void sv_pdf_draw_totals(sv_pdf_t *pdf, const sv_export_totals_t *totals);

/* pdf_chart.c: of the rows kept so far; nothing when there is nothing to draw. */
void sv_pdf_draw_chart(sv_pdf_t *pdf);

#endif
