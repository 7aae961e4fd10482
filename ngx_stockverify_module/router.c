#include "ngx_stockverify_module/router.h"

#include "core/base/text.h"
#include "core/base/text_gate.h"

enum { SV_PATH_MAX_SEGMENTS = 12, SV_PATH_NAME_MAX = 1024 };

typedef struct sv_route_node_s sv_route_node_t;

/* One segment of the tree: children in a list, because a level has a dozen words at most. */
struct sv_route_node_s {
    const char *word; /* NULL: a {name} */
    size_t length;
    sv_route_node_t *next;
    sv_route_node_t *literals;
    sv_route_node_t *name;
    sv_route_entry_t *entries[8]; /* one a method that ends here */
    size_t entry_count;
};

struct sv_router_s {
    sv_route_node_t root;
    sv_route_entry_t *entries;
};

typedef struct {
    const char *text;
    size_t length;
} sv_segment_t;

typedef struct {
    sv_segment_t segments[SV_PATH_MAX_SEGMENTS];
    size_t count;
    unsigned method;
    unsigned allowed;
    const char *names[SV_PATH_MAX_SEGMENTS];
    size_t name_count;
    const sv_route_entry_t *entry;
} sv_path_t;

static sv_route_node_t *
sv_node_child(sv_route_node_t *node, const char *word, size_t length, sv_arena_t *arena)
{
    sv_route_node_t **link = word[0] == '{' ? &node->name : &node->literals;

    while (*link != NULL && word[0] != '{' && ((*link)->length != length || memcmp((*link)->word, word, length) != 0)) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        *link = sv_arena_zalloc(arena, sizeof(**link));
        if (word[0] != '{') {
            (*link)->word = word;
            (*link)->length = length;
        }
    }
    return *link;
}

static const char **
sv_split_query_names(const char *query, sv_arena_t *arena, size_t *count)
{
    const char **names = sv_arena_zalloc(arena, (SV_CALL_MAX_QUERY + 1) * sizeof(*names));

    *count = 0;
    for (size_t length; *query != '\0'; query += length) {
        query += strspn(query, " ");
        length = strcspn(query, " ");
        if (length > 0 && (*count)++ < SV_CALL_MAX_QUERY) {
            names[*count - 1] = sv_arena_strndup(arena, query, length);
        }
    }
    return names;
}

static sv_status_t
sv_router_add(sv_router_t *router, size_t index, sv_arena_t *arena, sv_error_t *error)
{
    const sv_route_t *route = &sv_routes[index];
    sv_route_entry_t *entry = &router->entries[index];
    sv_route_node_t *node = &router->root;
    size_t query_count, segments = 0;
    const char *word = route->path;

    entry->route = route;
    entry->index = index;
    entry->code_param = -1;
    entry->query_names = sv_split_query_names(route->query, arena, &query_count);
    while (*word == '/') {
        size_t length = strcspn(++word, "/");

        node = sv_node_child(node, word, length, arena);
        entry->param_count += word[0] == '{';
        segments++;
        word += length;
    }
    if (entry->param_count > SV_CALL_MAX_PARAMS || query_count >= SV_CALL_MAX_QUERY ||
        segments > SV_PATH_MAX_SEGMENTS) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "route %s has too many names, parameters or segments",
                       route->id);
    }
    for (size_t i = 0; i < node->entry_count; i++) {
        if (node->entries[i]->route->method == route->method) {
            return sv_fail(error, SV_ERR_VALIDATION_FAILED, "routes %s and %s have one method and path",
                           node->entries[i]->route->id, route->id);
        }
    }
    if (node->entry_count == sizeof(node->entries) / sizeof(node->entries[0])) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "too many methods on %s", route->path);
    }
    node->entries[node->entry_count++] = entry;
    return SV_OK;
}

/* The number of the last {name} of `path` where `other` has a literal though it otherwise matches
 * the same requests; -1 when they cannot meet. */
static int
sv_route_clash(const char *path, const char *other)
{
    int name = -1, clash = -1;

    while (*path == '/' && *other == '/') {
        size_t length = strcspn(++path, "/"), other_length = strcspn(++other, "/");

        if (*path == '{') {
            name++;
            if (*other != '{') {
                clash = name;
            }
        } else if (*other == '{' || length != other_length || memcmp(path, other, length) != 0) {
            return -1;
        }
        path += length;
        other += other_length;
    }
    return *path == '\0' && *other == '\0' ? clash : -1;
}

static void
sv_router_find_clashes(sv_router_t *router)
{
    for (size_t i = 0; i < sv_route_count; i++) {
        for (size_t j = 0; j < sv_route_count; j++) {
            if (i != j && sv_routes[i].method == sv_routes[j].method) {
                int clash = sv_route_clash(sv_routes[i].path, sv_routes[j].path);

                if (clash > router->entries[i].code_param) {
                    router->entries[i].code_param = clash;
                }
            }
        }
    }
}

sv_router_t *
sv_router_create(sv_arena_t *arena, sv_error_t *error)
{
    sv_router_t *router = sv_arena_zalloc(arena, sizeof(*router));

    router->entries = sv_arena_zalloc(arena, sv_route_count * sizeof(*router->entries));
    for (size_t i = 0; i < sv_route_count; i++) {
        if (sv_router_add(router, i, arena, error) != SV_OK) {
            return NULL;
        }
    }
    sv_router_find_clashes(router);
    return router;
}

/* A "." or ".." between slashes: nginx chose the location by a path in which these were
 * resolved, so they could lead a request past another location's limits. */
static bool
sv_has_dot_segment(const char *text)
{
    for (;;) {
        size_t length = strcspn(text, "/");

        if ((length == 1 && text[0] == '.') || (length == 2 && text[0] == '.' && text[1] == '.')) {
            return true;
        }
        if (text[length] == '\0') {
            return false;
        }
        text += length + 1;
    }
}

static sv_status_t
sv_path_split(ngx_str_t raw, sv_path_t *path, sv_call_t *call)
{
    const char *at = (const char *) raw.data, *end = at + raw.len;

    while (at < end && *at == '/') {
        const char *begin = at + 1, *slash = memchr(begin, '/', (size_t) (end - begin));
        size_t length = (size_t) ((slash == NULL ? end : slash) - begin);
        char *decoded;
        long decoded_length;

        if (path->count == SV_PATH_MAX_SEGMENTS) {
            path->count++; /* no route is so long */
            return SV_OK;
        }
        decoded = sv_arena_alloc(call->arena, length + 1);
        decoded_length = sv_percent_decode(begin, length, false, decoded);
        if (decoded_length < 0) {
            return sv_fail(&call->error, SV_ERR_BAD_REQUEST, "The path has a bad escape, a NUL or invalid UTF-8");
        }
        if (sv_has_dot_segment(decoded)) {
            return sv_fail(&call->error, SV_ERR_BAD_REQUEST, "The path has a \".\" or \"..\" segment");
        }
        path->segments[path->count++] = (sv_segment_t){ decoded, (size_t) decoded_length };
        at = begin + length;
    }
    return SV_OK;
}

static bool
sv_node_end(const sv_route_node_t *node, sv_path_t *path)
{
    for (size_t i = 0; i < node->entry_count; i++) {
        unsigned method = node->entries[i]->route->method;

        path->allowed |= method;
        if (method == path->method) {
            path->entry = node->entries[i];
            return true;
        }
    }
    return false;
}

/* Literals first; a branch that does not lead to a route of this method is left again. */
static bool
sv_node_match(const sv_route_node_t *node, size_t depth, sv_path_t *path)
{
    const sv_segment_t *segment = &path->segments[depth];

    if (depth == path->count) {
        return sv_node_end(node, path);
    }
    for (const sv_route_node_t *child = node->literals; child != NULL; child = child->next) {
        if (child->length == segment->length && memcmp(child->word, segment->text, segment->length) == 0) {
            if (sv_node_match(child, depth + 1, path)) {
                return true;
            }
            break;
        }
    }
    if (node->name == NULL || segment->length == 0) {
        return false;
    }
    path->names[path->name_count++] = segment->text;
    if (sv_node_match(node->name, depth + 1, path)) {
        return true;
    }
    path->name_count--;
    return false;
}

sv_status_t
sv_router_match(const sv_router_t *router, ngx_str_t raw, unsigned method, sv_call_t *call, sv_route_match_t *match)
{
    sv_path_t path;

    path.count = 0;
    path.name_count = 0;
    path.allowed = 0;
    path.entry = NULL;
    path.method = method == NGX_HTTP_HEAD ? NGX_HTTP_GET : method;
    match->entry = NULL;
    match->allowed = 0;
    if (sv_path_split(raw, &path, call) != SV_OK) {
        return call->error.status;
    }
    if (path.count > SV_PATH_MAX_SEGMENTS) {
        return SV_OK;
    }
    sv_node_match(&router->root, 0, &path);
    match->entry = path.entry;
    match->allowed = path.allowed;
    if (path.entry != NULL) {
        for (size_t i = 0; i < path.name_count; i++) {
            const char *clean = sv_text_pass(SV_TEXT_CODE, path.names[i], SV_PATH_NAME_MAX, call->arena);

            call->params[i] = clean != NULL ? clean : path.names[i]; /* names nothing that there is */
        }
    }
    return SV_OK;
}
