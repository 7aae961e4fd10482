#ifndef SV_LEFT_SESSIONS_H
#define SV_LEFT_SESSIONS_H

#include <bson/bson.h>
#include <stdbool.h>

/*
 * Sessions on the server that nobody goes on with, of a process that died or of a connection that broke: a transaction
 * of one keeps the documents it changed from everybody until the server's time limit, a minute.  They are written
 * down and ended by whoever comes next.
 * One list belongs to a pool of clients; every function may be called on any thread.
 */
typedef struct sv_left_sessions_s  sv_left_sessions_t;

enum { SV_SESSION_ID_BYTES = 16 };

typedef uint8_t  sv_session_note_t[SV_SESSION_ID_BYTES];       /* all zero: none */

/* NULL when out of memory. */
sv_left_sessions_t *sv_left_sessions_create(void);
void                sv_left_sessions_destroy(sv_left_sessions_t *left);

/* Notes the sessions in use in `notes`, which outlives the process (shared memory), and takes over what a process that
 * died has left noted there.  Call before the pool is used; `notes` must live as long as the list. */
void sv_left_sessions_keep_notes(sv_left_sessions_t *left, sv_session_note_t *notes, size_t count);

/* The session that client `number` runs its transactions in from now on; NULL: none. */
void sv_left_sessions_note(sv_left_sessions_t *left, size_t number, const bson_t *session_id);

/* Its connection broke: it is to be ended. */
void sv_left_sessions_add(sv_left_sessions_t *left, const bson_t *session_id);

/* Takes one that is to be ended off the list; false: there is none. */
bool sv_left_sessions_take(sv_left_sessions_t *left, sv_session_note_t id);
/* It could not be ended. */
void sv_left_sessions_put_back(sv_left_sessions_t *left, const sv_session_note_t id);

#endif
