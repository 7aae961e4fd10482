#ifndef SV_ENVELOPE_H
#define SV_ENVELOPE_H

#include "ngx_stockverify_module/conf.h"
#include "ngx_stockverify_module/call.h"

/* The JSON around every answer: nested, or flat as the replaced system printed it. */

void sv_envelope_write(sv_buffer_t *out, const sv_call_t *call, sv_envelope_t envelope, ngx_str_t request_id);

/* `data` NULL: null. */
void sv_envelope_error(sv_buffer_t *out, const sv_error_t *error, ngx_str_t request_id, const char *head_members,
                       const sv_buffer_t *data);

#endif
