#ifndef SV_RACK_ADMIN_H
#define SV_RACK_ADMIN_H

#include "core/auth/principal.h"
#include "core/floor/floor.h"
#include "core/store/page.h"

/*
 * Racks as administrators keep them: which there are and where.  Every change is one transaction with its audit entry.
 * While somebody holds a rack it neither moves nor goes: SV_ERR_RACK_LOCKED.  All run on any thread that owns `store`.
 */
enum { SV_RACK_CODE_MAX = 64, SV_RACK_PLACE_MAX = 64, SV_RACK_ESTIMATE_MAX = 1000000 };

/* What a rack is described by; NULL, or without an estimate: stays as it is. */
typedef struct {
    const char *warehouse;
    const char *floor;
    const char *zone; /* empty: none */
    int64_t estimated_items;
    bool has_estimate;
} sv_rack_place_t;

/* A new rack is free and has never been held: appends the fields that say so. */
void sv_rack_put_new(bson_t *fields, bool has_estimate, int64_t now_ms);

/* warehouse and floor are required.  SV_ERR_ALREADY_EXISTS; a rack that was deleted is there again. */
sv_status_t sv_rack_add(sv_store_t *store, const sv_principal_t *who, const char *rack_id, const sv_rack_place_t *place,
                        const bson_t **rack, sv_error_t *error);
sv_status_t sv_rack_describe(sv_store_t *store, const sv_principal_t *who, const char *rack_id,
                             const sv_rack_place_t *place, const bson_t **rack, sv_error_t *error);
/* What was counted on it stays. */
sv_status_t sv_rack_remove(sv_store_t *store, const sv_principal_t *who, const char *rack_id, const bson_t **rack,
                           sv_error_t *error);

typedef struct {
    const char *search; /* in the rack's id; NULL: any */
    const char *warehouse, *floor, *zone, *status;
    bool deleted;   /* those instead of the others */
    sv_page_t page; /* all but its unique_field */
} sv_rack_query_t;

/* What racks are sorted by; the words of their states. */
extern const char *const sv_rack_sorts[];
extern const char *const sv_rack_status_words[];

/* A page's members into an object that is open. */
sv_status_t sv_rack_page_write(sv_store_t *store, sv_rack_query_t *query, sv_json_writer_t *w, sv_error_t *error);

/* One object of it, as MongoDB has the rack; now_ms: MongoDB's clock. */
void sv_rack_admin_write_json(sv_json_writer_t *w, const bson_t *document, int64_t now_ms, sv_arena_t *arena);
sv_status_t sv_rack_admin_write(sv_store_t *store, const char *rack_id, sv_json_writer_t *w, sv_error_t *error);

#endif
