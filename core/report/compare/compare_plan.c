#include <string.h>

#include "core/base/quantity.h"
#include "core/report/compare/compare.h"

/* ---- what is asked for */

enum { SV_COMPARE_NAME_MAX = 128 };

static void
sv_tolerances_read(const sv_json_fields_t *fields, const json_t *object, sv_arena_t *arena,
                   sv_compare_options_t *options)
{
    sv_json_fields_t members = { object, sv_json_field_path(fields, "tolerance"), fields->error };
    sv_compare_tolerance_t *list;
    const char *name;
    json_t *member;

    if (json_object_size(object) > SV_COMPARE_MAX_COLUMNS) {
        sv_fail_field(fields->error, members.path, "too_long", "tolerance must name at most %d fields",
                      SV_COMPARE_MAX_COLUMNS);
        return;
    }
    list = sv_arena_zalloc(arena, (json_object_size(object) + 1) * sizeof(list[0]));
    json_object_foreach((json_t *) (uintptr_t) object, name, member)
    {
        if (sv_json_get_quantity(&members, name, SV_REQUIRED, false, &list[options->tolerance_count].tolerance)) {
            list[options->tolerance_count++].name = name;
        }
    }
    options->tolerances = list;
}

bool
sv_compare_options_read(const sv_json_fields_t *fields, sv_arena_t *arena, sv_compare_options_t *options)
{
    const json_t *tolerance = json_object_get(fields->object, "tolerance");

    memset(options, 0, sizeof(*options));
    if (sv_json_get_identifiers(fields, "key_fields", SV_OPTIONAL, SV_COMPARE_MAX_COLUMNS, SV_COMPARE_NAME_MAX, arena,
                                &options->key_fields, &options->key_count) &&
        options->key_count == 0) {
        sv_fail_field(fields->error, sv_json_field_path(fields, "key_fields"), "too_short",
                      "must name at least one field, or be left out");
    }
    if (sv_json_get_identifiers(fields, "compare_fields", SV_OPTIONAL, SV_COMPARE_MAX_COLUMNS, SV_COMPARE_NAME_MAX,
                                arena, &options->compare_fields, &options->compare_count) &&
        options->compare_count == 0) {
        sv_fail_field(fields->error, sv_json_field_path(fields, "compare_fields"), "too_short",
                      "must name at least one field, or be left out");
    }
    if (json_is_object(tolerance)) {
        sv_tolerances_read(fields, tolerance, arena, options);
    } else {
        sv_json_get_quantity(fields, "tolerance", SV_OPTIONAL, false, &options->tolerance);
    }
    sv_json_get_bool(fields, "include_unchanged", SV_OPTIONAL, &options->include_unchanged);
    return fields->error->status == SV_OK;
}

/* ---- the plan */

typedef struct {
    const sv_compare_options_t *options;
    sv_arena_t *arena;
    sv_error_t *error;
    sv_compare_plan_t *plan;
    size_t *keys[2];
    sv_compare_field_t *fields;
    sv_column_t *columns;
} sv_planning_t;

static const sv_column_t *
sv_side_column(const sv_compare_side_t *side, const char *name, size_t *place)
{
    for (size_t i = 0; i < side->count; i++) {
        if (strcmp(side->columns[i].name, name) == 0) {
            *place = i;
            return &side->columns[i];
        }
    }
    return NULL;
}

/* Where both tables have a column; says at `path` why not. */
static bool
sv_plan_find(sv_planning_t *planning, const char *path, const char *name, size_t places[2])
{
    static const char *const sides[] = { "baseline", "comparison" };
    const sv_column_t *found[2];

    for (int i = 0; i < 2; i++) {
        found[i] = sv_side_column(&planning->plan->sides[i], name, &places[i]);
        if (found[i] == NULL) {
            sv_fail_field(planning->error, path, "unknown", "the %s has no column %s", sides[i], name);
            return false;
        }
    }
    if (found[0]->type != found[1]->type) {
        sv_fail_field(planning->error, path, "wrong_type", "%s is not of the same type in both", name);
        return false;
    }
    return true;
}

static bool
sv_plan_has_key(const sv_compare_plan_t *plan, size_t baseline)
{
    for (size_t i = 0; i < plan->keys[SV_BASELINE].count; i++) {
        if (plan->keys[SV_BASELINE].columns[i] == baseline) {
            return true;
        }
    }
    return false;
}

static bool
sv_plan_has_field(const sv_compare_plan_t *plan, size_t baseline)
{
    for (size_t i = 0; i < plan->field_count; i++) {
        if (plan->fields[i].baseline == baseline) {
            return true;
        }
    }
    return false;
}

static void
sv_plan_add_key(sv_planning_t *planning, const char *path, const char *name)
{
    sv_compare_plan_t *plan = planning->plan;
    size_t places[2];

    if (!sv_plan_find(planning, path, name, places)) {
        return;
    }
    if (sv_plan_has_key(plan, places[SV_BASELINE])) {
        sv_fail_field(planning->error, path, "duplicate", "%s is named twice", name);
        return;
    }
    for (int i = 0; i < 2; i++) {
        planning->keys[i][plan->keys[i].count++] = places[i];
    }
}

static size_t
sv_side_key_count(const sv_compare_side_t *side)
{
    size_t count = 0;

    for (size_t i = 0; i < side->count; i++) {
        count += side->columns[i].key;
    }
    return count;
}

/* Without key_fields: the key of both, which must be the same. */
static void
sv_plan_own_keys(sv_planning_t *planning)
{
    const sv_compare_side_t *sides = planning->plan->sides;
    size_t count = sv_side_key_count(&sides[SV_BASELINE]), place;

    for (size_t i = 0; i < sides[SV_BASELINE].count; i++) {
        const sv_column_t *column = &sides[SV_BASELINE].columns[i];
        const sv_column_t *other;

        if (!column->key) {
            continue;
        }
        other = sv_side_column(&sides[SV_COMPARISON], column->name, &place);
        if (other == NULL || !other->key) {
            count = 0;
            break;
        }
        sv_plan_add_key(planning, "key_fields", column->name);
    }
    if (count == 0 || count != sv_side_key_count(&sides[SV_COMPARISON])) {
        sv_fail_field(planning->error, "key_fields", "required",
                      "the two are not keyed alike: name the fields that tell their rows apart");
    }
}

static void
sv_plan_keys(sv_planning_t *planning)
{
    const sv_compare_options_t *options = planning->options;

    if (options->key_count == 0) {
        sv_plan_own_keys(planning);
    }
    for (size_t i = 0; i < options->key_count; i++) {
        sv_plan_add_key(planning, sv_arena_printf(planning->arena, "key_fields[%zu]", i), options->key_fields[i]);
    }
}

static int64_t
sv_plan_tolerance(const sv_compare_options_t *options, const char *name)
{
    for (size_t i = 0; i < options->tolerance_count; i++) {
        if (strcmp(options->tolerances[i].name, name) == 0) {
            return options->tolerances[i].tolerance;
        }
    }
    return options->tolerance;
}

static void
sv_plan_add_field(sv_planning_t *planning, const size_t places[2])
{
    sv_compare_plan_t *plan = planning->plan;
    const sv_column_t *column = &plan->sides[SV_BASELINE].columns[places[SV_BASELINE]];

    planning->fields[plan->field_count++] = (sv_compare_field_t){
        .column = column,
        .baseline = places[SV_BASELINE],
        .comparison = places[SV_COMPARISON],
        .number = sv_column_is_number(column),
        .tolerance = sv_column_is_number(column) ? sv_plan_tolerance(planning->options, column->name) : 0,
        .millionths = sv_column_is_number(column) ? SV_QUANTITY_ONE / sv_column_unit(column) : 0,
    };
}

static void
sv_plan_named_field(sv_planning_t *planning, const char *path, const char *name)
{
    size_t places[2];

    if (!sv_plan_find(planning, path, name, places)) {
        return;
    }
    if (sv_plan_has_key(planning->plan, places[SV_BASELINE])) {
        sv_fail_field(planning->error, path, "not_allowed", "%s is part of the key", name);
    } else if (sv_plan_has_field(planning->plan, places[SV_BASELINE])) {
        sv_fail_field(planning->error, path, "duplicate", "%s is named twice", name);
    } else {
        sv_plan_add_field(planning, places);
    }
}

static void
sv_plan_common_fields(sv_planning_t *planning)
{
    const sv_compare_side_t *sides = planning->plan->sides;

    for (size_t i = 0; i < sides[SV_BASELINE].count; i++) {
        const sv_column_t *column = &sides[SV_BASELINE].columns[i];
        size_t places[2] = { i, 0 };
        const sv_column_t *other = sv_side_column(&sides[SV_COMPARISON], column->name, &places[SV_COMPARISON]);

        if (other != NULL && other->type == column->type && !sv_plan_has_key(planning->plan, i)) {
            sv_plan_add_field(planning, places);
        }
    }
}

/* A tolerance of what is no compared number would be silently without effect. */
static void
sv_plan_check_tolerances(sv_planning_t *planning)
{
    for (size_t i = 0; i < planning->options->tolerance_count; i++) {
        const char *name = planning->options->tolerances[i].name;
        bool found = false;

        for (size_t k = 0; k < planning->plan->field_count; k++) {
            const sv_column_t *column = planning->fields[k].column;

            found = found || (strcmp(column->name, name) == 0 && sv_column_is_number(column));
        }
        if (!found) {
            sv_fail_field(planning->error, sv_arena_printf(planning->arena, "tolerance.%s", name), "unknown",
                          "%s is no compared number", name);
        }
    }
}

static void
sv_plan_fields(sv_planning_t *planning)
{
    const sv_compare_options_t *options = planning->options;

    if (options->compare_count == 0) {
        sv_plan_common_fields(planning);
    }
    for (size_t i = 0; i < options->compare_count; i++) {
        sv_plan_named_field(planning, sv_arena_printf(planning->arena, "compare_fields[%zu]", i),
                            options->compare_fields[i]);
    }
    sv_plan_check_tolerances(planning);
}

/* ---- the columns of what comes of it */

static const sv_column_t *
sv_plan_add_column(sv_planning_t *planning, sv_column_t column)
{
    sv_column_t *added = &planning->columns[planning->plan->column_count++];

    *added = column;
    return added;
}

static void
sv_plan_field_columns(sv_planning_t *planning, sv_compare_field_t *field)
{
    const sv_column_t *column = field->column;
    sv_arena_t *arena = planning->arena;

    field->before = sv_plan_add_column(planning, (sv_column_t){
                                                     .name = sv_arena_printf(arena, "%s_before", column->name),
                                                     .title = sv_arena_printf(arena, "%s before", column->title),
                                                     .type = column->type,
                                                     .total = column->total,
                                                 });
    field->after = sv_plan_add_column(planning, (sv_column_t){
                                                    .name = sv_arena_printf(arena, "%s_after", column->name),
                                                    .title = sv_arena_printf(arena, "%s after", column->title),
                                                    .type = column->type,
                                                    .total = column->total,
                                                });
    if (!sv_column_is_number(column)) {
        return;
    }
    field->delta = sv_plan_add_column(planning, (sv_column_t){
                                                    .name = sv_arena_printf(arena, "%s_delta", column->name),
                                                    .title = sv_arena_printf(arena, "%s difference", column->title),
                                                    .type = column->type,
                                                    .total = column->total,
                                                });
    field->percent =
        sv_plan_add_column(planning, (sv_column_t){
                                         .name = sv_arena_printf(arena, "%s_percent", column->name),
                                         .title = sv_arena_printf(arena, "%s difference %%", column->title),
                                         .type = SV_COLUMN_RATIO,
                                     });
}

static void
sv_plan_columns(sv_planning_t *planning)
{
    sv_compare_plan_t *plan = planning->plan;

    planning->columns =
        sv_arena_zalloc(planning->arena, (plan->keys[0].count + 2 + 4 * plan->field_count) * sizeof(sv_column_t));
    for (size_t i = 0; i < plan->keys[SV_BASELINE].count; i++) {
        sv_column_t key = plan->sides[SV_BASELINE].columns[plan->keys[SV_BASELINE].columns[i]];

        key.key = true;
        key.total = false;
        sv_plan_add_column(planning, key);
    }
    sv_plan_add_column(planning, (sv_column_t){ .name = "change", .title = "Change", .type = SV_COLUMN_TEXT });
    sv_plan_add_column(planning,
                       (sv_column_t){ .name = "changed_fields", .title = "Changed fields", .type = SV_COLUMN_TEXT });
    for (size_t i = 0; i < plan->field_count; i++) {
        sv_plan_field_columns(planning, &planning->fields[i]);
    }
    plan->columns = planning->columns;
}

static bool
sv_sides_alike(const sv_compare_side_t *a, const sv_compare_side_t *b)
{
    bool alike = a->count == b->count;

    for (size_t i = 0; alike && i < a->count; i++) {
        alike = a->columns[i].type == b->columns[i].type && strcmp(a->columns[i].name, b->columns[i].name) == 0;
    }
    return alike;
}

const sv_compare_plan_t *
sv_compare_plan(const sv_compare_side_t *baseline, const sv_compare_side_t *comparison,
                const sv_compare_options_t *options, sv_arena_t *arena, sv_error_t *error)
{
    sv_planning_t planning = { .options = options, .arena = arena, .error = error };
    sv_compare_plan_t *plan = sv_arena_zalloc(arena, sizeof(*plan));
    size_t most = baseline->count + options->key_count + options->compare_count + 1;

    planning.plan = plan;
    plan->sides[SV_BASELINE] = *baseline;
    plan->sides[SV_COMPARISON] = *comparison;
    plan->include_unchanged = options->include_unchanged;
    plan->alike = sv_sides_alike(baseline, comparison);
    for (int i = 0; i < 2; i++) {
        planning.keys[i] = sv_arena_zalloc(arena, most * sizeof(size_t));
        plan->keys[i].columns = planning.keys[i];
    }
    planning.fields = sv_arena_zalloc(arena, most * sizeof(planning.fields[0]));
    plan->fields = planning.fields;
    sv_plan_keys(&planning);
    if (error->status == SV_OK) {
        sv_plan_fields(&planning);
    }
    if (error->status != SV_OK) {
        return NULL;
    }
    sv_plan_columns(&planning);
    return plan;
}
