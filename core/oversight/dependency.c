#include "core/oversight/dependency.h"

#include "core/audit/error_log.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/worker_role.h"

void
sv_dependency_write(sv_json_writer_t *w, const sv_dependency_t *dependency)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "name", dependency->name);
    sv_json_text(w, "state", dependency->state);
    if (dependency->latency_us < 0) {
        sv_json_null(w, "latency_ms");
    } else {
        sv_json_double(w, "latency_ms", (double) dependency->latency_us / 1000.0);
    }
    sv_json_text(w, "version", dependency->version);
    sv_json_text(w, "breaker", dependency->breaker);
    if (dependency->last_error == NULL) {
        sv_json_null(w, "last_error");
    } else {
        sv_json_object(w, "last_error");
        sv_json_time(w, "at", dependency->error_at_ms);
        sv_json_text(w, "message", dependency->last_error);
        sv_json_end(w);
    }
    sv_json_end(w);
}

static sv_status_t
sv_dependency_mongodb_version(sv_store_t *store, const char **version, sv_error_t *error)
{
    bson_t *command = sv_doc_take(BCON_NEW("buildInfo", BCON_INT32(1)), error->arena);
    bson_error_t driver_error;
    bson_t reply;

    if (mongoc_client_command_simple(store->client, "admin", command, NULL, &reply, &driver_error)) {
        *version = sv_doc_text(&reply, "version", error->arena);
    } else {
        sv_store_fail(&driver_error, error);
    }
    bson_destroy(&reply);
    return error->status;
}

/* The latest of the workers' errors, of all jobs or of one kind. */
static sv_status_t
sv_dependency_worker_error(sv_store_t *store, const char *kind, const char **message, int64_t *at_ms, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "at", BCON_INT32(-1), "}"), error->arena);
    const bson_t *row = NULL;

    BSON_APPEND_UTF8(filter, "source", sv_error_sources[SV_ERROR_OF_WORKER]);
    if (kind != NULL) {
        BSON_APPEND_UTF8(filter, "route", kind);
    }
    if (sv_store_find_first(store, SV_COLLECTION_ERROR_LOGS, filter, options, error->arena, &row, error) == SV_OK &&
        row != NULL) {
        *message = sv_doc_text(row, "message", error->arena);
        *at_ms = sv_doc_time(row, "at");
    }
    return error->status;
}

static sv_status_t
sv_dependency_workers(sv_store_t *store, sv_dependency_t *workers, sv_error_t *error)
{
    bool alive = false;

    if (sv_worker_roles_alive(store, &alive, &workers->version, error) == SV_OK) {
        workers->state = alive ? "up" : "down";
        sv_dependency_worker_error(store, NULL, &workers->last_error, &workers->error_at_ms, error);
    }
    return error->status;
}

/* The last of the mails that ended so. */
static sv_status_t
sv_dependency_last_mail(sv_store_t *store, const char *status, const bson_t **mail, sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("status", BCON_UTF8(status), "attempts", "{", "$gt", BCON_INT32(0), "}"), error->arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "ended_at", BCON_INT32(-1), "}"), error->arena);

    return sv_store_find_first(store, SV_COLLECTION_REPORT_DELIVERIES, filter, options, error->arena, mail, error);
}

/* No mail server is asked for the sake of being asked: what became of the last mail says how it is. */
static sv_status_t
sv_dependency_mail(sv_store_t *store, sv_dependency_t *mail, sv_error_t *error)
{
    const bson_t *sent = NULL, *failed = NULL;

    if (sv_dependency_last_mail(store, "sent", &sent, error) != SV_OK ||
        sv_dependency_last_mail(store, "failed", &failed, error) != SV_OK) {
        return error->status;
    }
    if (failed != NULL) {
        mail->last_error = sv_doc_text(failed, "error.message", error->arena);
        mail->error_at_ms = sv_doc_time(failed, "ended_at");
    }
    if (store->settings->smtp_host[0] == '\0') {
        mail->state = "off";
    } else if (sent != NULL && sv_doc_time(sent, "ended_at") >= mail->error_at_ms) {
        mail->state = "up";
    } else {
        mail->state = failed != NULL ? "down" : "unknown";
    }
    return SV_OK;
}

sv_status_t
sv_dependencies_read(sv_store_t *store, sv_dependencies_stored_t *stored, sv_error_t *error)
{
    if (sv_dependency_mongodb_version(store, &stored->mongodb_version, error) == SV_OK &&
        sv_dependency_workers(store, &stored->workers, error) == SV_OK &&
        sv_dependency_mail(store, &stored->mail, error) == SV_OK) {
        sv_dependency_worker_error(store, "erp.import", &stored->erp_error, &stored->erp_error_at_ms, error);
    }
    return error->status;
}
