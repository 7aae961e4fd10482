#ifndef SV_EVENT_STREAM_H
#define SV_EVENT_STREAM_H

#include "core/events/event_reader.h"
#include "ngx_stockverify_module/request.h"

/*
 * Answers with the events that `wish` names and the call's principal may hear, from behind `last_event_id` (NULL: from
 * now on), until the client goes or its token ends (docs/events.md); or with the error that there are too many.  The
 * request is the stream's from here on; `wish` lies in the call's arena.
 */
void sv_event_stream_begin(sv_request_t *req, const sv_event_wish_t *wish, const char *last_event_id);

#endif
