#ifndef SV_EXPORT_QUERY_H
#define SV_EXPORT_QUERY_H

#include "core/report/files/export_request.h"
#include "ngx_stockverify_module/call.h"

/* Reads format (the first there is, csv, unless given) and its options; false and call->error when one is wrong.
 * The source's id is the caller's. */
bool sv_call_query_export(sv_call_t *call, sv_export_request_t *request);

/* For routes whose file a job makes (ngx_stockverify_module/api/job_answer.h): answers with the file of a job that made
 * it, else the job does the work. */
void sv_export_asked(sv_call_t *call, const bson_t *job, bool created);

#endif
