#include "core/base/codec.h"
#include "ngx_stockverify_module/headers.h"
#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

enum { SV_REQUEST_ID_MAX = 64, SV_REQUEST_ID_LENGTH = 32 };

static bool
sv_request_id_sane(const ngx_str_t *id)
{
    if (id->len == 0 || id->len > SV_REQUEST_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < id->len; i++) {
        u_char c = id->data[i], lower = c | 0x20;

        if (!((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.')) {
            return false;
        }
    }
    return true;
}

/* The client's own when it is harmless in logs and headers, else a new one: names a request, proves nothing. */
ngx_str_t
sv_request_id(ngx_http_request_t *r, sv_process_t *process)
{
    ngx_str_t id = sv_header_find(r, "x-request-id");
    uint64_t number;

    if (id.data != NULL && sv_request_id_sane(&id)) {
        return id;
    }
    id.data = ngx_pnalloc(r->pool, SV_REQUEST_ID_LENGTH + 1);
    if (id.data == NULL) {
        return (ngx_str_t) ngx_null_string;
    }
    number = process->id_counter++;
    sv_hex_encode(process->id_prefix, sizeof(process->id_prefix), (char *) id.data);
    sv_hex_encode((uint8_t *) &number, sizeof(number), (char *) id.data + 2 * sizeof(process->id_prefix));
    id.len = SV_REQUEST_ID_LENGTH;
    return id;
}
