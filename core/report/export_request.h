#ifndef SV_REPORT_EXPORT_REQUEST_H
#define SV_REPORT_EXPORT_REQUEST_H

#include "core/base/arena.h"
#include "core/report/format.h"
#include "core/store/store.h"

/*
 * What is asked of an export.  It stands in the job's params ({<id_name>, format, bom, delimiter, raw}) and makes its
 * unique key, so that the same file is made once and found again.
 */
typedef struct {
    const char *source_id; /* of the snapshot or comparison */
    const sv_format_t *format;
    sv_format_options_t options;
} sv_export_request_t;

/* As a CSV is written unless something else is asked; what other formats carry, so that requests compare equal. */
extern const sv_format_options_t sv_format_options_default;

/* "comma", "semicolon", "tab", "pipe"; NULL-terminated, in the order of sv_format_delimiters. */
extern const char *const sv_format_delimiter_words[];
extern const char sv_format_delimiters[];

const char *sv_export_request_key(const sv_export_request_t *request, sv_arena_t *arena);
/* `id_name`: "snapshot_id". */
const bson_t *sv_export_request_params(const sv_export_request_t *request, const char *id_name, sv_arena_t *arena);
/* Options alone, beside other params. */
void sv_format_options_append(bson_t *params, const sv_format_t *format, const sv_format_options_t *options);
/* From a job's params; false for a format that is none. */
bool sv_format_options_read(const bson_t *params, const sv_format_t **format, sv_format_options_t *options,
                            sv_arena_t *arena);

/* SV_ERR_TOO_MANY_ROWS when the format cannot hold so many (-1: not known yet). */
sv_status_t sv_format_check_rows(const sv_format_t *format, int64_t rows, sv_error_t *error);

#endif
