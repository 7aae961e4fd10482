#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

/* $stockverify_user, _role, _route, _request_id and _error, for the access log. */

typedef const char *(*sv_variable_pt)(const sv_request_state_t *state);

static const char *
sv_variable_user(const sv_request_state_t *state)
{
    return state->call.principal.user_id; /* a heartbeat knows no more of the user */
}

static const char *
sv_variable_role(const sv_request_state_t *state)
{
    return state->call.principal.role == SV_ROLE_ANYONE ? NULL : sv_role_name(state->call.principal.role);
}

static const char *
sv_variable_route(const sv_request_state_t *state)
{
    return state->entry == NULL ? NULL : state->entry->route->id;
}

static const char *
sv_variable_request_id(const sv_request_state_t *state)
{
    return state->call.principal.request_id;
}

static const char *
sv_variable_error(const sv_request_state_t *state)
{
    return state->answer_status == SV_OK ? NULL : sv_status_code(state->answer_status);
}

static const struct {
    ngx_str_t name;
    sv_variable_pt read;
} sv_variables[] = {
    { ngx_string("stockverify_user"), sv_variable_user },
    { ngx_string("stockverify_role"), sv_variable_role },
    { ngx_string("stockverify_route"), sv_variable_route },
    { ngx_string("stockverify_request_id"), sv_variable_request_id },
    { ngx_string("stockverify_error"), sv_variable_error },
};

static ngx_int_t
sv_variable_get(ngx_http_request_t *r, ngx_http_variable_value_t *value, uintptr_t data)
{
    const sv_context_t *context = sv_context(r);
    const char *text = NULL;
    size_t length;

    if (context != NULL && context->state != NULL) {
        text = sv_variables[data].read(context->state);
    }
    if (text == NULL) {
        value->not_found = 1;
        return NGX_OK;
    }
    length = strlen(text);
    value->data = ngx_pnalloc(r->pool, length); /* outlives the state's arena, whoever keeps it */
    if (value->data == NULL) {
        return NGX_ERROR;
    }
    ngx_memcpy(value->data, text, length);
    value->len = (unsigned) length;
    value->valid = 1;
    value->no_cacheable = 1;
    value->not_found = 0;
    return NGX_OK;
}

ngx_int_t
sv_add_variables(ngx_conf_t *cf)
{
    for (size_t i = 0; i < sizeof(sv_variables) / sizeof(sv_variables[0]); i++) {
        ngx_str_t name = sv_variables[i].name;
        ngx_http_variable_t *variable = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);

        if (variable == NULL) {
            return NGX_ERROR;
        }
        variable->get_handler = sv_variable_get;
        variable->data = i;
    }
    return NGX_OK;
}
