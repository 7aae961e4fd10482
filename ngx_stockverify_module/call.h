#ifndef SV_CALL_H
#define SV_CALL_H

#include "core/auth/auth_keys.h"
#include "core/auth/principal.h"
#include "core/auth/refresh_cookie.h"
#include "core/base/error.h"
#include "core/base/json_reader.h"
#include "core/base/json_writer.h"
#include "core/redis/command.h"
#include "core/settings/settings.h"
#include "core/store/page.h"
#include "core/store/store.h"

/*
 * One API call as the domain side of a handler sees it: plain C data, no
 * nginx type, so a step may run on a pool thread.  The event loop fills the
 * inputs before the first step and reads the outputs after the last; while a
 * step runs on a thread, the call belongs to that thread.
 *
 * Everything a step allocates comes from `arena`, which is freed after the
 * answer is sent, or, when the client is gone, after the thread is done.
 */
enum { SV_CALL_MAX_PARAMS = 3, SV_CALL_MAX_QUERY = 24, SV_CALL_PLACE_MAX = 128 };

typedef struct {
    const char  *name;
    const char  *value;          /* percent-decoded, valid UTF-8 */
} sv_query_parameter_t;

/* A file as an answer, served with Range, If-Range, HEAD and conditional requests. */
typedef struct {
    const char  *path;           /* below SPOOL_DIR, or from the root */
    const char  *name;           /* what it is saved as */
    const char  *content_type;
    const char  *etag;           /* with quotes, strong; NULL: none */
    int          fd;             /* opened on the thread, where a shared spool may keep it waiting; closed with the arena */
    int64_t      size;
    int64_t      changed_s;      /* Last-Modified; 0: not told */
    bool         shown;          /* by a browser, as a picture and nothing else, instead of saved */
} sv_call_file_t;

/* A body that stays in the file which nginx read it into; closed with the arena. */
typedef struct {
    int     fd;
    size_t  size;
} sv_call_upload_t;

typedef struct sv_call_s {
    /* inputs */
    const sv_settings_t   *settings;
    const sv_auth_keys_t  *keys;                           /* of tokens and PINs */
    sv_arena_t            *arena;
    sv_principal_t         principal;                      /* role SV_ROLE_ANYONE before and without login */
    const char            *params[SV_CALL_MAX_PARAMS];     /* {names} of the path in order, decoded, behind the text gate */
    sv_query_parameter_t   query[SV_CALL_MAX_QUERY];
    size_t                 query_count;
    const char            *body;                           /* NUL-terminated; NULL without a body */
    size_t                 body_length;
    size_t                 body_limit;                     /* of the route, for what is unpacked too */
    bool                   body_packed;                    /* gzip: unpacked where it is read as JSON, on that thread */
    bool                   body_optional;                  /* of the route: an absent body reads as {} */
    const sv_call_upload_t *upload;                        /* SV_BODY_FILE: the body; NULL without one */
    const char            *if_none_match;                  /* request header or NULL */
    const sv_console_t    *console;                        /* the console's page asks; NULL: another client */
    int                    wait_s;                         /* of "Prefer: wait=N", 30 at most; 0: none */

    /* on a thread of the database pool: its client; elsewhere NULL */
    sv_store_t            *store;

    /* outputs */
    sv_error_t             error;                          /* SV_OK: `data` is the answer */
    sv_json_writer_t       json;                           /* writes `data`, one complete JSON value */
    sv_buffer_t            data;
    const char            *message;                        /* the envelope's; NULL: "OK" */
    bool                   tells_message;                  /* `data` has a member "message": the flat envelope has that one */
    int                    success_status;                 /* 200 unless set: 201, 202 */
    const char            *etag;                           /* with quotes; a match gives 304 */
    const char            *location;
    const char            *set_cookie;                     /* with an error too */
    int                    retry_after_s;                  /* with a success: when to ask again; 0: not told */
    const sv_call_file_t  *file;                           /* the answer is this file instead of `data` */
    const char            *head_members;                   /* complete JSON members, a comma behind, before `success`; or NULL */
    bool                   data_with_error;                /* an error keeps its `data` */
    const bson_t          *job;                            /* what was asked for is made by this job (api/job_answer.h) */
    /* Redis commands to run after the last thread step and before the answer, in one pipeline, also when the
     * client has gone; their failure is logged and changes nothing: lease clean-up, publishing. */
    sv_redis_command_t   **effects;                        /* in the arena; added to by sv_call_effect() */
    size_t                 effect_count, effect_capacity;

    void                  *state;                          /* the handler's own, in the arena */
    struct sv_job_wait_s  *job_wait;                       /* api/job_answer.c's own */
} sv_call_t;

/* A piece of work on a call; failure is told through call->error. */
typedef void (*sv_call_step_t)(sv_call_t *call);

/* Whether the client has what `etag` (with quotes) stands for, by its If-None-Match. */
bool sv_call_etag_matches(const sv_call_t *call, const char *etag);

/* The value of a query parameter, NULL when it was not sent.  (Names the route does not
 * list were refused before.) */
const char *sv_call_query(const sv_call_t *call, const char *name);
/* Typed; false and an error detail (parameter_invalid, 400) when present and wrong. */
bool sv_call_query_int(sv_call_t *call, const char *name, int64_t min, int64_t max, int64_t absent, int64_t *value);
bool sv_call_query_time(sv_call_t *call, const char *name, int64_t *ms);          /* 0 when absent */
/* from, to and tz: times, or dates that mean whole days of the zone, else of the warehouse (NULL: none), else of TIME_ZONE;
 * 0 when absent.  422 where nothing lies between them.  On a database thread. */
bool sv_call_query_range(sv_call_t *call, const char *warehouse, int64_t *from_ms, int64_t *to_ms);
bool sv_call_query_choice(sv_call_t *call, const char *name, const char *const *words, int *index);  /* -1 when absent */
/* A code or an id, behind the text gate. */
bool sv_call_query_identifier(sv_call_t *call, const char *name, size_t max_characters, const char **value);
bool sv_call_query_place(sv_call_t *call, const char *name, const char **value); /* a warehouse, floor or zone */
/* The warehouse that was asked for (NULL: none), else the caller's own, else NULL. */
const char *sv_call_warehouse(const sv_call_t *call, const char *asked);
/* Answers 400 for a parameter that the caller found wrong; false. */
bool sv_call_wrong_parameter(sv_call_t *call, const char *name, const char *code, const char *sentence);
/* limit and cursor of a paged list, into page->limit and page->cursor. */
bool sv_call_query_page(sv_call_t *call, sv_page_t *page);
/* The same of a list that people sort: `sort` is one of `fields` (NULL-terminated), with a "-" before it from the last;
 * `absent` without it.  `list` names the list, whose cursors are good for the sort they were made with. */
bool sv_call_query_sorted_page(sv_call_t *call, const char *list, const char *const *fields, const char *absent,
                               sv_page_t *page);

/* `body` is NUL-terminated and lives as long as the call.  The byte order mark that some programs begin with is no part of
 * it. */
void sv_call_set_body(sv_call_t *call, const char *body, size_t length);
/* The body as an object.  An absent or empty body counts as {} when the route has SV_BODY_OPTIONAL.
 * NULL and an error otherwise. */
const json_t *sv_call_body(sv_call_t *call);
/* The same; texts within the member `loose` may be none, and their reader refuses them (core/base/json_parser.h). */
const json_t *sv_call_body_loosely(sv_call_t *call, const char *loose);
/* The same of a file, which may have many more values. */
const json_t *sv_call_body_of_many(sv_call_t *call, const char *loose);
/* The same; a bare array is taken for the member `list` of an object. */
const json_t *sv_call_body_list_loosely(sv_call_t *call, const char *list, const char *loose);

/* A fresh effect, to be filled with sv_redis_command() or by a domain function. */
sv_redis_command_t *sv_call_effect(sv_call_t *call);

#endif
