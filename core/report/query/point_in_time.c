#include "core/report/query/point_in_time.h"

sv_status_t
sv_point_in_time_begin(sv_store_t *store, sv_point_in_time_t *point, sv_error_t *error)
{
    mongoc_session_opt_t *options = mongoc_session_opts_new();
    bson_error_t reason;
    sv_status_t status = sv_store_now(store, &point->taken_ms, error);

    point->session = NULL;
    mongoc_session_opts_set_snapshot(options, true);
    if (status == SV_OK) {
        point->session = mongoc_client_start_session(store->client, options, &reason);
        status = point->session != NULL ? SV_OK : sv_store_fail(&reason, error);
    }
    mongoc_session_opts_destroy(options);
    return status;
}

void
sv_point_in_time_end(sv_point_in_time_t *point)
{
    if (point->session != NULL) {
        mongoc_client_session_destroy(point->session);
        point->session = NULL;
    }
}

mongoc_collection_t *
sv_point_in_time_collection(sv_store_t *store, sv_collection_t collection, const mongoc_client_session_t *session)
{
    mongoc_collection_t *handle = mongoc_collection_copy(store->collections[collection]);

    if (session != NULL) {
        mongoc_read_concern_t *none = mongoc_read_concern_new();

        mongoc_collection_set_read_concern(handle, none);
        mongoc_read_concern_destroy(none);
    }
    return handle;
}
