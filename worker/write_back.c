#include "worker/write_back.h"

#include "core/adjust/posting.h"
#include "core/adjust/posting_pace.h"
#include "core/base/clock.h"
#include "core/erp/sync.h"
#include "worker/erp/adjustment_writer.h"
#include "worker/log.h"

enum {
    SV_ROUND_MS = 10000,          /* far below what counts as hanging, and a worker that is told to end waits for it */
    SV_STATEMENT_MAX_MS = 120000, /* of the two that a line may take */
    SV_MS = 1000,
};

static void
sv_write_back_tell(const sv_posting_chunk_t *chunk)
{
    for (size_t i = 0; i < chunk->count; i++) {
        const sv_posting_line_t *line = &chunk->lines[i];

        if (line->tried && line->outcome != SV_POSTING_IS_APPLIED) {
            sv_worker_log(SV_LOG_WARNING,
                          line->outcome == SV_POSTING_IS_REFUSED ? "adjustment.refused" : "adjustment.delayed",
                          SV_FIELD_TEXT("adjustment_id", chunk->adjustment_id), SV_FIELD_NUMBER("line", line->n),
                          SV_FIELD_TEXT("cause", line->reason));
        }
    }
}

/* Some lines, from when they are marked as sent until it is noted what came of them. */
typedef struct {
    sv_arena_t *arena; /* NULL: none */
    sv_posting_chunk_t *chunk;
} sv_write_back_part_t;

/* `lines` at most.  Without an arena when there is nothing to be done, beside what is `under_way`. */
static sv_write_back_part_t
sv_write_back_take(sv_duty_round_t *round, const sv_write_back_part_t *under_way, size_t lines, sv_error_t *error)
{
    sv_write_back_part_t part = { .arena = sv_arena_create() };

    part.chunk = sv_arena_zalloc(part.arena, sizeof(*part.chunk));
    part.chunk->most = lines;
    if (sv_posting_next(round->store, under_way->chunk, part.chunk, part.arena, error) != SV_OK ||
        part.chunk->count == 0) {
        sv_arena_destroy(part.arena);
        part = (sv_write_back_part_t){ 0 };
    }
    return part;
}

/* Lines of which that cannot be noted stay sent, and are asked for. */
static void
sv_write_back_note(sv_duty_round_t *round, sv_write_back_part_t *part, sv_error_t *error)
{
    sv_error_t own;

    if (part->arena != NULL) {
        sv_error_init(&own, error->arena);
        sv_posting_note(round->store, part->chunk, part->arena, &own);
        if (error->status == SV_OK) {
            *error = own;
        }
        round->done += (int64_t) part->chunk->count;
        sv_arena_destroy(part->arena);
    }
    *part = (sv_write_back_part_t){ 0 };
}

/* Settles or sends them; how many are to go next time.  What the database does meanwhile is no time of the ERP's. */
static size_t
sv_write_back_send(sv_adjustment_writer_t *writer, const sv_write_back_part_t *part, size_t lines)
{
    int64_t begun_ms = sv_clock_monotonic_ms();
    size_t tried = 0;

    if (!sv_adjustment_writer_run(writer, part->chunk, part->arena)) {
        writer->until_ms = 0;
    }
    for (size_t i = 0; i < part->chunk->count; i++) {
        tried += part->chunk->lines[i].tried;
    }
    return sv_posting_lines_next(lines, tried, sv_clock_monotonic_ms() - begun_ms);
}

/* While the ERP takes some lines, it is noted what came of those before them, and the next are marked.  Once it is
 * silent these are not sent. */
static sv_status_t
sv_write_back_chunks(sv_duty_round_t *round, sv_adjustment_writer_t *writer, sv_error_t *error)
{
    size_t lines = SV_POSTING_LINES_FIRST;
    sv_write_back_part_t none = { 0 }, before = none, current = sv_write_back_take(round, &none, lines, error), next;

    round->again = false;
    while (current.arena != NULL) {
        next = none;
        sv_adjustment_writer_begin(writer, current.chunk, current.arena);
        sv_write_back_note(round, &before, error);
        if (error->status == SV_OK && writer->begun == current.chunk) {
            next = sv_write_back_take(round, &current, lines, error);
        }
        lines = sv_write_back_send(writer, &current, lines);
        sv_write_back_tell(current.chunk);
        before = current;
        current = next;
        if (current.arena == NULL) {
            sv_write_back_note(round, &before, error);
            round->again = error->status == SV_OK && writer->until_ms != 0;
            if (round->again && sv_clock_monotonic_ms() < writer->until_ms) {
                current = sv_write_back_take(round, &none, lines, error); /* what waited for those on their way */
                round->again = current.arena != NULL;
            }
        }
    }
    return error->status;
}

/* Without a way into the ERP adjustments wait, and say why. */
static const char *
sv_write_back_fault(const sv_settings_t *settings, sv_erp_mapping_t *mapping, sv_arena_t *arena)
{
    sv_error_t error;

    sv_error_init(&error, arena);
    if (!settings->erp_write_back) {
        return "ERP_WRITE_BACK is off at the workers";
    }
    if (!sv_erp_configured(settings)) {
        return "There is no ERP: ERP_MAPPING or ERP_CONNECTION_FILE is not set";
    }
    if (sv_erp_mapping_read(settings->erp_mapping, arena, mapping, &error) != SV_OK) {
        return error.message;
    }
    return sv_adjustment_writer_fault(mapping);
}

sv_status_t
sv_duty_write_back(sv_duty_round_t *round, sv_error_t *error)
{
    const sv_settings_t *settings = round->store->settings;
    int64_t limit_ms = settings->erp_statement_timeout * SV_MS;
    sv_adjustment_writer_t writer = { .limit_ms = limit_ms < SV_STATEMENT_MAX_MS ? limit_ms : SV_STATEMENT_MAX_MS,
                                      .until_ms = sv_clock_monotonic_ms() + SV_ROUND_MS,
                                      .turn_ms = SV_POSTING_WAIT_MAX_MS };
    sv_arena_t *arena;
    sv_erp_mapping_t *mapping;
    const char *fault;
    bool due = false;

    if (sv_posting_is_due(round->store, &due, error) != SV_OK || !due) {
        return error->status;
    }
    arena = sv_arena_create();
    mapping = sv_arena_zalloc(arena, sizeof(*mapping));
    fault = sv_write_back_fault(settings, mapping, arena);
    if (sv_posting_note_fault(round->store, fault, error) == SV_OK && fault == NULL) {
        writer.mapping = mapping;
        writer.client = sv_erp_client_create(settings, mapping, NULL, NULL);
        sv_write_back_chunks(round, &writer, error);
        sv_erp_client_destroy(writer.client);
    }
    sv_arena_destroy(arena);
    return error->status;
}
