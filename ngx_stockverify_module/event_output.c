#include "ngx_stockverify_module/event_output.h"

/* Buffers stay with the stream, because filters keep them in their lists for a while after they were sent. */
struct sv_event_piece_s {
    ngx_chain_t link;
    ngx_buf_t buffer;
    sv_event_message_t *message;
    sv_event_piece_t *next;
};

static void
sv_pieces_init(sv_event_pieces_t *pieces)
{
    pieces->first = NULL;
    pieces->end = &pieces->first;
}

static sv_event_piece_t *
sv_pieces_take(sv_event_pieces_t *pieces)
{
    sv_event_piece_t *piece = pieces->first;

    pieces->first = piece->next;
    if (pieces->first == NULL) {
        pieces->end = &pieces->first;
    }
    return piece;
}

static void
sv_pieces_put(sv_event_pieces_t *pieces, sv_event_piece_t *piece)
{
    piece->next = NULL;
    *pieces->end = piece;
    pieces->end = &piece->next;
}

/* The first of a list is done with. */
static void
sv_output_drop_first(sv_event_output_t *output, sv_event_pieces_t *pieces)
{
    sv_event_piece_t *piece = sv_pieces_take(pieces);

    output->pending -= piece->message->length;
    sv_event_message_release(piece->message);
    ngx_memzero(&piece->buffer, sizeof(piece->buffer));
    piece->message = NULL;
    piece->next = output->unused;
    output->unused = piece;
}

/* With the arena. */
static void
sv_output_release(void *data)
{
    sv_event_output_t *output = data;

    while (output->sending.first != NULL) {
        sv_output_drop_first(output, &output->sending);
    }
    sv_event_output_forget_waiting(output);
}

void
sv_event_output_init(sv_event_output_t *output, ngx_http_request_t *request, sv_arena_t *arena)
{
    ngx_memzero(output, sizeof(*output));
    output->request = request;
    output->arena = arena;
    sv_pieces_init(&output->waiting);
    sv_pieces_init(&output->sending);
    sv_arena_on_destroy(arena, sv_output_release, output);
}

void
sv_event_output_add(sv_event_output_t *output, sv_event_message_t *message)
{
    sv_event_piece_t *piece = output->unused;

    if (message == NULL) {
        output->failed = 1;
        return;
    }
    if (piece == NULL) {
        piece = sv_arena_zalloc(output->arena, sizeof(*piece));
    } else {
        output->unused = piece->next;
    }
    piece->message = message;
    output->pending += message->length;
    sv_pieces_put(&output->waiting, piece);
}

void
sv_event_output_forget_waiting(sv_event_output_t *output)
{
    while (output->waiting.first != NULL) {
        sv_output_drop_first(output, &output->waiting);
    }
}

/* Makes a chain for nginx of what waits; NULL when nothing does. */
static ngx_chain_t *
sv_output_chain(sv_event_output_t *output)
{
    ngx_chain_t *chain = NULL, **end = &chain;

    while (output->waiting.first != NULL) {
        sv_event_piece_t *piece = sv_pieces_take(&output->waiting);
        ngx_buf_t *buffer = &piece->buffer;

        buffer->start = buffer->pos = piece->message->bytes;
        buffer->end = buffer->last = piece->message->bytes + piece->message->length;
        buffer->memory = 1;
        buffer->flush = 1;
        piece->link.buf = buffer;
        piece->link.next = NULL;
        *end = &piece->link;
        end = &piece->link.next;
        sv_pieces_put(&output->sending, piece);
    }
    return chain;
}

static void
sv_output_collect(sv_event_output_t *output)
{
    while (output->sending.first != NULL && output->sending.first->buffer.pos == output->sending.first->buffer.last) {
        sv_output_drop_first(output, &output->sending);
    }
}

/* Of these or of the head: an empty chain is an error to nginx. */
static bool
sv_output_is_under_way(const sv_event_output_t *output)
{
    return output->sending.first != NULL || output->request->buffered || output->request->connection->buffered;
}

/* The client's time to take something begins anew when it took something. */
static ngx_int_t
sv_output_wait(sv_event_output_t *output, bool some_sent)
{
    ngx_http_request_t *r = output->request;
    ngx_event_t *event = r->connection->write;
    ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!event->delayed && (some_sent || !event->timer_set)) {
        ngx_add_timer(event, core->send_timeout);
    }
    return ngx_handle_write_event(event, core->send_lowat) == NGX_OK ? NGX_AGAIN : NGX_ERROR;
}

ngx_int_t
sv_event_output_send(sv_event_output_t *output)
{
    ngx_http_request_t *r = output->request;
    ngx_connection_t *c = r->connection;

    do {
        ngx_chain_t *chain = output->sending.first == NULL ? sv_output_chain(output) : NULL;
        off_t before = c->sent;

        if (output->failed || (sv_output_is_under_way(output) && ngx_http_output_filter(r, chain) == NGX_ERROR)) {
            return NGX_ERROR;
        }
        sv_output_collect(output);
        if (sv_output_is_under_way(output)) {
            return sv_output_wait(output, c->sent != before);
        }
    } while (output->waiting.first != NULL);
    if (c->write->timer_set && !c->write->delayed) {
        ngx_del_timer(c->write);
    }
    return NGX_OK;
}

ngx_int_t
sv_event_output_finish(sv_event_output_t *output)
{
    ngx_http_request_t *r = output->request;
    ngx_chain_t *chain = sv_output_chain(output);

    if (output->failed || (chain != NULL && ngx_http_output_filter(r, chain) == NGX_ERROR)) {
        return NGX_ERROR;
    }
    return ngx_http_send_special(r, NGX_HTTP_LAST);
}
