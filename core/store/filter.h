#ifndef SV_FILTER_H
#define SV_FILTER_H

#include <bson/bson.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

/* {_id: the document's}: what finds it again at the least cost. */
bson_t *sv_filter_same(const bson_t *document, sv_arena_t *arena);

/* Appends {field: {$in: values}} to a filter. */
void sv_filter_in(bson_t *filter, const char *field, const char *const *values, size_t count);

/* Appends that one of the fields (NULL-terminated) contains the text, whatever the case of its letters.  Nothing for NULL. */
void sv_filter_contains(bson_t *filter, const char *const *fields, const char *text);

/* Appends {field: {$gte: from, $lt: to}} of dates; 0: open on that side, nothing when both are. */
void sv_filter_span(bson_t *filter, const char *field, int64_t from_ms, int64_t to_ms);

/*
 * Appends conditions that narrow what the other fields of the filter find by an index: {$and: [{$or: [rest]}]}, the
 * same to MongoDB as `rest` itself.  The development server looks no index up for a filter with two fields or more
 * unless they are the first ones of an index; for what is left when these are apart it does.  Not to be appended twice
 * to the same document.
 */
void sv_filter_rest(bson_t *filter, const bson_t *rest);

/*
 * Appends that the date `since` ("$held_at") plus a length lies behind MongoDB's clock (past), or ahead of it or on it
 * (to come).  The length is a field ("$hold_ms"; NULL: none) plus a constant, both in ms.  No clock but MongoDB's
 * decides what is past.
 *
 * The condition stands under "$and": the development server looks no index up for the other fields of a filter that
 * has "$expr" or "$or" beside them.  Not to be appended twice to the same document.
 */
void sv_filter_past(bson_t *filter, const char *since, const char *length_field, int64_t length_ms);
void sv_filter_to_come(bson_t *filter, const char *since, const char *length_field, int64_t length_ms);

#endif
