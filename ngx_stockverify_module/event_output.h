#ifndef SV_EVENT_OUTPUT_H
#define SV_EVENT_OUTPUT_H

#include "core/base/arena.h"
#include "ngx_stockverify_module/event_message.h"

/*
 * What a stream has to say to its client, in order.  nginx is given a piece only when it has sent those before, so that
 * what still waits here may be thrown away.  Messages are not copied; a stream that has sent everything holds no memory
 * but a few buffers' heads.
 */
typedef struct sv_event_piece_s  sv_event_piece_t;

typedef struct {
    sv_event_piece_t   *first;
    sv_event_piece_t  **end;
} sv_event_pieces_t;

typedef struct {
    ngx_http_request_t  *request;
    sv_arena_t          *arena;         /* lives as long as nginx may look at a buffer */
    sv_event_pieces_t    waiting;
    sv_event_pieces_t    sending;       /* nginx has them */
    sv_event_piece_t    *unused;
    size_t               pending;       /* bytes of both */
    unsigned             failed:1;      /* out of memory */
} sv_event_output_t;

void sv_event_output_init(sv_event_output_t *output, ngx_http_request_t *request, sv_arena_t *arena);

/* Takes the caller's hold on the message.  NULL: out of memory; the next send fails. */
void sv_event_output_add(sv_event_output_t *output, sv_event_message_t *message);

/* NGX_OK: all is sent; NGX_AGAIN: the socket takes no more at present, the write handler is called when it does or when
 * the client has taken nothing for send_timeout; NGX_ERROR. */
ngx_int_t sv_event_output_send(sv_event_output_t *output);

/* Gives nginx all there is, and the end of the answer.  What to finalize the request with. */
ngx_int_t sv_event_output_finish(sv_event_output_t *output);

/* Throws away what nginx has not got. */
void sv_event_output_forget_waiting(sv_event_output_t *output);

#endif
