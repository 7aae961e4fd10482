#ifndef SV_ANSWER_FILE_H
#define SV_ANSWER_FILE_H

#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

/*
 * call->file as an answer.  nginx's own filters do ranges, If-Range, conditional requests and sendfile.  The file was
 * opened on a thread and is sent from the API's location, with that location's sendfile, aio and limits: there is no second location which
 * could be forgotten, or be open to the world, and a file that went meanwhile is an answer of the API.
 */

/* Sends header and file; the rc to finalize the request with. */
ngx_int_t sv_file_send(sv_request_state_t *state);

#endif
