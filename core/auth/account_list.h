#ifndef SV_ACCOUNT_LIST_H
#define SV_ACCOUNT_LIST_H

#include "core/auth/account.h"
#include "core/base/json_writer.h"
#include "core/store/page.h"

/* Accounts as administrators see them; on any thread that owns `store`. */
typedef struct {
    const char *search;    /* in names and ids; NULL: any */
    const char *warehouse; /* NULL: any */
    sv_role_t role;        /* SV_ROLE_ANYONE: any */
    const bool *enabled;   /* NULL: both */
    sv_page_t page;        /* all but its unique_field */
} sv_account_query_t;

/* What accounts are sorted by. */
extern const char *const sv_account_sorts[];

/* A page's members into an object that is open. */
sv_status_t sv_account_page_write(sv_store_t *store, sv_account_query_t *query, sv_json_writer_t *w, sv_arena_t *arena,
                                  sv_error_t *error);

/* Everybody by name, disabled ones too: what a person needs to know of others to say who did what, and who shall do it.
 * With `warehouse` those of it and those of none.  Sets the page's list and order. */
sv_status_t sv_people_page_write(sv_store_t *store, const char *warehouse, sv_page_t *page, sv_json_writer_t *w,
                                 sv_arena_t *arena, sv_error_t *error);

/* An account as administrators see it. */
void sv_account_write_json(sv_json_writer_t *w, const char *name, const sv_account_t *account);

#endif
