/* The chart of a PDF: bars of the first groups, or a line where the axis is time. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "worker/export/cell_text.h"
#include "worker/export/chart.h"
#include "worker/export/pdf.h"

enum { SV_PDF_CHART_GROUPS = 24, SV_PDF_TICKS = 5 };

#define SV_PDF_PLOT_HEIGHT  130.0
#define SV_PDF_LABEL_WIDTH  100.0 /* of a group, written aslant */
#define SV_PDF_LABEL_HEIGHT 76.0
#define SV_PDF_AXIS_WIDTH   52.0
#define SV_PDF_CHART_WIDTH  640.0

static const double sv_pdf_colors[SV_CHART_SERIES][3] = {
    { 0.20, 0.40, 0.65 }, { 0.88, 0.55, 0.15 }, { 0.35, 0.60, 0.30 }, { 0.60, 0.35, 0.60 }
};

typedef struct {
    sv_pdf_t *pdf;
    const sv_chart_plan_t *plan;
    size_t groups;
    double x, y, width, height; /* of the plot */
    double low, high, step;     /* of the values along the axis */
} sv_pdf_plot_t;

static double
sv_pdf_chart_value(const sv_pdf_plot_t *plot, size_t series, size_t group, bool *known)
{
    size_t column = plot->plan->series[series];
    const sv_row_value_t *value = &plot->pdf->sample[group][column];

    *known = value->known;
    return (double) value->number / (double) sv_column_unit(&plot->pdf->head->columns[column]);
}

/* 1, 2 or 5 times a power of ten, so that about five ticks stand on the axis; the axis has zero on it. */
static void
sv_pdf_scale(sv_pdf_plot_t *plot)
{
    double low = 0, high = 0, power, steps;
    bool known;

    for (size_t s = 0; s < plot->plan->series_count; s++) {
        for (size_t g = 0; g < plot->groups; g++) {
            double value = sv_pdf_chart_value(plot, s, g, &known);

            low = known && value < low ? value : low;
            high = known && value > high ? value : high;
        }
    }
    if (low >= high) {
        high = 1;
    }
    power = pow(10, floor(log10((high - low) / SV_PDF_TICKS)));
    steps = (high - low) / SV_PDF_TICKS / power;
    plot->step = power * (steps <= 1 ? 1 : steps <= 2 ? 2 : steps <= 5 ? 5 : 10);
    plot->low = floor(low / plot->step) * plot->step;
    plot->high = ceil(high / plot->step) * plot->step;
}

static double
sv_pdf_plot_y(const sv_pdf_plot_t *plot, double value)
{
    return plot->y + plot->height * (plot->high - value) / (plot->high - plot->low);
}

static void
sv_pdf_draw_axis(sv_pdf_plot_t *plot)
{
    sv_pdf_t *pdf = plot->pdf;
    sv_pdf_style_t style = { SV_PDF_SMALL, SV_PDF_AXIS_WIDTH - 4, 1, PANGO_ALIGN_RIGHT };
    bool percent = pdf->head->columns[plot->plan->series[0]].type == SV_COLUMN_RATIO;
    int ticks = (int) lround((plot->high - plot->low) / plot->step);

    for (int i = 0; i <= ticks; i++) {
        double value = plot->low + i * plot->step, y = sv_pdf_plot_y(plot, value);
        double gray = fabs(value) < plot->step / 2 ? 0.2 : 0.85;
        char text[40];

        /* Zero is told from what is left of a sum of steps. */
        value = gray < 0.5 ? 0 : value;
        snprintf(text, sizeof(text), "%.10g%s", percent ? value * 100 : value, percent ? " %" : "");
        cairo_set_source_rgb(pdf->cr, gray, gray, gray);
        cairo_move_to(pdf->cr, plot->x, y);
        cairo_line_to(pdf->cr, plot->x + plot->width, y);
        cairo_stroke(pdf->cr);
        cairo_set_source_rgb(pdf->cr, 0.3, 0.3, 0.3);
        sv_pdf_draw_text(pdf, text, plot->x - SV_PDF_AXIS_WIDTH, y - 4, &style);
    }
}

static void
sv_pdf_draw_bars(sv_pdf_plot_t *plot, size_t series)
{
    cairo_t *cr = plot->pdf->cr;
    double slot = plot->width / (double) plot->groups, bar = slot * 0.72 / (double) plot->plan->series_count;

    for (size_t g = 0; g < plot->groups; g++) {
        bool known;
        double value = sv_pdf_chart_value(plot, series, g, &known);
        double zero = sv_pdf_plot_y(plot, 0);

        if (known) {
            cairo_rectangle(cr, plot->x + slot * ((double) g + 0.14) + bar * (double) series, zero, bar,
                            sv_pdf_plot_y(plot, value) - zero);
            cairo_fill(cr);
        }
    }
}

/* A group without a value interrupts the line. */
static void
sv_pdf_draw_line_of(sv_pdf_plot_t *plot, size_t series)
{
    cairo_t *cr = plot->pdf->cr;
    double slot = plot->width / (double) plot->groups;
    bool drawing = false, known;

    cairo_set_line_width(cr, 1.2);
    for (size_t g = 0; g < plot->groups; g++) {
        double value = sv_pdf_chart_value(plot, series, g, &known);
        double x = plot->x + slot * ((double) g + 0.5), y = sv_pdf_plot_y(plot, value);

        if (known && drawing) {
            cairo_line_to(cr, x, y);
        } else if (known) {
            cairo_move_to(cr, x, y);
        }
        drawing = known;
    }
    cairo_stroke(cr);
    for (size_t g = 0; g < plot->groups; g++) {
        double value = sv_pdf_chart_value(plot, series, g, &known);

        if (known) {
            cairo_arc(cr, plot->x + slot * ((double) g + 0.5), sv_pdf_plot_y(plot, value), 1.8, 0, 2 * M_PI);
            cairo_fill(cr);
        }
    }
    cairo_set_line_width(cr, 0.5);
}

/* "Ground / Bolts": the group's keys. */
static const char *
sv_pdf_group_name(const sv_pdf_plot_t *plot, size_t group, sv_arena_t *arena)
{
    const sv_chart_plan_t *plan = plot->plan;
    sv_buffer_t name;

    sv_buffer_init(&name, arena, 64);
    sv_buffer_puts(&name, "");
    for (size_t i = plan->axis; i < plan->axis + plan->axis_count; i++) {
        const sv_column_t *column = &plot->pdf->head->columns[i];
        const sv_row_value_t *value = &plot->pdf->sample[group][i];
        char text[SV_CELL_TEXT_SIZE];

        if (i > plan->axis) {
            sv_buffer_puts(&name, " / ");
        }
        if (!value->known) {
            sv_buffer_puts(&name, "\xe2\x80\x93");
        } else if (column->type == SV_COLUMN_TEXT) {
            sv_buffer_append(&name, value->text, value->length);
        } else {
            sv_buffer_append(&name, text, sv_cell_print(column->type, value, text));
        }
    }
    return name.data;
}

static void
sv_pdf_draw_group_names(sv_pdf_plot_t *plot)
{
    static const sv_pdf_style_t style = { SV_PDF_SMALL, SV_PDF_LABEL_WIDTH, 1, PANGO_ALIGN_RIGHT };
    double slot = plot->width / (double) plot->groups;
    sv_pdf_t *pdf = plot->pdf;

    cairo_set_source_rgb(pdf->cr, 0.2, 0.2, 0.2);
    for (size_t g = 0; g < plot->groups; g++) {
        sv_arena_t *arena = sv_arena_create();

        cairo_save(pdf->cr);
        cairo_translate(pdf->cr, plot->x + slot * ((double) g + 0.5) + 3, plot->y + plot->height + 3);
        cairo_rotate(pdf->cr, -M_PI / 4);
        pango_cairo_update_context(pdf->cr, pdf->context);
        sv_pdf_draw_text(pdf, sv_pdf_group_name(plot, g, arena), -SV_PDF_LABEL_WIDTH, 0, &style);
        cairo_restore(pdf->cr);
        sv_arena_destroy(arena);
    }
    pango_cairo_update_context(pdf->cr, pdf->context);
}

static void
sv_pdf_draw_legend(sv_pdf_plot_t *plot)
{
    sv_pdf_t *pdf = plot->pdf;
    double x = plot->x, place = plot->width / (double) (plot->plan->series_count + 1);
    sv_pdf_style_t style = { SV_PDF_SMALL, place - 14, 1, PANGO_ALIGN_LEFT };

    for (size_t s = 0; s < plot->plan->series_count; s++, x += place) {
        const double *color = sv_pdf_colors[s];

        cairo_set_source_rgb(pdf->cr, color[0], color[1], color[2]);
        cairo_rectangle(pdf->cr, x, pdf->y + 1, 6, 6);
        cairo_fill(pdf->cr);
        cairo_set_source_rgb(pdf->cr, 0.2, 0.2, 0.2);
        sv_pdf_draw_text(pdf, pdf->head->columns[plot->plan->series[s]].title, x + 9, pdf->y, &style);
    }
    if (pdf->sample_count > plot->groups) {
        char text[64];

        snprintf(text, sizeof(text), "the first %zu groups", plot->groups);
        sv_pdf_draw_text(pdf, text, x, pdf->y, &style);
    }
    pdf->y += 14;
}

void
sv_pdf_draw_chart(sv_pdf_t *pdf)
{
    sv_chart_plan_t plan;
    sv_pdf_plot_t plot = { .pdf = pdf, .plan = &plan, .height = SV_PDF_PLOT_HEIGHT };
    double room = pdf->page_width - 2 * SV_PDF_MARGIN - SV_PDF_AXIS_WIDTH;
    int64_t shortened = pdf->shortened; /* names are whole in the table */

    if (pdf->sample_count == 0 || !sv_chart_plan(pdf->head->columns, pdf->head->column_count, &plan)) {
        return;
    }
    plot.groups = pdf->sample_count < SV_PDF_CHART_GROUPS ? pdf->sample_count : SV_PDF_CHART_GROUPS;
    plot.x = SV_PDF_MARGIN + SV_PDF_AXIS_WIDTH;
    plot.width = room < SV_PDF_CHART_WIDTH ? room : SV_PDF_CHART_WIDTH;
    sv_pdf_draw_legend(&plot);
    plot.y = pdf->y;
    sv_pdf_scale(&plot);
    sv_pdf_draw_axis(&plot);
    for (size_t s = 0; s < plan.series_count; s++) {
        cairo_set_source_rgb(pdf->cr, sv_pdf_colors[s][0], sv_pdf_colors[s][1], sv_pdf_colors[s][2]);
        (plan.line ? sv_pdf_draw_line_of : sv_pdf_draw_bars)(&plot, s);
    }
    sv_pdf_draw_group_names(&plot);
    pdf->y += plot.height + SV_PDF_LABEL_HEIGHT + 6;
    pdf->shortened = shortened;
}
