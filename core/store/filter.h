#ifndef SV_FILTER_H
#define SV_FILTER_H

#include <bson/bson.h>
#include <stddef.h>

/* Appends {field: {$in: values}} to a filter. */
void sv_filter_in(bson_t *filter, const char *field, const char *const *values, size_t count);

#endif
