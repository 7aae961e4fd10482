#include "ngx_stockverify_module/api/export_query.h"

#include "core/store/document.h"
#include "ngx_stockverify_module/api/job_answer.h"

static const char *const sv_export_booleans[] = { "false", "true", "0", "1", NULL };

static bool
sv_call_query_bool(sv_call_t *call, const char *name, bool *value)
{
    int word;

    if (!sv_call_query_choice(call, name, sv_export_booleans, &word)) {
        return false;
    }
    *value = word >= 0 && word % 2 == 1;
    return true;
}

static const char *const *
sv_format_names(sv_arena_t *arena)
{
    const char **names = sv_arena_zalloc(arena, (sv_format_count + 1) * sizeof(*names));

    for (size_t i = 0; i < sv_format_count; i++) {
        names[i] = sv_formats[i].name;
    }
    return names;
}

/* Options of a CSV that another format is asked with are a mistake of the client. */
static bool
sv_export_options_fit(sv_call_t *call, const sv_format_t *format)
{
    static const char *const options[] = { "bom", "delimiter", "raw" };

    for (size_t i = 0; strcmp(format->name, "csv") != 0 && i < sizeof(options) / sizeof(options[0]); i++) {
        if (sv_call_query(call, options[i]) != NULL) {
            sv_fail(&call->error, SV_ERR_PARAMETER_INVALID, NULL);
            sv_fail_field(&call->error, options[i], "not_allowed", "is an option of csv only");
            return false;
        }
    }
    return true;
}

bool
sv_call_query_export(sv_call_t *call, sv_export_request_t *request)
{
    int format, delimiter;

    request->options = sv_format_options_default;
    if (!sv_call_query_choice(call, "format", sv_format_names(call->arena), &format) ||
        !sv_call_query_choice(call, "delimiter", sv_format_delimiter_words, &delimiter) ||
        !sv_call_query_bool(call, "bom", &request->options.bom) ||
        !sv_call_query_bool(call, "raw", &request->options.raw)) {
        return false;
    }
    if (delimiter >= 0) {
        request->options.delimiter = sv_format_delimiters[delimiter];
    }
    request->format = &sv_formats[format >= 0 ? format : 0];
    return sv_export_options_fit(call, request->format);
}

void
sv_export_asked(sv_call_t *call, const bson_t *job, bool created)
{
    if (strcmp(sv_doc_text(job, "status", call->arena), "succeeded") == 0) {
        sv_job_answer_file(call, job);
    } else {
        sv_job_asked(call, job, created);
    }
}
