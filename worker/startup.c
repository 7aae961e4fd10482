#include "worker/startup.h"

#include "core/store/indexes.h"
#include "worker/log.h"
#include "worker/notify.h"

enum { SV_STARTUP_FIRST_MS = 250, SV_STARTUP_MAX_MS = 10000 };

static void
sv_report_index(const sv_index_row_t *row, sv_index_outcome_t outcome, const char *detail, void *context)
{
    const char *collection = sv_collection_name(row->collection);

    (void) context;
    if (outcome == SV_INDEX_FAILED || outcome == SV_INDEX_DIFFERENT || outcome == SV_INDEX_UNSUPPORTED) {
        sv_worker_log(outcome == SV_INDEX_FAILED ? SV_LOG_ERROR : SV_LOG_WARNING, "index.not_as_wanted",
                      SV_FIELD_TEXT("collection", collection), SV_FIELD_TEXT("index", row->name),
                      SV_FIELD_TEXT("outcome", sv_index_outcome_name(outcome)), SV_FIELD_TEXT("detail", detail));
    }
}

/* One try. */
static sv_status_t
sv_startup_try(sv_store_t *store, sv_error_t *error)
{
    sv_index_summary_t summary;
    sv_status_t status = sv_store_check_server(store, error);

    if (status == SV_OK) {
        status = sv_indexes_ensure(store, sv_report_index, NULL, &summary, error);
    }
    if (status == SV_OK) {
        sv_worker_log(SV_LOG_INFO, "indexes.ensured", SV_FIELD_NUMBER("created", summary.counts[SV_INDEX_CREATED]),
                      SV_FIELD_NUMBER("kept", summary.counts[SV_INDEX_KEPT]),
                      SV_FIELD_NUMBER("different", summary.counts[SV_INDEX_DIFFERENT]),
                      SV_FIELD_NUMBER("unsupported", summary.counts[SV_INDEX_UNSUPPORTED]),
                      SV_FIELD_NUMBER("failed", summary.counts[SV_INDEX_FAILED]));
    }
    return status;
}

sv_startup_t
sv_startup(sv_store_t *store, sv_startup_wait_t wait, void *context)
{
    int64_t pause_ms = SV_STARTUP_FIRST_MS;
    bool told = false;

    for (;;) {
        sv_arena_t *arena = sv_arena_create();
        sv_error_t error;
        sv_status_t status;

        sv_error_init(&error, arena);
        status = sv_startup_try(store, &error);
        if (status == SV_ERR_UNAVAILABLE && !told) {
            sv_worker_log(SV_LOG_WARNING, "mongodb.waiting", SV_FIELD_TEXT("cause", error.cause));
            told = true;
        } else if (status != SV_OK && status != SV_ERR_UNAVAILABLE) {
            sv_worker_log(SV_LOG_ERROR, "mongodb.refused", SV_FIELD_TEXT("cause", error.cause));
        }
        sv_arena_destroy(arena);
        if (status != SV_ERR_UNAVAILABLE) {
            return status == SV_OK ? SV_STARTUP_READY : SV_STARTUP_REFUSED;
        }
        /* Waiting for a server is not hanging. */
        sv_notify("STATUS=waiting for MongoDB\nEXTEND_TIMEOUT_USEC=30000000");
        if (wait(context, pause_ms)) {
            return SV_STARTUP_STOPPED;
        }
        pause_ms = pause_ms * 2 < SV_STARTUP_MAX_MS ? pause_ms * 2 : SV_STARTUP_MAX_MS;
    }
}
