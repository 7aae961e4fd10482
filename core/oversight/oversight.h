#ifndef SV_OVERSIGHT_H
#define SV_OVERSIGHT_H

#include "core/base/json_writer.h"
#include "core/store/page.h"

/*
 * What supervisors watch: figures, people, what was done of late, and what looks wrong.  `warehouse` NULL: of all. Each
 * writes one JSON value under `name`; on any thread that owns `store`.
 */

/* Racks by state, counts, people and sessions at work, what waits for a decision, the records of today (of the
 * warehouse's zone) and of each of the last 24 hours. */
sv_status_t sv_oversight_kpis_write(sv_store_t *store, const char *warehouse, sv_json_writer_t *w, const char *name,
                                    sv_error_t *error);

/* Who has racks now, by name, with their floor sessions. */
sv_status_t sv_oversight_people_write(sv_store_t *store, const char *warehouse, sv_json_writer_t *w, const char *name,
                                      sv_error_t *error);

/* A page's members into an object that is open: what was done to racks and counts, newest first. */
sv_status_t sv_oversight_activity_write(sv_store_t *store, const char *warehouse, sv_page_t *page, sv_json_writer_t *w,
                                        sv_error_t *error);

/* An array of what the rules of core/oversight/alerts.c found. */
sv_status_t sv_oversight_alerts_write(sv_store_t *store, const char *warehouse, sv_json_writer_t *w, const char *name,
                                      sv_error_t *error);

#endif
