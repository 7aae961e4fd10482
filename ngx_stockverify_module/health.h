#ifndef SV_HEALTH_H
#define SV_HEALTH_H

/* What GET /api/health found out last, and who waits for the check under way (api/health.c). */
typedef struct sv_health_s  sv_health_t;

sv_health_t *sv_health_create(void);                 /* NULL when out of memory */
void         sv_health_destroy(sv_health_t *health); /* NULL is allowed */

#endif
