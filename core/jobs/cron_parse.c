#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/jobs/cron.h"

typedef struct {
    const char *name;
    int min, max;
    const char *const *words; /* of the values from `min` on, NULL: none */
} sv_cron_field_t;

static const char *const sv_month_words[] = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                              "AUG", "SEP", "OCT", "NOV", "DEC", NULL };
static const char *const sv_weekday_words[] = { "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL };

enum { SV_CRON_FIELDS = 5, SV_CRON_TEXT_MAX = 256 };

static const sv_cron_field_t sv_cron_fields[SV_CRON_FIELDS] = {
    { "minute", 0, 59, NULL },
    { "hour", 0, 23, NULL },
    { "day of month", 1, 31, NULL },
    { "month", 1, 12, sv_month_words },
    { "day of week", 0, 7, sv_weekday_words },
};

static const struct {
    const char *name, *text;
} sv_cron_names[] = {
    { "@hourly", "0 * * * *" },  { "@daily", "0 0 * * *" },  { "@midnight", "0 0 * * *" }, { "@weekly", "0 0 * * 0" },
    { "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" },
};

static bool
sv_cron_value(const sv_cron_field_t *field, const char **text, int *value)
{
    const char *at = *text;

    if (isdigit((unsigned char) *at)) {
        *value = 0;
        while (isdigit((unsigned char) *at) && *value < 1000) {
            *value = *value * 10 + (*at++ - '0');
        }
        *text = at;
        return *value >= field->min && *value <= field->max;
    }
    for (int i = 0; field->words != NULL && field->words[i] != NULL; i++) {
        if (strncasecmp(at, field->words[i], 3) == 0) {
            *value = field->min + i;
            *text = at + 3;
            return true;
        }
    }
    return false;
}

/* "*", "5", "1-5", each with "/step" behind; "5/10" is from 5 to the end. */
static bool
sv_cron_item(const sv_cron_field_t *field, const char **text, uint64_t *bits)
{
    int from = field->min, to = field->max;
    long step = 1;
    bool single = false;

    if (**text == '*') {
        (*text)++;
        to = field->words == sv_weekday_words ? 6 : to;
    } else if (!sv_cron_value(field, text, &from)) {
        return false;
    } else if (**text == '-') {
        (*text)++;
        if (!sv_cron_value(field, text, &to) || to < from) {
            return false;
        }
    } else {
        single = true;
    }
    if (**text == '/') {
        char *end;

        if (!isdigit((unsigned char) (*text)[1])) {
            return false;
        }
        step = strtol(*text + 1, &end, 10);
        *text = end;
        if (step < 1 || step > field->max) {
            return false;
        }
    } else if (single) {
        to = from;
    }
    for (int value = from; value <= to; value += (int) step) {
        *bits |= UINT64_C(1) << value;
    }
    return true;
}

static bool
sv_cron_list(const sv_cron_field_t *field, const char *text, uint64_t *bits)
{
    *bits = 0;
    for (;;) {
        if (!sv_cron_item(field, &text, bits)) {
            return false;
        }
        if (*text == '\0') {
            return true;
        }
        if (*text++ != ',') {
            return false;
        }
    }
}

static const char *
sv_cron_expand(const char *text)
{
    for (size_t i = 0; i < sizeof(sv_cron_names) / sizeof(sv_cron_names[0]); i++) {
        if (strcasecmp(text, sv_cron_names[i].name) == 0) {
            return sv_cron_names[i].text;
        }
    }
    return text;
}

sv_status_t
sv_cron_parse(const char *text, sv_cron_t *cron, sv_error_t *error)
{
    char copy[SV_CRON_TEXT_MAX], *rest = copy, *word;
    uint64_t bits[SV_CRON_FIELDS];
    bool any[SV_CRON_FIELDS];
    int count = 0;

    text = sv_cron_expand(text);
    if (strlen(text) >= sizeof(copy)) {
        return sv_fail_field(error, "cron", "too_long", "At most %d characters", SV_CRON_TEXT_MAX - 1);
    }
    strcpy(copy, text);
    while ((word = strsep(&rest, " \t")) != NULL) {
        if (*word == '\0') {
            continue;
        }
        if (count == SV_CRON_FIELDS) {
            return sv_fail_field(error, "cron", "invalid_format", "There are more than five fields");
        }
        if (!sv_cron_list(&sv_cron_fields[count], word, &bits[count])) {
            return sv_fail_field(error, "cron", "invalid_format", "%s is no %s (%d to %d)", word,
                                 sv_cron_fields[count].name, sv_cron_fields[count].min, sv_cron_fields[count].max);
        }
        any[count++] = *word == '*';
    }
    if (count < SV_CRON_FIELDS) {
        return sv_fail_field(error, "cron", "invalid_format",
                             "Five fields are needed: minute, hour, day of month, month, day of week");
    }
    bits[4] |= bits[4] >> 7 & 1; /* 7 is Sunday too */
    *cron = (sv_cron_t){ .minutes = bits[0],
                         .hours = (uint32_t) bits[1],
                         .days = (uint32_t) bits[2],
                         .months = (uint32_t) bits[3],
                         .weekdays = (uint32_t) (bits[4] & 0x7f),
                         .any_day = any[2],
                         .any_weekday = any[4] };
    return SV_OK;
}
