#include <mongoc/mongoc.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_zone.h"
#include "core/settings/secret_file.h"
#include "core/settings/settings_check_mail.h"
#include "core/settings/settings.h"

enum { SV_SECRET_KEY_MIN = 32, SV_RSA_BITS_MIN = 2048 };

typedef struct {
    const char *name;
    int key_type; /* EVP_PKEY_NONE: a shared secret */
    int bits;     /* at least, or exactly for a curve */
    const char *key_text;
} sv_jwt_algorithm_t;

static const sv_jwt_algorithm_t sv_jwt_algorithms[] = {
    { "HS256", EVP_PKEY_NONE, 0, "" },
    { "RS256", EVP_PKEY_RSA, SV_RSA_BITS_MIN, "an RSA key of 2048 bits or more" },
    { "ES256", EVP_PKEY_EC, 256, "an EC key on P-256" },
};

/* Argon2id: OWASP's parameters of equal strength, m in KiB. */
enum { SV_ARGON2_MEMORY_ONE_PASS = 47104 };

static sv_status_t
sv_settings_check_texts(const sv_settings_t *settings, sv_error_t *error)
{
    const struct {
        const char *name, *value;
    } needed[] = {
        { "REDIS_HOST", settings->redis_host },
        { "MONGODB_URI", settings->mongodb_uri },
        { "MONGODB_DATABASE", settings->mongodb_database },
        { "SPOOL_DIR", settings->spool_dir },
        { "SCRATCH_DIR", settings->scratch_dir },
    };

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (needed[i].value[0] == '\0') {
            return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s must not be empty", needed[i].name);
        }
    }
    return SV_OK;
}

/* Three numbers with points between them. */
static bool
sv_settings_is_version(const char *text)
{
    for (int part = 0; part < 3; part++) {
        size_t digits = strspn(text, "0123456789");

        if (digits == 0 || digits > 9 || text[digits] != (part < 2 ? '.' : '\0')) {
            return false;
        }
        text += digits + 1;
    }
    return true;
}

static sv_status_t
sv_settings_check_client(const sv_settings_t *settings, sv_error_t *error)
{
    return sv_settings_is_version(settings->min_client)
               ? SV_OK
               : sv_fail(error, SV_ERR_VALIDATION_FAILED, "MIN_CLIENT is \"%s\": it must be a version as 1.4.0",
                         settings->min_client);
}

static sv_status_t
sv_settings_check_counts(const sv_settings_t *settings, sv_error_t *error)
{
    static const char *const periods[] = { "month", "week", "none" };
    sv_time_zone_t *zone = sv_time_zone_open(settings->time_zone);

    if (zone == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED,
                       "TIME_ZONE is \"%s\": this host knows no such zone (a name as Asia/Kolkata; package tzdata)",
                       settings->time_zone);
    }
    sv_time_zone_free(zone);
    if (strcmp(settings->serial_scope, "global") != 0 && strcmp(settings->serial_scope, "item") != 0) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "SERIAL_SCOPE is \"%s\": it must be global or item",
                       settings->serial_scope);
    }
    for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
        if (strcmp(settings->standing_count_period, periods[i]) == 0) {
            return SV_OK;
        }
    }
    return sv_fail(error, SV_ERR_VALIDATION_FAILED, "STANDING_COUNT_PERIOD is \"%s\": it must be month, week or none",
                   settings->standing_count_period);
}

/* Here and not at the first connection: nginx starts no process again that fails as it starts.  The address may carry a
 * password, so the reason is told without it. */
static sv_status_t
sv_settings_check_mongodb(const sv_settings_t *settings, sv_error_t *error)
{
    bson_error_t reason;
    mongoc_uri_t *uri = mongoc_uri_new_with_error(settings->mongodb_uri, &reason);
    bool primary;

    if (uri == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "MONGODB_URI is no address of MongoDB: %s", reason.message);
    }
    primary = mongoc_read_prefs_get_mode(mongoc_uri_get_read_prefs_t(uri)) == MONGOC_READ_PRIMARY;
    mongoc_uri_destroy(uri);
    return primary ? SV_OK
                   : sv_fail(error, SV_ERR_VALIDATION_FAILED,
                             "MONGODB_URI must not name a readPreference but primary: what was written a moment ago "
                             "must be read, and a secondary may not have it yet");
}

static sv_status_t
sv_settings_check_numbers(const sv_settings_t *settings, sv_error_t *error)
{
    if (settings->heartbeat_interval >= settings->rack_lock_ttl) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED,
                       "HEARTBEAT_INTERVAL (%lld s) must be less than RACK_LOCK_TTL (%lld s)",
                       (long long) settings->heartbeat_interval, (long long) settings->rack_lock_ttl);
    }
    if (settings->refresh_token_idle_ttl > settings->refresh_token_ttl) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED,
                       "REFRESH_TOKEN_IDLE_TTL (%lld s) must not exceed REFRESH_TOKEN_TTL (%lld s)",
                       (long long) settings->refresh_token_idle_ttl, (long long) settings->refresh_token_ttl);
    }
    if (settings->argon2_iterations < 2 && settings->argon2_memory < SV_ARGON2_MEMORY_ONE_PASS) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED,
                       "ARGON2_MEMORY (%lld KiB) below %d KiB needs ARGON2_ITERATIONS of 2 or more",
                       (long long) settings->argon2_memory, SV_ARGON2_MEMORY_ONE_PASS);
    }
    return SV_OK;
}

static const sv_jwt_algorithm_t *
sv_jwt_algorithm_find(const char *name)
{
    for (size_t i = 0; i < sizeof(sv_jwt_algorithms) / sizeof(sv_jwt_algorithms[0]); i++) {
        if (strcmp(name, sv_jwt_algorithms[i].name) == 0) {
            return &sv_jwt_algorithms[i];
        }
    }
    return NULL;
}

/* No file asks on the terminal for a key's passphrase: an encrypted key is refused. */
static int
sv_no_passphrase(char *buffer, int size, int writing, void *data)
{
    (void) buffer, (void) size, (void) writing, (void) data;
    return -1;
}

static EVP_PKEY *
sv_pem_read(const char *pem, size_t length, bool public_too)
{
    BIO *bio = BIO_new_mem_buf(pem, (int) length);
    EVP_PKEY *key;

    if (bio == NULL) {
        return NULL;
    }
    key = PEM_read_bio_PrivateKey(bio, NULL, sv_no_passphrase, NULL);
    if (key == NULL && public_too && BIO_reset(bio) == 1) {
        key = PEM_read_bio_PUBKEY(bio, NULL, sv_no_passphrase, NULL);
    }
    BIO_free(bio);
    ERR_clear_error(); /* what stays queued would be blamed on a TLS connection */
    return key;
}

/* Whether the key is one the algorithm signs (public_too: or verifies) with. */
static bool
sv_pem_fits(const sv_jwt_algorithm_t *algorithm, const char *pem, size_t length, bool public_too)
{
    EVP_PKEY *key = sv_pem_read(pem, length, public_too);
    char curve[32] = "";
    bool fits;

    if (key == NULL) {
        return false;
    }
    fits = EVP_PKEY_get_base_id(key) == algorithm->key_type && EVP_PKEY_get_bits(key) >= algorithm->bits;
    if (fits && algorithm->key_type == EVP_PKEY_EC) {
        fits = EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1 && strcmp(curve, "prime256v1") == 0;
    }
    EVP_PKEY_free(key);
    return fits;
}

/* A file of a secret that must be long enough; an empty path is no file. */
static sv_status_t
sv_settings_check_secret(const char *name, const char *path, sv_arena_t *arena, sv_error_t *error)
{
    const char *bytes;
    size_t length;

    if (path[0] == '\0') {
        return SV_OK;
    }
    if (sv_secret_file_read(path, arena, &bytes, &length, error) != SV_OK) {
        error->message = sv_arena_printf(error->arena, "%s: %s", name, error->message);
        return error->status;
    }
    if (length < SV_SECRET_KEY_MIN) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: %s has %zu bytes; it must have %d or more", name, path,
                       length, SV_SECRET_KEY_MIN);
    }
    return SV_OK;
}

static sv_status_t
sv_settings_check_jwt_key(const sv_jwt_algorithm_t *algorithm, const char *name, const char *path, bool public_too,
                          sv_arena_t *arena, sv_error_t *error)
{
    const char *bytes;
    size_t length;

    if (algorithm->key_type == EVP_PKEY_NONE) {
        return sv_settings_check_secret(name, path, arena, error);
    }
    if (path[0] == '\0') {
        return SV_OK;
    }
    if (sv_secret_file_read(path, arena, &bytes, &length, error) != SV_OK) {
        error->message = sv_arena_printf(error->arena, "%s: %s", name, error->message);
        return error->status;
    }
    if (!sv_pem_fits(algorithm, bytes, length, public_too)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED,
                       "%s: %s does not hold %s in PEM without a passphrase, as %s needs", name, path,
                       algorithm->key_text, algorithm->name);
    }
    return SV_OK;
}

static sv_status_t
sv_settings_check_keys(const sv_settings_t *settings, sv_arena_t *arena, sv_error_t *error)
{
    const sv_jwt_algorithm_t *algorithm = sv_jwt_algorithm_find(settings->jwt_algorithm);

    if (algorithm == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "JWT_ALGORITHM is \"%s\"; it must be HS256, RS256 or ES256",
                       settings->jwt_algorithm);
    }
    if (sv_settings_check_jwt_key(algorithm, "JWT_KEY_FILE", settings->jwt_key_file, false, arena, error) != SV_OK) {
        return error->status;
    }
    if (sv_settings_check_jwt_key(algorithm, "JWT_PREVIOUS_KEY_FILE", settings->jwt_previous_key_file, true, arena,
                                  error) != SV_OK) {
        return error->status;
    }
    return sv_settings_check_secret("SECRET_KEY_FILE", settings->secret_key_file, arena, error);
}

/* The environment goes before a settings file's REDIS_PASSWORD, that before the password file. */
static sv_status_t
sv_settings_find_redis_password(sv_settings_t *settings, sv_arena_t *arena, sv_error_t *error)
{
    const char *password = getenv("REDIS_PASSWORD");
    size_t length;

    if (password != NULL && password[0] != '\0') {
        settings->redis_password = sv_arena_strdup(arena, password);
        return SV_OK;
    }
    if (settings->redis_password != NULL || settings->redis_password_file[0] == '\0') {
        return SV_OK;
    }
    if (sv_secret_file_read(settings->redis_password_file, arena, &settings->redis_password, &length, error) != SV_OK) {
        error->message = sv_arena_printf(error->arena, "REDIS_PASSWORD_FILE: %s", error->message);
        return error->status;
    }
    return SV_OK;
}

sv_status_t
sv_settings_check(sv_settings_t *settings, sv_arena_t *arena, sv_error_t *error)
{
    if (sv_settings_check_texts(settings, error) != SV_OK || sv_settings_check_numbers(settings, error) != SV_OK ||
        sv_settings_check_mongodb(settings, error) != SV_OK || sv_settings_check_mail(settings, error) != SV_OK ||
        sv_settings_check_counts(settings, error) != SV_OK || sv_settings_check_client(settings, error) != SV_OK ||
        sv_settings_check_keys(settings, arena, error) != SV_OK) {
        return error->status;
    }
    if (sv_settings_find_redis_password(settings, arena, error) != SV_OK) {
        return error->status;
    }
    if (settings->redis_user[0] != '\0' && settings->redis_password == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "REDIS_USER needs a password: set REDIS_PASSWORD_FILE");
    }
    return SV_OK;
}
