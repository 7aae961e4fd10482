#include "ngx_stockverify_module/lookup_flights.h"

#include <stdlib.h>

#include "ngx_stockverify_module/lookup_questions.h"
#include "ngx_stockverify_module/process.h"

enum { SV_FLIGHT_BUCKETS = 256 };

struct sv_lookup_flights_s {
    sv_process_t *process;
    sv_lookup_questions_t *questions;
    ngx_queue_t buckets[SV_FLIGHT_BUCKETS];
};

/* Lies in the arena of the work that flies it. */
typedef struct {
    ngx_queue_t queue; /* in its bucket */
    ngx_queue_t waiting;
    sv_request_t *work;
    const char *name;
    sv_lookup_t lookup; /* texts of the work's arena */
    sv_lookup_found_t found;
    sv_lookup_question_t question;
    /* while the ERP is asked */
    const char *erp_code;
    ngx_msec_t erp_until;
    sv_redis_command_t erp_command;
    sv_erp_answer_t erp_answer;
    const char *erp_item;
} sv_flight_t;

typedef struct {
    ngx_queue_t queue;
    sv_request_t *req;
    sv_lookup_found_t *found;
    sv_next_pt next;
} sv_passenger_t;

sv_lookup_flights_t *
sv_lookup_flights_create(sv_process_t *process)
{
    sv_lookup_flights_t *flights = calloc(1, sizeof(*flights));

    if (flights != NULL) {
        flights->process = process;
        flights->questions = sv_lookup_questions_create(process);
        if (flights->questions == NULL) {
            free(flights);
            return NULL;
        }
        for (size_t i = 0; i < SV_FLIGHT_BUCKETS; i++) {
            ngx_queue_init(&flights->buckets[i]);
        }
    }
    return flights;
}

void
sv_lookup_flights_destroy(sv_lookup_flights_t *flights)
{
    if (flights != NULL) {
        sv_lookup_questions_destroy(flights->questions);
        free(flights);
    }
}

static ngx_queue_t *
sv_flight_bucket(sv_lookup_flights_t *flights, const char *name)
{
    return &flights->buckets[ngx_hash_key((u_char *) name, ngx_strlen(name)) % SV_FLIGHT_BUCKETS];
}

static sv_flight_t *
sv_flight_find(ngx_queue_t *bucket, const char *name)
{
    for (ngx_queue_t *at = ngx_queue_head(bucket); at != ngx_queue_sentinel(bucket); at = ngx_queue_next(at)) {
        sv_flight_t *flight = ngx_queue_data(at, sv_flight_t, queue);

        if (ngx_strcmp(flight->name, name) == 0) {
            return flight;
        }
    }
    return NULL;
}

static const char *
sv_flight_text(const char *text, sv_arena_t *arena)
{
    return text == NULL ? NULL : sv_arena_strdup(arena, text);
}

/* What a passenger takes along is its own: the flight ends before the answer is sent. */
static void
sv_passenger_land(sv_passenger_t *passenger, const sv_flight_t *flight)
{
    sv_call_t *call = passenger->req->call;
    const sv_error_t *error = &flight->work->call->error;

    if (error->status != SV_OK) {
        sv_lookup_error_pass(&call->error, error);
    } else {
        *passenger->found = flight->found;
        passenger->found->erp_item = sv_flight_text(flight->found.erp_item, call->arena);
        for (size_t i = 0; i < SV_LOOKUP_KEYS; i++) {
            passenger->found->entries[i] = sv_flight_text(flight->found.entries[i], call->arena);
        }
    }
    sv_http_go_on(passenger->req, passenger->next);
}

static void
sv_flight_end(sv_request_t *work)
{
    sv_flight_t *flight = work->call->state;

    while (!ngx_queue_empty(&flight->waiting)) {
        ngx_queue_t *first = ngx_queue_head(&flight->waiting);

        ngx_queue_remove(first);
        sv_passenger_land(ngx_queue_data(first, sv_passenger_t, queue), flight);
    }
    sv_http_work_end(work);
}

static sv_redis_command_t *
sv_flight_next_command(void *context)
{
    sv_redis_command_t ***at = context;

    return *(*at)++;
}

/* No one joins any more: who asks now asks Redis first, which knows it from here on. */
static void
sv_flight_over(sv_request_t *work)
{
    sv_call_t *call = work->call;
    sv_flight_t *flight = call->state;
    sv_redis_command_t *commands[SV_LOOKUP_KEYS + 2], **next = commands;
    size_t count = 0;

    if (call->error.status == SV_OK && flight->found.generation != NULL) {
        for (size_t i = 0; i < SV_LOOKUP_KEYS + 2; i++) {
            commands[i] = sv_arena_alloc(call->arena, sizeof(**commands));
        }
        count = sv_lookup_keep_commands(&flight->lookup, &flight->found, call->settings, call->arena,
                                        sv_flight_next_command, &next);
    }
    for (size_t i = 0; i < count; i++) {
        sv_redis_tell(sv_http_process(work)->redis, commands[i]);
    }
    ngx_queue_remove(&flight->queue);
    sv_flight_end(work);
}

static void
sv_flight_ask(sv_request_t *work, sv_next_pt next)
{
    sv_flight_t *flight = work->call->state;

    flight->question = (sv_lookup_question_t){
        .work = work, .lookup = &flight->lookup, .found = &flight->found, .next = next
    };
    sv_lookup_question_ask(sv_http_process(work)->lookups->questions, &flight->question);
}

/* ---- the ERP, which a worker asks */

static void
sv_flight_read_erp(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_flight_t *flight = call->state;

    (void) index;
    flight->erp_answer = sv_erp_ask_read(reply, call->arena, &flight->erp_item);
}

static void sv_flight_erp_told(sv_request_t *work);

static void
sv_flight_ask_erp(sv_request_t *work)
{
    sv_flight_t *flight = work->call->state;

    sv_erp_ask_command(&flight->erp_command, work->call->arena, flight->erp_code,
                       work->call->settings->erp_lookup_timeout);
    sv_http_redis(work, (sv_redis_command_t *const[]){ &flight->erp_command }, 1, sv_flight_read_erp,
                  sv_flight_erp_told);
}

static void
sv_flight_erp_told(sv_request_t *work)
{
    sv_flight_t *flight = work->call->state;

    if (flight->erp_answer == SV_ERP_WAITING && (ngx_msec_int_t) (flight->erp_until - ngx_current_msec) > 0) {
        sv_http_pause(work, SV_ERP_ASK_AGAIN_MS, sv_flight_ask_erp);
    } else if (sv_lookup_erp_answered(&flight->found, flight->erp_answer, flight->erp_item)) {
        sv_flight_ask(work, sv_flight_over);
    } else {
        sv_flight_over(work);
    }
}

static void
sv_flight_asked(sv_request_t *work)
{
    sv_call_t *call = work->call;
    sv_flight_t *flight = call->state;

    flight->erp_code = call->error.status == SV_OK ? sv_lookup_erp_code(&flight->lookup, &flight->found) : NULL;
    if (flight->erp_code == NULL) {
        sv_flight_over(work);
        return;
    }
    flight->erp_until = ngx_current_msec + (ngx_msec_t) call->settings->erp_lookup_timeout;
    sv_flight_ask_erp(work);
}

static sv_flight_t *
sv_flight_begin(sv_lookup_flights_t *flights, ngx_queue_t *bucket, const char *name, const sv_lookup_t *lookup,
                const sv_lookup_found_t *found)
{
    sv_request_t *work = sv_http_work_begin(flights->process);
    sv_arena_t *arena = work->call->arena;
    sv_flight_t *flight = sv_arena_zalloc(arena, sizeof(*flight));

    flight->work = work;
    flight->name = sv_arena_strdup(arena, name);
    flight->lookup = *lookup;
    for (size_t i = 0; i < lookup->key_count; i++) {
        flight->lookup.keys[i] = sv_arena_strdup(arena, lookup->keys[i]);
    }
    flight->lookup.own_warehouse = sv_flight_text(lookup->own_warehouse, arena);
    flight->lookup.warehouse = sv_flight_text(lookup->warehouse, arena);
    flight->lookup.scan.item = sv_flight_text(lookup->scan.item, arena);
    flight->found.generation = sv_flight_text(found->generation, arena);
    flight->found.erp = found->erp;
    flight->found.blind = found->blind;
    flight->found.blind_known = found->blind_known;
    ngx_queue_init(&flight->waiting);
    ngx_queue_insert_tail(bucket, &flight->queue);
    work->call->state = flight;
    return flight;
}

void
sv_http_lookup(sv_request_t *req, const sv_lookup_t *lookup, sv_lookup_found_t *found, sv_next_pt next)
{
    sv_lookup_flights_t *flights = sv_http_process(req)->lookups;
    const char *name = sv_lookup_name(lookup, found->generation, req->call->arena);
    ngx_queue_t *bucket = sv_flight_bucket(flights, name);
    sv_flight_t *flight = sv_flight_find(bucket, name);
    sv_passenger_t *passenger = sv_arena_zalloc(req->call->arena, sizeof(*passenger));
    bool begins = flight == NULL;

    if (begins) {
        flight = sv_flight_begin(flights, bucket, name, lookup, found);
    }
    passenger->req = req;
    passenger->found = found;
    passenger->next = next;
    ngx_queue_insert_tail(&flight->waiting, &passenger->queue);
    sv_http_hold(req);
    if (begins) {
        sv_flight_ask(flight->work, sv_flight_asked);
    }
}
