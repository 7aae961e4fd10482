#ifndef SV_ANSWER_FILE_H
#define SV_ANSWER_FILE_H

#include "ngx_stockverify_module/state.h"

/*
 * call->file as an answer.  nginx's own filters do ranges, If-Range, conditional requests and sendfile.  The file is
 * opened where the API's location is, with that location's sendfile, aio and limits: there is no second location which
 * could be forgotten, or be open to the world, and a file that went meanwhile is an answer of the API.
 */

/* SV_ERR_RESULT_EXPIRED when it is gone; sets call->error.  nginx closes it with the request. */
sv_status_t sv_file_open(sv_request_state_t *state, ngx_open_file_info_t *opened);

/* Sends header and file; the rc to finalize the request with. */
ngx_int_t sv_file_send(sv_request_state_t *state, const ngx_open_file_info_t *opened);

#endif
