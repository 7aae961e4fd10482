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
sv_call_query_option(sv_call_t *call, const sv_format_option_t *option, sv_export_request_t *request)
{
    int word;

    if (strcmp(request->format->name, "csv") != 0) {
        return sv_call_query(call, option->name) == NULL ||
               sv_call_wrong_parameter(call, option->name, "not_allowed", "is an option of csv only");
    }
    if (option->words == NULL) {
        return sv_call_query_bool(call, option->name, sv_format_option_flag(&request->options, option));
    }
    if (!sv_call_query_choice(call, option->name, option->words, &word)) {
        return false;
    }
    if (word >= 0) {
        *sv_format_option_character(&request->options, option) = option->characters[word];
    }
    return true;
}

bool
sv_call_query_export(sv_call_t *call, sv_export_request_t *request)
{
    const char *wrong;
    int format;

    request->options = sv_format_options_default;
    if (!sv_call_query_choice(call, "format", sv_format_names(call->arena), &format)) {
        return false;
    }
    request->format = &sv_formats[format >= 0 ? format : 0];
    for (size_t i = 0; i < SV_FORMAT_OPTIONS; i++) {
        if (!sv_call_query_option(call, &sv_format_options[i], request)) {
            return false;
        }
    }
    wrong = sv_format_options_settle(&request->options, sv_call_query(call, "delimiter") != NULL);
    return wrong == NULL || sv_call_wrong_parameter(call, "delimiter", "not_allowed", wrong);
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
