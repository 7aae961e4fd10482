#ifndef SV_SERIAL_LIST_H
#define SV_SERIAL_LIST_H

#include "core/base/json_writer.h"
#include "core/serials/serial_states.h"
#include "core/store/store.h"

enum { SV_SERIALS_OF_COUNT_MAX = 50000 };

/* What is known of a sight beside what it is decided by. */
typedef struct {
    const char *client_record_id;
    const char *session_id;
    const char *user_id;
    const char *before_count_id;
    int64_t before_at_ms;
} sv_serial_facts_t;

typedef struct {
    sv_serial_sight_t *sights; /* decided, by item code and serial number */
    sv_serial_facts_t *facts;  /* of the same places */
    size_t count;
} sv_serials_of_count_t;

/*
 * The serial numbers of a count, of one item or of all (`item_code` NULL): those its figures that count carry, and
 * those of its items that were found earlier where the count went and are in it no more.  SV_ERR_NOT_FOUND: no such
 * count; SV_ERR_PARAMETER_INVALID: more than SV_SERIALS_OF_COUNT_MAX, to be asked item by item.
 */
sv_status_t sv_serials_of_count(sv_store_t *store, const char *count_id, const char *item_code,
                                sv_serials_of_count_t *serials, sv_error_t *error);

/* One of them as an element of an array. */
void sv_serial_write_json(sv_json_writer_t *w, const sv_serial_sight_t *sight, const sv_serial_facts_t *facts);

/* The same of several items. */
sv_status_t sv_serials_of_items(sv_store_t *store, const char *count_id, const char *const *codes, size_t code_count,
                                sv_serials_of_count_t *serials, sv_error_t *error);

/* A figure that counts, as who has read it says. */
typedef struct {
    const char *item_code;
    const char *rack_id;
    const bson_t *numbers; /* its array of serial numbers; NULL: none */
} sv_serial_figure_t;

/* The same of the items of these figures, which are all that count of them: their states, without the facts, and
 * numbers that are in the count as its figures spell them. */
sv_status_t sv_serials_of_figures(sv_store_t *store, const char *count_id, const sv_serial_figure_t *figures,
                                  size_t count, sv_serials_of_count_t *serials, sv_error_t *error);

typedef struct {
    const char *count_id;
    const char *item_code; /* NULL: any */
    int state;             /* -1: any */
    bool swapped;          /* only those */
    int64_t limit;
    const char *cursor; /* NULL: the first page */
} sv_serial_query_t;

/* A page of them, with how many are in each state, as one JSON object. */
sv_status_t sv_serials_list(sv_store_t *store, const sv_serial_query_t *query, sv_json_writer_t *w, sv_error_t *error);

#endif
