#include "core/auth/login_refused.h"

#include "core/audit/audit.h"
#include "core/auth/throttle.h"
#include "core/base/log.h"
#include "core/store/document.h"

static sv_status_t
sv_login_refused_write(sv_store_t *store, const sv_principal_t *who, const sv_login_t *login, sv_status_t reason,
                       bool last, sv_error_t *error)
{
    bson_t *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "login.refused", .details = details };
    sv_principal_t owner = *who;

    if (login->account.user_id != NULL) {
        sv_account_principal(&login->account, &owner);
    }
    sv_doc_put_text(details, "username", login->input.username);
    sv_doc_put_text(details, "address", who->address);
    sv_doc_put_text(details, "device_id", login->input.device_id);
    sv_doc_put_text(details, "reason", sv_status_code(reason));
    if (last) {
        BSON_APPEND_BOOL(details, "more", true);
    }
    return sv_audit_write(store, &owner, &entry, error);
}

void
sv_login_refused_audit(sv_store_t *store, const sv_principal_t *who, const sv_login_t *login, sv_status_t reason,
                       sv_arena_t *arena)
{
    int64_t refused = 0;
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_throttle_count_refused(store, &refused, &error) == SV_OK && refused <= SV_LOGIN_REFUSED_MAX) {
        sv_login_refused_write(store, who, login, reason, refused == SV_LOGIN_REFUSED_MAX, &error);
    }
    if (error.status != SV_OK) {
        sv_log(SV_LOG_WARNING, "a refused login is missing in the audit trail: %s", error.cause);
    }
}
