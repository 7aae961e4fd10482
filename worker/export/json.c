/* JSON: one object of the head, the rows and the totals.  NDJSON: an object a line, rows only. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json_writer.h"
#include "worker/export/cell_text.h"
#include "worker/export/out.h"
#include "worker/export/writer.h"

/* Gathered before it is given to the file. */
enum { SV_JSON_BATCH = 64 * 1024 };

typedef struct {
    sv_out_t out;
    const sv_export_head_t *head;
    sv_arena_t *arena;
    sv_buffer_t buffer;
    sv_json_writer_t w;
} sv_json_file_t;

static void
sv_json_file_pass_on(sv_json_file_t *file)
{
    sv_out_write(&file->out, file->buffer.data, file->buffer.length);
    file->buffer.length = 0;
}

static void
sv_json_file_value(sv_json_writer_t *w, const sv_column_t *column, const sv_row_value_t *value)
{
    char text[SV_CELL_TEXT_SIZE];

    if (!value->known) {
        sv_json_null(w, column->name);
    } else if (column->type == SV_COLUMN_TEXT) {
        sv_json_text_n(w, column->name, value->text, value->length);
    } else if (column->type == SV_COLUMN_TIME || column->type == SV_COLUMN_DATE) {
        sv_json_text_n(w, column->name, text, sv_cell_text(column->type, value, text));
    } else {
        sv_json_raw(w, column->name, text, sv_cell_text(column->type, value, text));
    }
}

static void
sv_json_file_object(sv_json_file_t *file, const sv_row_value_t *values)
{
    sv_json_object(&file->w, NULL);
    for (size_t i = 0; i < file->head->column_count; i++) {
        sv_json_file_value(&file->w, &file->head->columns[i], &values[i]);
    }
    sv_json_end(&file->w);
    sv_buffer_putc(&file->buffer, '\n');
    if (file->buffer.length >= SV_JSON_BATCH) {
        sv_json_file_pass_on(file);
    }
}

static void
sv_json_file_head(sv_json_file_t *file)
{
    const sv_export_head_t *head = file->head;
    sv_json_writer_t *w = &file->w;

    sv_json_object(w, NULL);
    sv_json_text(w, "title", head->title);
    sv_json_text(w, "subtitle", head->subtitle);
    sv_json_text(w, "made_by", head->made_by);
    sv_json_time(w, "taken_at", head->taken_at_ms);
    sv_json_text(w, "source", head->source);
    sv_json_text(w, "digest", head->digest[0] != '\0' ? head->digest : NULL);
    sv_columns_write_json(w, "columns", head->columns, head->column_count);
    sv_json_array(w, "rows");
    sv_buffer_putc(&file->buffer, '\n');
}

static void
sv_json_file_close(void *writer)
{
    sv_json_file_t *file = writer;

    sv_out_close(&file->out);
    sv_arena_destroy(file->arena);
    free(file);
}

static void *
sv_ndjson_open(const char *path, const sv_export_head_t *head, sv_error_t *error)
{
    sv_json_file_t *file = calloc(1, sizeof(*file));

    if (file == NULL || sv_out_open(&file->out, path, error) != SV_OK) {
        free(file);
        return NULL;
    }
    file->head = head;
    file->arena = sv_arena_create();
    sv_buffer_init(&file->buffer, file->arena, 2 * SV_JSON_BATCH);
    sv_json_writer_init(&file->w, &file->buffer);
    return file;
}

static sv_status_t
sv_ndjson_row(void *writer, const sv_row_value_t *values, sv_error_t *error)
{
    sv_json_file_t *file = writer;

    sv_json_writer_init(&file->w, &file->buffer); /* a document of its own */
    sv_json_file_object(file, values);
    return sv_out_check(&file->out, error);
}

static sv_status_t
sv_ndjson_finish(void *writer, const sv_export_totals_t *totals, sv_error_t *error)
{
    sv_json_file_t *file = writer;

    (void) totals;
    sv_json_file_pass_on(file);
    sv_out_flush(&file->out);
    return sv_out_check(&file->out, error);
}

static void *
sv_json_file_open(const char *path, const sv_export_head_t *head, sv_error_t *error)
{
    sv_json_file_t *file = sv_ndjson_open(path, head, error);

    if (file != NULL) {
        sv_json_file_head(file);
    }
    return file;
}

static sv_status_t
sv_json_file_row(void *writer, const sv_row_value_t *values, sv_error_t *error)
{
    sv_json_file_t *file = writer;

    sv_json_file_object(file, values);
    return sv_out_check(&file->out, error);
}

static sv_status_t
sv_json_file_finish(void *writer, const sv_export_totals_t *totals, sv_error_t *error)
{
    sv_json_file_t *file = writer;

    sv_json_end(&file->w);
    sv_json_int(&file->w, "row_count", totals->rows);
    sv_json_object(&file->w, "totals");
    for (size_t i = 0; i < file->head->column_count; i++) {
        if (totals->sums[i].known) {
            sv_json_file_value(&file->w, &file->head->columns[i], &totals->sums[i]);
        }
    }
    sv_json_end(&file->w);
    sv_json_end(&file->w);
    sv_buffer_putc(&file->buffer, '\n');
    return sv_ndjson_finish(file, totals, error);
}

const sv_export_writer_t sv_json_file_writer = { "json", sv_json_file_open, sv_json_file_row, sv_json_file_finish,
                                                 sv_json_file_close };
const sv_export_writer_t sv_ndjson_writer = { "ndjson", sv_ndjson_open, sv_ndjson_row, sv_ndjson_finish,
                                              sv_json_file_close };
