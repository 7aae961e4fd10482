#include "core/auth/pin.h"

#include <string.h>

#include "core/store/document.h"

bool
sv_pin_acceptable(const char *pin, const char *field, sv_error_t *error)
{
    size_t length = strlen(pin);

    if (length < SV_PIN_MIN_DIGITS || length > SV_PIN_MAX_DIGITS || strspn(pin, "0123456789") != length) {
        sv_fail_field(error, field, "invalid_format", "%s must have %d to %d digits", field, SV_PIN_MIN_DIGITS,
                      SV_PIN_MAX_DIGITS);
        return false;
    }
    return true;
}

const char *
sv_pin_keyed(const sv_auth_keys_t *keys, const char *user_id, const char *pin, sv_arena_t *arena)
{
    const char *text = sv_arena_printf(arena, "%s\n%s", user_id, pin);
    char *keyed = sv_arena_alloc(arena, SV_SHA256_HEX_SIZE);
    uint8_t digest[SV_SHA256_SIZE];

    sv_hmac_sha256(keys->pin_key, sizeof(keys->pin_key), text, strlen(text), digest);
    sv_hex_encode(digest, sizeof(digest), keyed);
    return keyed;
}

sv_status_t
sv_pin_take_try(sv_store_t *store, sv_account_t *account, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *update = sv_doc_new(arena);
    const bson_t *document;

    BCON_APPEND(filter, "user_id", BCON_UTF8(account->user_id), "pin_tries_left", "{", "$gt", BCON_INT32(0), "}");
    BCON_APPEND(update, "$inc", "{", "pin_tries_left", BCON_INT32(-1), "}");
    if (sv_store_find_and_update(store, SV_COLLECTION_USERS, filter, update, true, false, arena, &document, error) !=
        SV_OK) {
        return error->status;
    }
    if (document == NULL) {
        return sv_fail(error, SV_ERR_PIN_DISABLED, NULL);
    }
    sv_account_read(document, arena, account);
    return account->pin_hash == NULL ? sv_fail(error, SV_ERR_PIN_DISABLED, NULL) : SV_OK;
}
