#include "ngx_stockverify_module/nginx.h"
#include "ngx_stockverify_module/handlers.h"
#include "ngx_stockverify_module/routes.h"

/* clang-format off */
const sv_route_t sv_routes[] = {
#define SV_ROUTE_DB(id, method, path, role, step, query, flags) \
    { #id, NGX_HTTP_##method, path, SV_ROLE_##role, step, NULL, query, flags },
#define SV_ROUTE_LOOP(id, method, path, role, handler, query, flags) \
    { #id, NGX_HTTP_##method, path, SV_ROLE_##role, NULL, handler, query, flags },
#include "ngx_stockverify_module/routes.def"
#undef SV_ROUTE_DB
#undef SV_ROUTE_LOOP
};
/* clang-format on */

const size_t sv_route_count = sizeof(sv_routes) / sizeof(sv_routes[0]);
