#include "core/auth/token.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth/token_key_set.h"
#include "core/base/codec.h"
#include "core/base/text.h"

enum { SV_CLAIM_MAX_CHARACTERS = 128 };

static const char sv_token_type[] = "access";

typedef struct {
    const char *header;
    size_t header_length;
    const char *payload;
    size_t payload_length;
} sv_token_parts_t;

const char *
sv_token_sign(const sv_token_keys_t *keys, const sv_token_claims_t *claims, sv_arena_t *arena)
{
    jwt_t *jwt;
    char *encoded = NULL;
    const char *token = NULL;
    int failed;

    if (jwt_new(&jwt) != 0) {
        return NULL;
    }
    failed = jwt_add_grant(jwt, "sub", claims->user_id);
    failed |= jwt_add_grant(jwt, "type", sv_token_type);
    failed |= jwt_add_grant_int(jwt, "gen", (long) claims->generation);
    failed |= jwt_add_grant_int(jwt, "iat", (long) claims->issued_at_s);
    failed |= jwt_add_grant_int(jwt, "exp", (long) claims->expires_at_s);
    if (claims->family_id != NULL) {
        failed |= jwt_add_grant(jwt, "fam", claims->family_id);
    }
    if (claims->use_id != NULL) {
        failed |= jwt_add_grant(jwt, "rti", claims->use_id);
    }
    if (keys->issuer[0] != '\0') {
        failed |= jwt_add_grant(jwt, "iss", keys->issuer);
    }
    if (keys->audience[0] != '\0') {
        failed |= jwt_add_grant(jwt, "aud", keys->audience);
    }
    if (keys->keys[0].id[0] != '\0') {
        failed |= jwt_add_header(jwt, "kid", keys->keys[0].id);
    }
    failed |= jwt_set_alg(jwt, keys->algorithm, keys->sign.bytes, (int) keys->sign.length);
    if (!failed) {
        encoded = jwt_encode_str(jwt);
    }
    if (encoded != NULL) {
        token = sv_arena_strdup(arena, encoded);
        free(encoded);
    }
    jwt_free(jwt);
    return token;
}

/* header.payload.signature, each of base64url's characters and none empty (so alg "none" has no place). */
static bool
sv_token_split(const char *token, size_t length, sv_token_parts_t *parts)
{
    const char *end = token + length;
    const char *dots[2];
    size_t dot_count = 0;

    for (const char *p = token; p < end; p++) {
        bool word = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9');

        if (*p == '.') {
            if (dot_count == 2) {
                return false;
            }
            dots[dot_count++] = p;
        } else if (!word && *p != '-' && *p != '_') {
            return false;
        }
    }
    if (dot_count != 2 || dots[0] == token || dots[1] == dots[0] + 1 || dots[1] + 1 == end) {
        return false;
    }
    parts->header = token;
    parts->header_length = (size_t) (dots[0] - token);
    parts->payload = dots[0] + 1;
    parts->payload_length = (size_t) (dots[1] - parts->payload);
    return true;
}

/* The object a part encodes; the caller's to json_decref, NULL when it is none. */
static json_t *
sv_token_part_object(const char *part, size_t length)
{
    uint8_t bytes[SV_TOKEN_MAX_LENGTH];
    int decoded = sv_base64url_decode(part, length, bytes, sizeof(bytes));
    json_t *value;

    if (decoded < 0) {
        return NULL;
    }
    value = json_loadb((const char *) bytes, (size_t) decoded, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

/* The header names the configured algorithm and nothing that must be understood first; *kid is "" when
 * absent and lives as long as the header. */
static bool
sv_token_header_ok(const sv_token_keys_t *keys, const json_t *header, const char **kid)
{
    const char *algorithm = json_string_value(json_object_get(header, "alg"));
    const json_t *id = json_object_get(header, "kid");

    if (algorithm == NULL || strcmp(algorithm, keys->algorithm_name) != 0) {
        return false;
    }
    if (json_object_get(header, "crit") != NULL || (id != NULL && !json_is_string(id))) {
        return false;
    }
    *kid = id == NULL ? "" : json_string_value(id);
    return true;
}

/* Whether one of the keys of this kid made the signature. */
static bool
sv_token_signature_ok(const sv_token_keys_t *keys, const char *token, const char *kid)
{
    for (size_t i = 0; i < keys->key_count; i++) {
        const sv_token_key_t *key = &keys->keys[i];
        jwt_t *jwt = NULL;

        if (strcmp(key->id, kid) != 0) {
            continue;
        }
        if (jwt_decode(&jwt, token, key->verify.bytes, (int) key->verify.length) == 0) {
            bool pinned = jwt_get_alg(jwt) == keys->algorithm;

            jwt_free(jwt);
            return pinned;
        }
    }
    return false;
}

static bool
sv_claim_text(const json_t *payload, const char *name, bool required, sv_arena_t *arena, const char **text)
{
    const json_t *value = json_object_get(payload, name);

    *text = NULL;
    if (value == NULL) {
        return !required;
    }
    if (!json_is_string(value) || !sv_identifier_valid(json_string_value(value), SV_CLAIM_MAX_CHARACTERS)) {
        return false;
    }
    *text = sv_arena_strdup(arena, json_string_value(value));
    return true;
}

/* Absent is 0 unless required; anything but an integer is wrong, so "exp": "9" or 9.5 never pass as a number. */
static bool
sv_claim_integer(const json_t *payload, const char *name, bool required, int64_t *number)
{
    const json_t *value = json_object_get(payload, name);

    *number = 0;
    if (value == NULL) {
        return !required;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *number = json_integer_value(value);
    return true;
}

static bool
sv_claim_equals(const json_t *value, const char *expected)
{
    return json_is_string(value) && strcmp(json_string_value(value), expected) == 0;
}

/* RFC 7519 section 4.1.3: one audience or an array of them. */
static bool
sv_token_audience_ok(const sv_token_keys_t *keys, const json_t *payload)
{
    const json_t *audience = json_object_get(payload, "aud");
    size_t i;
    json_t *one;

    if (keys->audience[0] == '\0' || sv_claim_equals(audience, keys->audience)) {
        return true;
    }
    json_array_foreach((json_t *) audience, i, one)
    {
        if (sv_claim_equals(one, keys->audience)) {
            return true;
        }
    }
    return false;
}

static sv_status_t
sv_token_read_claims(const sv_token_keys_t *keys, const json_t *payload, int64_t now_s, sv_arena_t *arena,
                     sv_token_claims_t *claims, sv_error_t *error)
{
    int64_t not_before_s;

    if (!sv_claim_equals(json_object_get(payload, "type"), sv_token_type) ||
        !sv_claim_text(payload, "sub", true, arena, &claims->user_id) ||
        !sv_claim_text(payload, "fam", false, arena, &claims->family_id) ||
        !sv_claim_text(payload, "rti", false, arena, &claims->use_id) ||
        !sv_claim_integer(payload, "gen", true, &claims->generation) ||
        !sv_claim_integer(payload, "exp", true, &claims->expires_at_s) ||
        !sv_claim_integer(payload, "iat", false, &claims->issued_at_s) ||
        !sv_claim_integer(payload, "nbf", false, &not_before_s)) {
        return sv_fail(error, SV_ERR_TOKEN_INVALID, NULL);
    }
    if (keys->issuer[0] != '\0' && !sv_claim_equals(json_object_get(payload, "iss"), keys->issuer)) {
        return sv_fail(error, SV_ERR_TOKEN_INVALID, NULL);
    }
    if (!sv_token_audience_ok(keys, payload) || now_s < not_before_s) {
        return sv_fail(error, SV_ERR_TOKEN_INVALID, NULL);
    }
    if (now_s >= claims->expires_at_s) {
        return sv_fail(error, SV_ERR_TOKEN_EXPIRED, NULL);
    }
    return SV_OK;
}

/* The claims are read from the very bytes whose signature was verified. */
static sv_status_t
sv_token_verify_parts(const sv_token_keys_t *keys, const char *token, const json_t *header,
                      const sv_token_parts_t *parts, int64_t now_s, sv_arena_t *arena, sv_token_claims_t *claims,
                      sv_error_t *error)
{
    const char *kid;
    json_t *payload;

    if (!sv_token_header_ok(keys, header, &kid) || !sv_token_signature_ok(keys, token, kid)) {
        return sv_fail(error, SV_ERR_TOKEN_INVALID, NULL);
    }
    payload = sv_token_part_object(parts->payload, parts->payload_length);
    if (payload == NULL) {
        return sv_fail(error, SV_ERR_TOKEN_INVALID, NULL);
    }
    sv_token_read_claims(keys, payload, now_s, arena, claims, error);
    json_decref(payload);
    return error->status;
}

sv_status_t
sv_token_verify(const sv_token_keys_t *keys, const char *token, size_t length, int64_t now_s, sv_arena_t *arena,
                sv_token_claims_t *claims, sv_error_t *error)
{
    sv_token_parts_t parts;
    json_t *header;
    const char *copy;

    *claims = (sv_token_claims_t){ 0 };
    if (length == 0 || length > SV_TOKEN_MAX_LENGTH || !sv_token_split(token, length, &parts)) {
        return sv_fail(error, SV_ERR_TOKEN_INVALID, NULL);
    }
    header = sv_token_part_object(parts.header, parts.header_length);
    if (header == NULL) {
        return sv_fail(error, SV_ERR_TOKEN_INVALID, NULL);
    }
    copy = sv_arena_strndup(arena, token, length);
    sv_token_verify_parts(keys, copy, header, &parts, now_s, arena, claims, error);
    json_decref(header);
    return error->status;
}
