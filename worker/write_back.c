#include "worker/write_back.h"

#include "core/adjust/posting.h"
#include "core/base/clock.h"
#include "core/erp/sync.h"
#include "worker/erp/adjustment_writer.h"
#include "worker/log.h"

enum {
    SV_ROUND_MS = 10000, /* far below what counts as hanging, and a worker that is told to end waits for it */
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

static sv_status_t
sv_write_back_chunks(sv_duty_round_t *round, sv_adjustment_writer_t *writer, sv_error_t *error)
{
    bool goes_on = true;

    round->again = false;
    while (error->status == SV_OK && goes_on && sv_clock_monotonic_ms() < writer->until_ms) {
        sv_arena_t *arena = sv_arena_create();
        sv_posting_chunk_t *chunk = sv_arena_zalloc(arena, sizeof(*chunk));

        if (sv_posting_next(round->store, chunk, arena, error) == SV_OK && chunk->count > 0) {
            goes_on = sv_adjustment_writer_run(writer, chunk, arena);
            sv_write_back_tell(chunk);
            sv_posting_note(round->store, chunk, arena, error);
            round->done += (int64_t) chunk->count;
        } else {
            goes_on = false;
        }
        round->again = goes_on;
        sv_arena_destroy(arena);
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
                                      .until_ms = sv_clock_monotonic_ms() + SV_ROUND_MS };
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
