#include <string.h>

#include "core/base/text_map.h"
#include "core/floor/session_list.h"
#include "core/floor/stats.h"
#include "core/oversight/oversight.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* What looks wrong: one rule a row; its bound is a setting (ALERT_*).  A rule looks at what is there now; nothing is
 * kept. */

enum { SV_ALERT_WINDOW_MS = 600000, SV_ALERT_HOUR_MS = 3600000, SV_ALERT_RECORDS = 50000 };

typedef struct {
    sv_store_t *store;
    const char *warehouse;
    int64_t now_ms;
    sv_floor_session_t *sessions; /* live ones */
    size_t session_count;
    sv_text_map_t tallies; /* user_id -> sv_alert_tally_t, of the window's records */
    sv_json_writer_t *w;
    sv_error_t *error;
} sv_alerts_t;

typedef struct {
    int64_t records, zeros;
} sv_alert_tally_t;

static void
sv_alert_write(sv_alerts_t *alerts, const char *rule, const sv_floor_session_t *session, int64_t value, int64_t limit,
               const char *message)
{
    sv_json_writer_t *w = alerts->w;

    sv_json_object(w, NULL);
    sv_json_text(w, "rule", rule);
    sv_json_text(w, "message", message);
    sv_json_text(w, "user_id", session != NULL ? session->user_id : NULL);
    sv_json_text(w, "full_name", session != NULL ? session->full_name : NULL);
    sv_json_text(w, "rack_id", session != NULL ? session->rack_id : NULL);
    sv_json_text(w, "session_id", session != NULL ? session->session_id : NULL);
    sv_json_int(w, "value", value);
    sv_json_int(w, "limit", limit);
    sv_json_end(w);
}

static void
sv_alert_idle_rack(sv_alerts_t *alerts, const char *rule)
{
    int64_t limit = alerts->store->settings->alert_rack_idle;
    for (size_t i = 0; i < alerts->session_count && alerts->error->status == SV_OK; i++) {
        const sv_floor_session_t *session = &alerts->sessions[i];
        int64_t held_s = (alerts->now_ms - session->started_at_ms) / 1000, stored = 0;

        if (session->status == SV_SESSION_ACTIVE && held_s >= limit &&
            sv_session_records_stored(alerts->store, session->session_id, 1, alerts->error->arena, &stored,
                                      alerts->error) == SV_OK &&
            stored == 0) {
            sv_alert_write(alerts, rule, session, held_s, limit, "The rack is held and nothing was counted");
        }
    }
}

/* The live sessions' users, once each, by their first session. */
static bool
sv_alert_is_first(const sv_alerts_t *alerts, size_t place)
{
    for (size_t i = 0; i < place; i++) {
        if (strcmp(alerts->sessions[i].user_id, alerts->sessions[place].user_id) == 0) {
            return false;
        }
    }
    return true;
}

static void
sv_alert_speed(sv_alerts_t *alerts, const char *rule)
{
    int64_t limit = alerts->store->settings->alert_records_per_minute;
    for (size_t i = 0; i < alerts->session_count; i++) {
        const sv_alert_tally_t *tally = sv_text_map_get(&alerts->tallies, alerts->sessions[i].user_id);
        int64_t a_minute = tally != NULL ? tally->records * 60000 / SV_ALERT_WINDOW_MS : 0;

        if (a_minute > limit && sv_alert_is_first(alerts, i)) {
            sv_alert_write(alerts, rule, &alerts->sessions[i], a_minute, limit, "Nobody counts as fast as that");
        }
    }
}

static void
sv_alert_zero_counts(sv_alerts_t *alerts, const char *rule)
{
    int64_t limit = alerts->store->settings->alert_zero_counts;
    for (size_t i = 0; i < alerts->session_count; i++) {
        const sv_alert_tally_t *tally = sv_text_map_get(&alerts->tallies, alerts->sessions[i].user_id);

        if (tally != NULL && tally->zeros >= limit && sv_alert_is_first(alerts, i)) {
            sv_alert_write(alerts, rule, &alerts->sessions[i], tally->zeros, limit, "Zero was counted again and again");
        }
    }
}

/* Logins whose phones renewed their tokens while an access token lives. */
static void
sv_alert_two_devices(sv_alerts_t *alerts, const char *rule)
{
    int64_t limit = alerts->store->settings->alert_devices;
    int64_t since_ms = alerts->now_ms - alerts->store->settings->access_token_ttl * 1000;

    for (size_t i = 0; i < alerts->session_count && alerts->error->status == SV_OK; i++) {
        bson_t *filter =
            sv_doc_take(BCON_NEW("user_id", BCON_UTF8(alerts->sessions[i].user_id), "state", BCON_UTF8("current")),
                        alerts->error->arena);
        int64_t logins = 0;

        sv_filter_span(filter, "created_at", since_ms, 0);
        if (sv_alert_is_first(alerts, i) &&
            sv_store_count(alerts->store, SV_COLLECTION_REFRESH_TOKENS, filter, &logins, alerts->error) == SV_OK &&
            logins > limit) {
            sv_alert_write(alerts, rule, &alerts->sessions[i], logins, limit, "The person is on several devices");
        }
    }
}

static void
sv_alert_conflicts(sv_alerts_t *alerts, const char *rule)
{
    int64_t limit = alerts->store->settings->alert_conflicts;
    bson_t *filter = sv_doc_take(BCON_NEW("status", BCON_UTF8("open")), alerts->error->arena);
    int64_t conflicts = 0;

    if (alerts->warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", alerts->warehouse);
    }
    sv_filter_span(filter, "created_at", alerts->now_ms - SV_ALERT_HOUR_MS, 0);
    if (sv_store_count(alerts->store, SV_COLLECTION_SYNC_CONFLICTS, filter, &conflicts, alerts->error) == SV_OK &&
        conflicts >= limit) {
        sv_alert_write(alerts, rule, NULL, conflicts, limit, "Open conflicts grow");
    }
}

typedef struct {
    const char *word;
    void (*look)(sv_alerts_t *alerts, const char *rule);
} sv_alert_rule_t;

static const sv_alert_rule_t sv_alert_rules[] = {
    { "rack_idle", sv_alert_idle_rack },         { "impossible_speed", sv_alert_speed },
    { "two_devices", sv_alert_two_devices },     { "repeated_zero", sv_alert_zero_counts },
    { "conflicts_growing", sv_alert_conflicts },
};

/* A zero that somebody stands by; one that was withdrawn is none. */
static bool
sv_alert_is_zero(const bson_t *record, sv_arena_t *arena)
{
    const char *status = sv_doc_text(record, "status", arena);

    return sv_doc_quantity(record, "verified_qty") == 0 && sv_doc_quantity(record, "damage_qty") == 0 &&
           (status == NULL || strcmp(status, "void") != 0);
}

/* Figures, one by one: what a rack was declared empty of was said in one word. */
static void
sv_alert_tally(const bson_t *record, void *context)
{
    sv_alerts_t *alerts = context;
    const char *user_id = sv_doc_text(record, "user_id", alerts->error->arena);
    sv_alert_tally_t *tally;

    if (user_id == NULL || sv_doc_bool(record, "declared_empty")) {
        return;
    }
    tally = sv_text_map_get(&alerts->tallies, user_id);
    if (tally == NULL) {
        tally = sv_arena_zalloc(alerts->error->arena, sizeof(*tally));
        *sv_text_map_put(&alerts->tallies, user_id) = tally;
    }
    tally->records++;
    tally->zeros += sv_alert_is_zero(record, alerts->error->arena);
}

static sv_status_t
sv_alerts_read(sv_alerts_t *alerts)
{
    sv_arena_t *arena = alerts->error->arena;
    bson_t *filter = sv_doc_new(arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "user_id", BCON_INT32(1), "verified_qty", BCON_INT32(1),
                                           "damage_qty", BCON_INT32(1), "status", BCON_INT32(1), "declared_empty",
                                           BCON_INT32(1), "}", "limit", BCON_INT64(SV_ALERT_RECORDS)),
                                  arena);

    if (sv_store_now(alerts->store, &alerts->now_ms, alerts->error) != SV_OK ||
        sv_session_live_read(alerts->store, NULL, alerts->warehouse, arena, &alerts->sessions, &alerts->session_count,
                             alerts->error) != SV_OK) {
        return alerts->error->status;
    }
    sv_text_map_init(&alerts->tallies, arena, 64);
    if (alerts->warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", alerts->warehouse);
    }
    sv_filter_span(filter, "counted_at", alerts->now_ms - SV_ALERT_WINDOW_MS, 0);
    return sv_store_each(alerts->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, sv_alert_tally, alerts,
                         alerts->error);
}

sv_status_t
sv_oversight_alerts_write(sv_store_t *store, const char *warehouse, sv_json_writer_t *w, const char *name,
                          sv_error_t *error)
{
    sv_alerts_t alerts = { .store = store, .warehouse = warehouse, .w = w, .error = error };

    if (sv_alerts_read(&alerts) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, name);
    for (size_t i = 0; i < sizeof(sv_alert_rules) / sizeof(sv_alert_rules[0]) && error->status == SV_OK; i++) {
        const sv_alert_rule_t *rule = &sv_alert_rules[i];

        rule->look(&alerts, rule->word);
    }
    sv_json_end(w);
    return error->status;
}
