#include <stdio.h>
#include <string.h>

#include "core/store/indexes.h"
#include "core/warehouse/warehouse.h"
#include "ctl/ctl.h"

static const char *
sv_warehouses_or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static void
sv_warehouses_print(const sv_ctl_t *ctl, const sv_warehouse_t *warehouse)
{
    printf("%-20s %-28s %-8s %-14s %s\n", warehouse->warehouse,
           sv_warehouses_or(warehouse->time_zone, ctl->settings.time_zone), sv_warehouses_or(warehouse->currency, "-"),
           warehouse->rack_books ? "rack books" : "no rack books", sv_warehouses_or(warehouse->name, ""));
}

int
sv_ctl_warehouses_list(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    sv_warehouse_t *warehouses;
    size_t count;

    if (!sv_ctl_options(command, argc, argv, NULL, 0, NULL, 0)) {
        return SV_CTL_USAGE;
    }
    if (sv_ctl_store(ctl) == NULL ||
        sv_warehouses_read(ctl->store, ctl->arena, &warehouses, &count, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    for (size_t i = 0; i < count; i++) {
        sv_warehouses_print(ctl, &warehouses[i]);
    }
    return SV_CTL_DONE;
}

int
sv_ctl_warehouses_set(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    sv_warehouse_change_t change = { 0 };
    const char *code, *rack_books = NULL;
    const sv_ctl_option_t options[] = {
        { "--name", &change.name, NULL },
        { "--time-zone", &change.time_zone, NULL },
        { "--currency", &change.currency, NULL },
        { "--rack-books", &rack_books, NULL },
    };
    sv_index_summary_t summary;
    sv_warehouse_t warehouse;
    bool has_rack_books;

    if (!sv_ctl_options(command, argc, argv, options, sizeof(options) / sizeof(options[0]), &code, 1)) {
        return SV_CTL_USAGE;
    }
    if (rack_books != NULL) {
        has_rack_books = strcmp(rack_books, "yes") == 0;
        if (!has_rack_books && strcmp(rack_books, "no") != 0) {
            return sv_ctl_usage(command, "%s: --rack-books is yes or no", rack_books);
        }
        change.rack_books = &has_rack_books;
    }
    if (sv_ctl_store(ctl) == NULL || sv_indexes_ensure(ctl->store, NULL, NULL, &summary, &ctl->error) != SV_OK ||
        sv_warehouse_set(ctl->store, code, &change, &ctl->error) != SV_OK ||
        sv_warehouse_read(ctl->store, code, ctl->arena, &warehouse, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    sv_warehouses_print(ctl, &warehouse);
    return SV_CTL_DONE;
}
