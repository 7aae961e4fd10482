#include "core/store/document.h"
#include "core/sync/batch_state.h"
#include "core/sync/blind.h"

bool
sv_verdict_outline(const sv_batch_run_t *run, sv_verdict_t *verdict, bool blind)
{
    if (!blind || !sv_blind_hides(run->who, verdict->server_record)) {
        return false;
    }
    verdict->shown_record = sv_blind_outline(verdict->server_record, run->arena);
    return true;
}

/* A blind count beside one of the two that a conflict is of: the sender learns of others' figures as if that were
 * blind, too. */
static bool
sv_verdict_shows_another(const sv_batch_run_t *run, const sv_verdict_t *verdict)
{
    return verdict->kind == SV_VERDICT_CONFLICT && verdict->server_record != NULL &&
           verdict->shown_record == verdict->server_record && sv_blind_hides(run->who, verdict->server_record);
}

/* The count of the other's figure or serial number, which may be another than the record's. */
static const char *
sv_verdict_other_count(const sv_batch_run_t *run, const sv_verdict_t *verdict)
{
    return sv_doc_text(verdict->server_record, "count_id", run->arena);
}

static bool
sv_hiding_hides(const sv_text_map_t *hidden, const char *count_id)
{
    return count_id != NULL && sv_text_map_get(hidden, count_id) != NULL;
}

sv_status_t
sv_batch_hide(sv_batch_run_t *run, sv_error_t *error)
{
    sv_query_texts_t asked;
    sv_text_map_t hidden;

    sv_query_texts_init(&asked, run->arena);
    sv_text_map_init(&hidden, run->arena, 0);
    for (size_t i = 0; i < run->batch->count; i++) {
        if (sv_verdict_shows_another(run, &run->verdicts[i])) {
            sv_query_texts_add(&asked, run->verdicts[i].count_id);
            sv_query_texts_add(&asked, sv_verdict_other_count(run, &run->verdicts[i]));
        }
    }
    if (sv_blind_counts(run->store, run->who, &asked, &hidden, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < run->batch->count; i++) {
        sv_verdict_t *verdict = &run->verdicts[i];

        if (sv_verdict_shows_another(run, verdict)) {
            bool blind = sv_hiding_hides(&hidden, verdict->count_id) ||
                         sv_hiding_hides(&hidden, sv_verdict_other_count(run, verdict));

            verdict->hides_place |=
                sv_verdict_outline(run, verdict, blind) && verdict->type == SV_CONFLICT_DUPLICATE_SERIAL;
        }
    }
    return SV_OK;
}
