#include "core/report/files/format.h"

#include <string.h>
#include <strings.h>

#include "core/base/text.h"

const sv_format_t sv_formats[] = {
    { "csv", "csv", "text/csv; charset=utf-8", 0 },
    { "json", "json", "application/json", 0 },
    { "ndjson", "ndjson", "application/x-ndjson", 0 },
    { "xlsx", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 0 },
    { "pdf", "pdf", "application/pdf", 50000 },
};

const size_t sv_format_count = sizeof(sv_formats) / sizeof(sv_formats[0]);

/* Bytes of a name without its extension: with it below the 255 of every file system. */
enum { SV_FILE_NAME_MAX = 160 };

const sv_format_t *
sv_format(const char *name)
{
    for (size_t i = 0; name != NULL && i < sv_format_count; i++) {
        if (strcmp(sv_formats[i].name, name) == 0) {
            return &sv_formats[i];
        }
    }
    return NULL;
}

/* Characters that turn the direction of what follows: they can make an extension look like another. */
static bool
sv_is_direction_mark(const unsigned char *c, size_t size)
{
    return size == 3 && c[0] == 0xe2 &&
           ((c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xaa && c[2] <= 0xae))) ||
            (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

/* C0, DEL, C1, and what some file system takes for a path, a pattern or a stream. */
static bool
sv_is_refused_in_names(const unsigned char *c, size_t size)
{
    return size == 0 || c[0] < 0x20 || c[0] == 0x7f || (size == 2 && c[0] == 0xc2 && c[1] < 0xa0) ||
           (size == 1 && strchr("/\\:*?\"<>|", c[0]) != NULL);
}

/* What Windows takes for a device whatever its extension. */
static bool
sv_is_device_name(const char *name)
{
    static const char *const devices[] = { "con", "prn", "aux", "nul" };
    size_t length = strcspn(name, ".");

    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        if (length == 3 && strncasecmp(name, devices[i], 3) == 0) {
            return true;
        }
    }
    return length == 4 && (strncasecmp(name, "com", 3) == 0 || strncasecmp(name, "lpt", 3) == 0) && name[3] >= '0' &&
           name[3] <= '9';
}

/* The title with a '-' for each character that can't stand in a name; dots and blanks stand at neither end. */
static size_t
sv_file_stem(const char *title, char *stem, size_t size)
{
    size_t left = strlen(title), length = 0;

    while (left > 0) {
        size_t step = sv_utf8_sequence(title, left);
        const unsigned char *c = (const unsigned char *) title;
        size_t consumed = step > 0 ? step : 1;

        title += consumed;
        left -= consumed;
        if (sv_is_direction_mark(c, step) || (length == 0 && (*c == ' ' || *c == '.'))) {
            continue;
        }
        if (sv_is_refused_in_names(c, step)) {
            c = (const unsigned char *) "-";
            step = 1;
        }
        if (length + step >= size) {
            break;
        }
        memcpy(stem + length, c, step);
        length += step;
    }
    while (length > 0 && (stem[length - 1] == ' ' || stem[length - 1] == '.')) {
        length--;
    }
    stem[length] = '\0';
    return length;
}

const char *
sv_format_file_name(const char *title, const sv_format_t *format, char *buffer, size_t size)
{
    size_t extension = strlen(format->extension) + 1;
    char stem[SV_FILE_NAME_MAX + 1];
    size_t length;

    if (size < extension + 2) {
        return "";
    }
    length = sv_file_stem(title, stem, size - extension < sizeof(stem) ? size - extension : sizeof(stem));
    if (length == 0 || sv_is_device_name(stem)) {
        length = strlen(strncpy(stem, size - extension > strlen("export") ? "export" : "x", sizeof(stem) - 1));
    }
    memcpy(buffer, stem, length);
    buffer[length] = '.';
    memcpy(buffer + length + 1, format->extension, extension);
    return buffer;
}
