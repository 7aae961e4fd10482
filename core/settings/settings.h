#ifndef SV_SETTINGS_H
#define SV_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"

/*
 * The values of settings.def.  Read once at start, then never changed: any
 * number of threads may read one sv_settings_t.
 */
typedef struct {
#define SV_SETTING_TEXT(field, environment, directive, value, text)                         const char *field;
#define SV_SETTING_SECRET(field, environment, directive, value, text)                       const char *field;
#define SV_SETTING_NUMBER(field, environment, directive, value, min, max, unit, text)       int64_t field;
#define SV_SETTING_FLAG(field, environment, directive, value, text)                         bool field;
#include "core/settings/settings.def"
#undef SV_SETTING_TEXT
#undef SV_SETTING_SECRET
#undef SV_SETTING_NUMBER
#undef SV_SETTING_FLAG
    const char *redis_password;      /* from REDIS_PASSWORD or the file; NULL: none */
} sv_settings_t;

typedef enum { SV_SETTING_IS_TEXT, SV_SETTING_IS_SECRET, SV_SETTING_IS_NUMBER, SV_SETTING_IS_FLAG } sv_setting_type_t;

/* One row of the table, for whoever walks it: directives, environment, docs. */
typedef struct {
    sv_setting_type_t  type;
    const char        *name;         /* "rack_lock_ttl" */
    const char        *environment;  /* "RACK_LOCK_TTL" */
    const char        *directive;    /* "stockverify_rack_lock_ttl" */
    size_t             offset;       /* in sv_settings_t */
    const char        *text_default;
    int64_t            number_default, min, max;
    const char        *unit;
    const char        *text;
} sv_setting_row_t;

extern const sv_setting_row_t  sv_setting_rows[];
extern const size_t            sv_setting_row_count;

void sv_settings_defaults(sv_settings_t *settings);

/* Finds a row by directive or by environment name; NULL when there is none. */
const sv_setting_row_t *sv_setting_find(const char *name);

/* Parses and bounds-checks one value.  `value` is copied into the arena.
 * Error: SV_ERR_VALIDATION_FAILED with a sentence naming the setting, the value and the range. */
sv_status_t sv_setting_assign(sv_settings_t *settings, const sv_setting_row_t *row, const char *value,
                              sv_arena_t *arena, sv_error_t *error);

/* The worker's and the admin command's way: defaults, then the file (NULL: none) of
 * "NAME=VALUE" lines under the environment names ('#' comments, blank lines; an unknown
 * name is an error with its line), then the environment.  Ends with sv_settings_check. */
sv_status_t sv_settings_load(sv_settings_t *settings, const char *file, sv_arena_t *arena, sv_error_t *error);

/* What holds between settings: HEARTBEAT_INTERVAL < RACK_LOCK_TTL, idle <= absolute, the
 * OWASP floor of Argon2, known algorithm, key files readable and long enough,
 * the password file readable (sets redis_password). */
sv_status_t sv_settings_check(sv_settings_t *settings, sv_arena_t *arena, sv_error_t *error);

#endif
