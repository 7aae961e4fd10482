#include "worker/erp/adjustment_writer.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/store/document.h"

enum { SV_REASON_MAX = 500 };

const char *
sv_adjustment_writer_fault(const sv_erp_mapping_t *mapping)
{
    return mapping->statements[SV_ERP_WRITE_ADJUSTMENT].sql == NULL ||
                   mapping->statements[SV_ERP_FIND_ADJUSTMENT].sql == NULL
               ? "ERP_MAPPING lacks [write_adjustment] or [find_adjustment]"
               : NULL;
}

/* ---- parameters */

static const char *
sv_quantity_parameter(sv_quantity_t quantity, sv_arena_t *arena)
{
    char text[SV_QUANTITY_TEXT_SIZE];

    sv_quantity_to_text(quantity, text);
    return sv_arena_strdup(arena, text);
}

static const char *
sv_time_parameter(int64_t at_ms, sv_arena_t *arena)
{
    char text[SV_TIME_TEXT_SIZE];

    if (at_ms == 0) {
        return NULL;
    }
    sv_time_format(at_ms, text);
    return sv_arena_strdup(arena, text);
}

static const char *
sv_parameter(const char *name, const sv_posting_chunk_t *chunk, const sv_posting_line_t *line, sv_arena_t *arena)
{
    const struct {
        const char *name, *value;
    } texts[] = { { "adjustment_id", chunk->adjustment_id },
                  { "line", sv_arena_printf(arena, "%lld", (long long) line->n) },
                  { "item_code", line->item_code },
                  { "warehouse", line->warehouse },
                  { "lot", line->lot[0] != '\0' ? line->lot : NULL },
                  { "delta", sv_quantity_parameter(line->delta, arena) },
                  { "uom", line->uom },
                  { "unit_cost", line->has_cost ? sv_quantity_parameter(line->unit_cost, arena) : NULL },
                  { "reason", chunk->note },
                  { "counted_at", sv_time_parameter(line->counted_at_ms, arena) },
                  { "posted_by", chunk->posted_by } };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(texts[i].name, name) == 0) {
            return texts[i].value;
        }
    }
    return NULL;
}

static const char *const *
sv_writer_values(const sv_adjustment_writer_t *writer, sv_erp_kind_t kind, const sv_posting_chunk_t *chunk,
                 const sv_posting_line_t *line, sv_arena_t *arena)
{
    const sv_erp_statement_t *statement = &writer->mapping->statements[kind];
    const char **values = sv_arena_alloc(arena, (statement->parameter_count + 1) * sizeof(values[0]));

    for (size_t i = 0; i < statement->parameter_count; i++) {
        values[i] = sv_parameter(statement->parameters[i], chunk, line, arena);
    }
    return values;
}

static sv_status_t
sv_writer_query(const sv_adjustment_writer_t *writer, sv_erp_kind_t kind, const sv_posting_chunk_t *chunk,
                const sv_posting_line_t *line, sv_arena_t *arena, sv_error_t *error)
{
    return sv_erp_client_query(writer->client, &writer->mapping->statements[kind],
                               sv_writer_values(writer, kind, chunk, line, arena), writer->limit_ms, error);
}

/* ---- sending */

static const char *
sv_writer_reason(const char *text, sv_arena_t *arena)
{
    text = text != NULL ? text : "it failed";
    return sv_arena_strndup(arena, text, strnlen(text, SV_REASON_MAX));
}

/* Why the ERP did not take a line. */
static sv_erp_write_t
sv_writer_read_no(const sv_adjustment_writer_t *writer, sv_posting_line_t *line, const char *cause, sv_arena_t *arena)
{
    const char *refusal = sv_erp_client_refusal(writer->client);

    line->reason = sv_writer_reason(refusal != NULL ? refusal : cause, arena);
    line->said_no = refusal != NULL && !sv_sqlstate_is_silence(refusal);
    return line->said_no ? SV_ERP_SAID_NO : SV_ERP_IS_SILENT;
}

/* Rows that the statement answers are read to their end: only then it has ended. */
static sv_erp_write_t
sv_writer_send(const sv_adjustment_writer_t *writer, const sv_posting_chunk_t *chunk, sv_posting_line_t *line,
               sv_arena_t *arena)
{
    const bson_t *rows = NULL;
    sv_error_t error;

    sv_error_init(&error, arena);
    line->tried = true;
    line->said_no = false;
    if (sv_writer_query(writer, SV_ERP_WRITE_ADJUSTMENT, chunk, line, arena, &error) == SV_OK) {
        do {
            sv_erp_client_next(writer->client, writer->limit_ms, &rows, &error);
        } while (error.status == SV_OK && rows != NULL);
    }
    return error.status == SV_OK ? SV_ERP_TOOK_IT : sv_writer_read_no(writer, line, error.cause, arena);
}

/* ---- asking for it */

static bool
sv_same_text(const char *told, const char *ours)
{
    return strcmp(told != NULL ? told : "", ours != NULL ? ours : "") == 0;
}

/* A column that is not the line's own tells nothing of it. */
static bool
sv_found_agrees(const char *field, const char *text, const sv_posting_line_t *line, const sv_erp_mapping_t *mapping,
                bool *told, sv_arena_t *arena)
{
    sv_quantity_t delta;
    char *number;

    if (strcmp(field, "item_code") == 0) {
        return sv_same_text(text, line->item_code);
    }
    if (strcmp(field, "lot") == 0) {
        return sv_same_text(text, line->lot);
    }
    if (strcmp(field, "warehouse") == 0) {
        return sv_same_text(text, line->warehouse);
    }
    if (strcmp(field, "delta") != 0) {
        return true;
    }
    *told = true;
    number = sv_arena_strdup(arena, text != NULL ? text : "");
    for (char *c = number; *c != '\0'; c++) {
        *c = *c == mapping->decimal ? '.' : *c;
    }
    return sv_quantity_from_text(number, &delta) && delta == line->delta;
}

static sv_erp_found_t
sv_found_compare(const sv_adjustment_writer_t *writer, const bson_t *row, sv_posting_line_t *line, sv_arena_t *arena)
{
    const char *const *columns;
    size_t count = sv_erp_client_columns(writer->client, &columns), i = 0;
    bool same = true, told = false;
    bson_iter_t cell;

    if (!bson_iter_init(&cell, row)) {
        return SV_ERP_DOES_NOT_SAY;
    }
    while (i < count && bson_iter_next(&cell)) {
        const char *field = sv_erp_mapping_field(writer->mapping, columns[i++]);
        const char *text = BSON_ITER_HOLDS_UTF8(&cell) ? bson_iter_utf8(&cell, NULL) : NULL;

        same = (field == NULL || sv_found_agrees(field, text, line, writer->mapping, &told, arena)) && same;
    }
    if (!told) {
        line->reason = "[find_adjustment] answers no column that is the field delta";
        return SV_ERP_DOES_NOT_SAY;
    }
    if (!same) {
        line->reason = "The ERP has another line under this key";
    }
    return same ? SV_ERP_HAS_IT : SV_ERP_HAS_ANOTHER;
}

static sv_erp_found_t
sv_writer_find(const sv_adjustment_writer_t *writer, const sv_posting_chunk_t *chunk, sv_posting_line_t *line,
               sv_arena_t *arena)
{
    sv_erp_found_t found = SV_ERP_HAS_NOTHING;
    const bson_t *rows = NULL;
    sv_error_t error;
    bson_iter_t iter;

    sv_error_init(&error, arena);
    line->tried = true;
    sv_writer_query(writer, SV_ERP_FIND_ADJUSTMENT, chunk, line, arena, &error);
    while (error.status == SV_OK && sv_erp_client_next(writer->client, writer->limit_ms, &rows, &error) == SV_OK &&
           rows != NULL) {
        if (found == SV_ERP_HAS_NOTHING && bson_iter_init(&iter, rows) && bson_iter_next(&iter)) {
            const bson_t *row = sv_doc_child(rows, bson_iter_key(&iter), arena);

            found = row != NULL ? sv_found_compare(writer, row, line, arena) : SV_ERP_DOES_NOT_SAY;
        }
    }
    if (error.status != SV_OK) {
        line->reason = sv_writer_reason(error.cause, arena);
        return SV_ERP_DOES_NOT_SAY;
    }
    return found;
}

/* ---- a chunk */

/* False: the ERP is silent. */
static bool
sv_writer_decide(sv_posting_line_t *line, sv_erp_write_t write, sv_erp_found_t found, const char *answered)
{
    line->outcome = sv_posting_decide(write, found, answered, line->attempts);
    return line->outcome != SV_POSTING_STAYS_SENT && write != SV_ERP_IS_SILENT;
}

/* A line by itself. */
static bool
sv_writer_line(const sv_adjustment_writer_t *writer, const sv_posting_chunk_t *chunk, sv_posting_line_t *line,
               sv_arena_t *arena)
{
    sv_erp_write_t write = chunk->settles ? SV_ERP_WAS_NOT_ASKED : sv_writer_send(writer, chunk, line, arena);
    const char *answered = line->reason;
    sv_erp_found_t found = write == SV_ERP_TOOK_IT ? SV_ERP_HAS_IT : sv_writer_find(writer, chunk, line, arena);

    return sv_writer_decide(line, write, found, answered);
}

/* The first of the lines that went together which the ERP did not take.  One that it says it has not goes by itself,
 * and all others of the round, as long as none was taken so: not every driver can prepare every statement. */
static bool
sv_writer_line_of_many(sv_adjustment_writer_t *writer, const sv_posting_chunk_t *chunk, sv_posting_line_t *line,
                       sv_arena_t *arena)
{
    sv_erp_write_t write = sv_writer_read_no(writer, line, writer->cause, arena);
    const char *answered = line->reason;
    sv_erp_found_t found = sv_writer_find(writer, chunk, line, arena);

    if (write == SV_ERP_SAID_NO && found == SV_ERP_HAS_NOTHING && !writer->took_many) {
        writer->singly = true;
        return sv_writer_line(writer, chunk, line, arena);
    }
    return sv_writer_decide(line, write, found, answered);
}

/* Sends lines from `next` on. */
static void
sv_writer_begin_many(sv_adjustment_writer_t *writer, const sv_posting_chunk_t *chunk, size_t next, sv_arena_t *arena)
{
    size_t count = chunk->count - next;
    const char *const **rows = sv_arena_alloc(arena, count * sizeof(rows[0]));
    sv_error_t error;

    sv_error_init(&error, arena);
    for (size_t i = 0; i < count; i++) {
        rows[i] = sv_writer_values(writer, SV_ERP_WRITE_ADJUSTMENT, chunk, &chunk->lines[next + i], arena);
    }
    writer->writing = (sv_erp_writing_t){ .statement = &writer->mapping->statements[SV_ERP_WRITE_ADJUSTMENT],
                                          .rows = rows,
                                          .count = count,
                                          .for_ms = writer->turn_until_ms - sv_clock_monotonic_ms() };
    writer->begun = chunk;
    writer->status = sv_erp_client_write(writer->client, &writer->writing, writer->limit_ms, &error);
    writer->cause = error.cause;
}

/* Waits for lines from *next on; *next is then behind those of which something came. */
static bool
sv_writer_end_many(sv_adjustment_writer_t *writer, sv_posting_chunk_t *chunk, size_t *next, sv_arena_t *arena)
{
    sv_posting_line_t *lines = &chunk->lines[*next];
    const sv_erp_writing_t *writing = &writer->writing;
    bool goes_on = true;
    sv_error_t error;

    sv_error_init(&error, arena);
    writer->begun = NULL;
    if (writer->status == SV_OK) {
        writer->status = sv_erp_client_written(writer->client, &writer->writing, writer->limit_ms, &error);
        writer->cause = error.cause;
    }
    for (size_t i = 0; i < writing->taken; i++) {
        lines[i].tried = true;
        lines[i].outcome = sv_posting_decide(SV_ERP_TOOK_IT, SV_ERP_HAS_IT, NULL, lines[i].attempts);
    }
    writer->took_many = writer->took_many || writing->taken > 0;
    *next += writing->taken;
    /* One that ended behind the last it was given, before it said so, leaves no line in doubt. */
    if (writer->status != SV_OK && (writing->given == 0 || writing->taken < writing->given)) {
        bool doubtful = sv_erp_client_refusal(writer->client) == NULL;

        goes_on = sv_writer_line_of_many(writer, chunk, &lines[writing->taken], arena);
        /* A silent child may have begun others; what stays sent is asked for. */
        *next += doubtful && writing->given > writing->taken ? writing->given - writing->taken : 1;
    }
    return goes_on;
}

static bool
sv_writer_goes_together(const sv_adjustment_writer_t *writer, const sv_posting_chunk_t *chunk)
{
    return !chunk->settles && !writer->singly;
}

static void
sv_writer_begin_turn(sv_adjustment_writer_t *writer)
{
    int64_t turn_until_ms = sv_clock_monotonic_ms() + writer->turn_ms;

    writer->turn_until_ms = turn_until_ms < writer->until_ms ? turn_until_ms : writer->until_ms;
}

void
sv_adjustment_writer_begin(sv_adjustment_writer_t *writer, const sv_posting_chunk_t *chunk, sv_arena_t *arena)
{
    sv_writer_begin_turn(writer);
    if (sv_writer_goes_together(writer, chunk) && sv_clock_monotonic_ms() < writer->turn_until_ms) {
        sv_writer_begin_many(writer, chunk, 0, arena);
    }
}

bool
sv_adjustment_writer_run(sv_adjustment_writer_t *writer, sv_posting_chunk_t *chunk, sv_arena_t *arena)
{
    bool goes_on = true;
    size_t next = 0;

    if (writer->begun != chunk) {
        sv_writer_begin_turn(writer);
    }
    while (next < chunk->count && goes_on &&
           (writer->begun == chunk || sv_clock_monotonic_ms() < writer->turn_until_ms)) {
        if (!sv_writer_goes_together(writer, chunk)) {
            goes_on = sv_writer_line(writer, chunk, &chunk->lines[next++], arena);
            continue;
        }
        if (writer->begun != chunk) {
            sv_writer_begin_many(writer, chunk, next, arena);
        }
        goes_on = sv_writer_end_many(writer, chunk, &next, arena);
    }
    for (; next < chunk->count && !chunk->settles; next++) {
        chunk->lines[next].outcome = SV_POSTING_GOES_AGAIN; /* it was marked, and never sent */
    }
    return goes_on;
}
