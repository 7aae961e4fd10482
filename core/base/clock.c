#include "core/base/clock.h"

#include <time.h>

enum { SV_MS_PER_DAY = 86400000, SV_FIRST_YEAR = 1, SV_LAST_OFFSET_MS = (23 * 60 + 59) * 60000 };

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z; offsets lead almost a day past either. */
#define SV_TIME_FIRST INT64_C(-62135596800000)
#define SV_TIME_LAST  INT64_C(253402300799999)

static int64_t
sv_clock_read_ms(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
sv_clock_now_ms(void)
{
    return sv_clock_read_ms(CLOCK_REALTIME);
}

int64_t
sv_clock_monotonic_ms(void)
{
    return sv_clock_read_ms(CLOCK_MONOTONIC);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar; the year begins in
 * March here, so that the leap day is its last (H. Hinnant, days_from_civil). */
static int64_t
sv_days_from_date(int year, int month, int day)
{
    int shifted = month <= 2 ? year - 1 : year;
    int era = shifted / 400;
    int year_of_era = shifted - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (int64_t) era * 146097 + day_of_era - 719468;
}

static void
sv_date_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t shifted = days + 719468;
    int era = (int) (shifted / 146097);
    int day_of_era = (int) (shifted - (int64_t) era * 146097);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;

    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

/* Reads exactly `count` digits; -1 when there are not so many. */
static int
sv_read_digits(const char **text, int count)
{
    int value = 0;

    for (; count > 0; count--) {
        if (**text < '0' || **text > '9') {
            return -1;
        }
        value = value * 10 + (*(*text)++ - '0');
    }
    return value;
}

static bool
sv_read_char(const char **text, char c)
{
    if (**text != c) {
        return false;
    }
    (*text)++;
    return true;
}

static int
sv_days_of_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

/* "2026-01-05", to days since 1970. */
static bool
sv_read_date(const char **text, int64_t *days)
{
    int year, month, day;

    year = sv_read_digits(text, 4);
    if (year < SV_FIRST_YEAR || !sv_read_char(text, '-')) {
        return false;
    }
    month = sv_read_digits(text, 2);
    if (month < 1 || month > 12 || !sv_read_char(text, '-')) {
        return false;
    }
    day = sv_read_digits(text, 2);
    if (day < 1 || day > sv_days_of_month(year, month)) {
        return false;
    }
    *days = sv_days_from_date(year, month, day);
    return true;
}

/* "08:00:00" and a fraction, to milliseconds of the day. */
static bool
sv_read_time_of_day(const char **text, int64_t *ms)
{
    int hour, minute, second, fraction = 0, scale = 100;

    hour = sv_read_digits(text, 2);
    if (hour < 0 || hour > 23 || !sv_read_char(text, ':')) {
        return false;
    }
    minute = sv_read_digits(text, 2);
    if (minute < 0 || minute > 59 || !sv_read_char(text, ':')) {
        return false;
    }
    second = sv_read_digits(text, 2);
    if (second < 0 || second > 60) {
        return false;
    }
    if (sv_read_char(text, '.')) {
        if (**text < '0' || **text > '9') {
            return false;
        }
        for (; **text >= '0' && **text <= '9'; (*text)++) {
            fraction += (**text - '0') * scale;
            scale /= 10;
        }
    }
    if (second == 60) {
        second = 59;
        fraction = 999;
    }
    *ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction;
    return true;
}

/* "Z" or "+05:30", to milliseconds east of UTC. */
static bool
sv_read_offset(const char **text, int64_t *ms)
{
    int sign, hours, minutes;

    if (sv_read_char(text, 'Z') || sv_read_char(text, 'z')) {
        *ms = 0;
        return true;
    }
    if (**text != '+' && **text != '-') {
        return false;
    }
    sign = *(*text)++ == '-' ? -1 : 1;
    hours = sv_read_digits(text, 2);
    if (hours < 0 || hours > 23 || !sv_read_char(text, ':')) {
        return false;
    }
    minutes = sv_read_digits(text, 2);
    if (minutes < 0 || minutes > 59) {
        return false;
    }
    *ms = sign * (hours * 60 + minutes) * INT64_C(60000);
    return true;
}

bool
sv_time_parse(const char *text, int64_t *ms)
{
    int64_t days, time_of_day, offset;

    if (!sv_read_date(&text, &days)) {
        return false;
    }
    /* RFC 3339 allows small letters and, for readability, a blank. */
    if (!sv_read_char(&text, 'T') && !sv_read_char(&text, 't') && !sv_read_char(&text, ' ')) {
        return false;
    }
    if (!sv_read_time_of_day(&text, &time_of_day) || !sv_read_offset(&text, &offset) || *text != '\0') {
        return false;
    }
    *ms = days * SV_MS_PER_DAY + time_of_day - offset;
    return true;
}

bool
sv_date_parse(const char *text, int64_t *ms)
{
    int64_t days;

    if (!sv_read_date(&text, &days) || *text != '\0') {
        return false;
    }
    *ms = days * SV_MS_PER_DAY;
    return true;
}

static char *
sv_write_digits(char *to, int value, int count, char behind)
{
    for (int i = count - 1; i >= 0; i--) {
        to[i] = (char) ('0' + value % 10);
        value /= 10;
    }
    to[count] = behind;
    return to + count + 1;
}

/* A time of year 1 or 9999 in some zone may lie in year 0 or 10000 in UTC, which RFC 3339 cannot write: then it is
 * written with an offset that can.  Beyond that the nearest that can be written. */
static int64_t
sv_time_place(int64_t ms, const char **zone)
{
    *zone = "Z";
    if (ms < SV_TIME_FIRST) {
        *zone = "+23:59";
        ms += SV_LAST_OFFSET_MS;
        return ms < SV_TIME_FIRST ? SV_TIME_FIRST : ms;
    }
    if (ms > SV_TIME_LAST) {
        *zone = "-23:59";
        ms -= SV_LAST_OFFSET_MS;
        return ms > SV_TIME_LAST ? SV_TIME_LAST : ms;
    }
    return ms;
}

int
sv_time_format(int64_t ms, char text[SV_TIME_TEXT_SIZE])
{
    int year, month, day, of_day;
    char *end = text;
    const char *zone;

    ms = sv_time_place(ms, &zone);
    of_day = (int) (((ms % SV_MS_PER_DAY) + SV_MS_PER_DAY) % SV_MS_PER_DAY);
    sv_date_from_days((ms - of_day) / SV_MS_PER_DAY, &year, &month, &day);
    end = sv_write_digits(end, year, 4, '-');
    end = sv_write_digits(end, month, 2, '-');
    end = sv_write_digits(end, day, 2, 'T');
    end = sv_write_digits(end, of_day / 3600000, 2, ':');
    end = sv_write_digits(end, of_day / 60000 % 60, 2, ':');
    end = sv_write_digits(end, of_day / 1000 % 60, 2, '.');
    end = of_day % 1000 == 0 ? end - 1 : sv_write_digits(end, of_day % 1000, 3, '\0') - 1;
    while (*zone != '\0') {
        *end++ = *zone++;
    }
    *end = '\0';
    return (int) (end - text);
}
