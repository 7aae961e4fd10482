#include "core/audit/audit.h"

#include "core/base/clock.h"
#include "core/store/document.h"

static void
sv_put_known(bson_t *document, const char *name, const char *text)
{
    if (text != NULL) {
        BSON_APPEND_UTF8(document, name, text);
    }
}

sv_status_t
sv_audit_write(sv_store_t *store, const sv_principal_t *who, const sv_audit_t *entry, sv_error_t *error)
{
    bson_t *document = sv_doc_new(error->arena);

    BSON_APPEND_DATE_TIME(document, "at", sv_clock_now_ms());
    BSON_APPEND_UTF8(document, "action", entry->action);
    if (who != NULL) {
        sv_put_known(document, "user_id", who->user_id);
        BSON_APPEND_UTF8(document, "role", sv_role_name(who->role));
        sv_put_known(document, "request_id", who->request_id);
    }
    sv_put_known(document, "session_id", entry->session_id);
    sv_put_known(document, "rack_id", entry->rack_id);
    sv_put_known(document, "count_id", entry->count_id);
    sv_put_known(document, "warehouse", entry->warehouse);
    if (entry->details != NULL) {
        BSON_APPEND_DOCUMENT(document, "details", entry->details);
    }
    BSON_APPEND_BOOL(document, "sealed", false);
    return sv_store_insert(store, SV_COLLECTION_ACTIVITY_LOGS, document, error);
}
