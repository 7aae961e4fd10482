#include "core/store/store_error.h"

#include "core/store/contact.h"

/* Server codes that say "not now": fail-over, shutting down, time-outs, write concern not met, and conflicts that only
 * a transaction retries.  https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
static const uint32_t sv_codes_for_later[] = {
    6 /* HostUnreachable */,
    7 /* HostNotFound */,
    24 /* LockTimeout */,
    50 /* MaxTimeMSExpired */,
    63 /* StaleShardVersion */,
    64 /* WriteConcernFailed */,
    89 /* NetworkTimeout */,
    91 /* ShutdownInProgress */,
    112 /* WriteConflict */,
    133 /* FailedToSatisfyReadPreference */,
    150 /* StaleEpoch */,
    189 /* PrimarySteppedDown */,
    202 /* NetworkInterfaceExceededTimeLimit */,
    225 /* TransactionTooOld */,
    234 /* RetryChangeStream */,
    246 /* SnapshotUnavailable */,
    251 /* NoSuchTransaction */,
    262 /* ExceededTimeLimit */,
    9001 /* SocketException */,
    10107 /* NotWritablePrimary */,
    11600 /* InterruptedAtShutdown */,
    11602 /* InterruptedDueToReplStateChange */,
    13388 /* StaleConfig */,
    13435 /* NotPrimaryNoSecondaryOk */,
    13436 /* NotPrimaryOrSecondary */,
};

static bool
sv_is_for_later(const bson_error_t *reason)
{
    switch (reason->domain) {
    case MONGOC_ERROR_STREAM:
    case MONGOC_ERROR_SERVER_SELECTION:
    case MONGOC_ERROR_WRITE_CONCERN:
        return true;
    case MONGOC_ERROR_CLIENT:
        return reason->code == MONGOC_ERROR_STREAM_NOT_ESTABLISHED || reason->code == MONGOC_ERROR_STREAM_CONNECT;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof(sv_codes_for_later) / sizeof(sv_codes_for_later[0]); i++) {
        if (reason->code == sv_codes_for_later[i]) {
            return reason->domain == MONGOC_ERROR_SERVER || reason->domain == MONGOC_ERROR_QUERY;
        }
    }
    return false;
}

sv_status_t
sv_store_fail(const bson_error_t *driver_error, sv_error_t *error)
{
    bool for_later = sv_is_for_later(driver_error);

    if (for_later) {
        sv_contact_note_failure();
    }
    return sv_fail_cause(error, for_later ? SV_ERR_UNAVAILABLE : SV_ERR_INTERNAL, "MongoDB: %s (domain %u, code %u)",
                         driver_error->message, driver_error->domain, driver_error->code);
}

bool
sv_store_is_duplicate_key(const bson_error_t *driver_error, const bson_t *reply)
{
    bson_iter_t iter, errors, code;

    if (driver_error->code == 11000) {
        return true;
    }
    /* An unordered bulk tells its first error only; the rest stand in the reply. */
    if (reply == NULL || !bson_iter_init_find(&iter, reply, "writeErrors") || !bson_iter_recurse(&iter, &errors)) {
        return false;
    }
    while (bson_iter_next(&errors)) {
        if (bson_iter_recurse(&errors, &code) && bson_iter_find(&code, "code") && bson_iter_as_int64(&code) == 11000) {
            return true;
        }
    }
    return false;
}
