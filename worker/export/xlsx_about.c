/* What stands behind the rows of a workbook: totals, a chart of groups, and where all of it is from. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/version.h"
#include "worker/export/cell_text.h"
#include "worker/export/chart.h"
#include "worker/export/xlsx_about.h"
#include "worker/export/xlsx_text.h"

/* Groups in the chart: more are not told apart. */
enum { SV_XLSX_CHART_ROWS = 100, SV_CHART_TEXT_MAX = 150, SV_ABOUT_LABEL_WIDTH = 16, SV_ABOUT_WIDTH = 90 };

/* The sums, exact as this program added them. */
static sv_status_t
sv_xlsx_write_totals(sv_xlsx_t *xlsx, const sv_export_totals_t *totals, sv_error_t *error)
{
    lxw_worksheet *sheet = sv_xlsx_add_sheet(xlsx, "Totals", error);
    lxw_row_t row = 1;

    if (sheet == NULL) {
        return error->status;
    }
    worksheet_write_string(sheet, 0, 0, "Column", xlsx->header);
    worksheet_write_string(sheet, 0, 1, "Total", xlsx->header);
    worksheet_set_column(sheet, 0, 0, 32, NULL);
    worksheet_set_column(sheet, 1, 1, 20, NULL);
    worksheet_freeze_panes(sheet, 1, 0);
    worksheet_write_string(sheet, row, 0, "Rows", xlsx->label);
    worksheet_write_number(sheet, row++, 1, (double) totals->rows, NULL);
    for (size_t i = 0; i < xlsx->head->column_count; i++) {
        if (totals->sums[i].known) {
            worksheet_write_string(sheet, row, 0, xlsx->head->columns[i].title, xlsx->label);
            sv_xlsx_write_number(xlsx, sheet, row++, 1, i, totals->sums[i].number);
        }
    }
    return sv_xlsx_check_sheet(sheet, error);
}

/* What a chart shows, and is never more than a text: the library takes one that begins with '=' for a reference. */
static const char *
sv_xlsx_chart_text(sv_xlsx_t *xlsx, const char *text)
{
    size_t taken;

    text = sv_arena_strdup(xlsx->arena, sv_xlsx_escape(xlsx, text, strlen(text), SV_CHART_TEXT_MAX, &taken));
    return text[0] == '=' ? sv_arena_printf(xlsx->arena, " %s", text) : text;
}

static void
sv_xlsx_add_series(sv_xlsx_t *xlsx, lxw_chart *chart, const sv_chart_plan_t *plan, size_t column, lxw_row_t last)
{
    lxw_chart_series *series = chart_add_series(chart, NULL, NULL);

    chart_series_set_categories(series, "Rows", 1, (lxw_col_t) plan->axis, last,
                                (lxw_col_t) (plan->axis + plan->axis_count - 1));
    chart_series_set_values(series, "Rows", 1, (lxw_col_t) column, last, (lxw_col_t) column);
    chart_series_set_name(series, sv_xlsx_chart_text(xlsx, xlsx->head->columns[column].title));
}

static void
sv_xlsx_name_chart(sv_xlsx_t *xlsx, lxw_chart *chart, lxw_row_t shown, int64_t rows)
{
    const char *title = sv_xlsx_chart_text(xlsx, xlsx->head->title);

    if (shown < rows) {
        title = sv_arena_printf(xlsx->arena, "%s (the first %u of %" PRId64 ")", title, shown, rows);
    }
    chart_title_set_name(chart, title);
}

static sv_status_t
sv_xlsx_write_chart(sv_xlsx_t *xlsx, const sv_chart_plan_t *plan, int64_t rows, sv_error_t *error)
{
    lxw_row_t last = (lxw_row_t) (rows < SV_XLSX_CHART_ROWS ? rows : SV_XLSX_CHART_ROWS);
    lxw_chart_options options = { .x_scale = 2.0, .y_scale = 1.8 };
    lxw_worksheet *sheet = sv_xlsx_add_sheet(xlsx, "Chart", error);
    const sv_column_t *columns = xlsx->head->columns;
    lxw_chart *chart;

    if (sheet == NULL) {
        return error->status;
    }
    chart = workbook_add_chart(xlsx->book, plan->line ? LXW_CHART_LINE : LXW_CHART_COLUMN);
    for (size_t i = 0; i < plan->series_count; i++) {
        sv_xlsx_add_series(xlsx, chart, plan, plan->series[i], last);
    }
    sv_xlsx_name_chart(xlsx, chart, last, rows);
    chart_axis_set_name(chart->x_axis, sv_xlsx_chart_text(xlsx, columns[plan->axis].title));
    if (plan->series_count == 1) {
        chart_axis_set_name(chart->y_axis, sv_xlsx_chart_text(xlsx, columns[plan->series[0]].title));
        chart_legend_set_position(chart, LXW_CHART_LEGEND_NONE);
    } else {
        chart_legend_set_position(chart, LXW_CHART_LEGEND_BOTTOM);
    }
    worksheet_insert_chart_opt(sheet, 1, 1, chart, &options);
    return sv_xlsx_check_sheet(sheet, error);
}

typedef struct {
    lxw_worksheet *sheet;
    lxw_row_t row;
} sv_xlsx_about_t;

static void
sv_xlsx_about(sv_xlsx_t *xlsx, sv_xlsx_about_t *about, const char *label, const char *text)
{
    size_t taken;

    if (text[0] != '\0') {
        worksheet_write_string(about->sheet, about->row, 0, label, xlsx->label);
        worksheet_write_string(about->sheet, about->row++, 1,
                               sv_xlsx_escape(xlsx, text, strlen(text), SV_XLSX_TEXT, &taken), xlsx->wrapped);
    }
}

/* What a reader has to know to trust the figures. */
static void
sv_xlsx_about_notes(sv_xlsx_t *xlsx, sv_xlsx_about_t *about)
{
    char text[256];

    sv_xlsx_about(xlsx, about, "Times", "All times are UTC.");
    if (xlsx->sheets > 1) {
        snprintf(text, sizeof(text), "A sheet holds %zu rows: they go on in %zu sheets, \"Rows\" to \"Rows %zu\".",
                 xlsx->rows_a_sheet, xlsx->sheets, xlsx->sheets);
        sv_xlsx_about(xlsx, about, "Sheets", text);
    }
    if (xlsx->long_text_count > 0) {
        snprintf(text, sizeof(text),
                 "Texts longer than a cell holds (%d characters): %" PRId64 "; the whole of each is in \"Long texts\".",
                 SV_XLSX_TEXT, xlsx->long_text_count);
        sv_xlsx_about(xlsx, about, "Long texts", text);
    }
    if (xlsx->exact_texts > 0) {
        snprintf(text, sizeof(text),
                 "Numbers with more digits than a spreadsheet keeps (%d): %" PRId64 "; they are exact, as texts.",
                 SV_XLSX_DIGITS, xlsx->exact_texts);
        sv_xlsx_about(xlsx, about, "Numbers", text);
    }
}

static sv_status_t
sv_xlsx_write_about(sv_xlsx_t *xlsx, int64_t rows, sv_error_t *error)
{
    const sv_export_head_t *head = xlsx->head;
    sv_xlsx_about_t about = { .sheet = sv_xlsx_add_sheet(xlsx, "About", error) };
    char text[64];

    if (about.sheet == NULL) {
        return error->status;
    }
    worksheet_set_column(about.sheet, 0, 0, SV_ABOUT_LABEL_WIDTH, NULL);
    worksheet_set_column(about.sheet, 1, 1, SV_ABOUT_WIDTH, NULL);
    sv_xlsx_about(xlsx, &about, "Title", head->title);
    sv_xlsx_about(xlsx, &about, "Contents", head->subtitle);
    sv_time_format(head->taken_at_ms, text);
    sv_xlsx_about(xlsx, &about, "As of", text);
    sv_xlsx_about(xlsx, &about, "Made by", head->made_by);
    sv_xlsx_about(xlsx, &about, "Source", head->source);
    snprintf(text, sizeof(text), "%" PRId64, rows);
    sv_xlsx_about(xlsx, &about, "Rows", text);
    sv_xlsx_about(xlsx, &about, "SHA-256 of rows", head->digest);
    sv_xlsx_about_notes(xlsx, &about);
    sv_xlsx_about(xlsx, &about, "Program", "StockVerify " SV_VERSION);
    return sv_xlsx_check_sheet(about.sheet, error);
}

sv_status_t
sv_xlsx_write_end(sv_xlsx_t *xlsx, const sv_export_totals_t *totals, sv_error_t *error)
{
    sv_status_t status = xlsx->long_texts != NULL ? sv_xlsx_check_sheet(xlsx->long_texts, error) : SV_OK;
    sv_chart_plan_t plan;

    if (status == SV_OK) {
        status = sv_xlsx_write_totals(xlsx, totals, error);
    }
    if (status == SV_OK && totals->rows > 0 && sv_chart_plan(xlsx->head->columns, xlsx->head->column_count, &plan)) {
        status = sv_xlsx_write_chart(xlsx, &plan, totals->rows, error);
    }
    return status == SV_OK ? sv_xlsx_write_about(xlsx, totals->rows, error) : status;
}
