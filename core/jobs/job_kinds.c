#include <string.h>

#include "core/jobs/job.h"

const sv_job_kind_t sv_job_kinds[] = {
#define SV_JOB_KIND(type, queue, time_limit_s, max_failures, result_ttl_s, role)                                       \
    { type, SV_QUEUE_##queue, time_limit_s, max_failures, result_ttl_s, SV_ROLE_##role },
#include "core/jobs/kinds.def"
#undef SV_JOB_KIND
};
const size_t sv_job_kind_count = sizeof(sv_job_kinds) / sizeof(sv_job_kinds[0]);

static const char *const sv_queue_names[SV_QUEUE_COUNT] = { "high", "mail", "short", "default", "low" };

const sv_job_kind_t *
sv_job_kind(const char *type)
{
    for (size_t i = 0; type != NULL && i < sv_job_kind_count; i++) {
        if (strcmp(sv_job_kinds[i].type, type) == 0) {
            return &sv_job_kinds[i];
        }
    }
    return NULL;
}

const char *
sv_queue_name(sv_queue_t queue)
{
    return sv_queue_names[queue];
}

sv_queue_t
sv_queue_parse(const char *name)
{
    for (int i = 0; name != NULL && i < SV_QUEUE_COUNT; i++) {
        if (strcmp(sv_queue_names[i], name) == 0) {
            return (sv_queue_t) i;
        }
    }
    return SV_QUEUE_DEFAULT;
}
