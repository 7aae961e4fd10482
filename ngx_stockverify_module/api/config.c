#include "core/base/clock.h"
#include "core/base/codec.h"
#include "core/sync/reasons.h"
#include "core/sync/record_table.h"
#include "ngx_stockverify_module/api/config.h"
#include "ngx_stockverify_module/request.h"

/* GET /api/config: what an app must know of this installation. */

enum { SV_ETAG_DIGITS = 16 };

static const char *const sv_photo_types[] = { "image/jpeg", "image/png", "image/webp", NULL };
static const char *const sv_barcode_formats[] = { "ean13",  "ean8",        "upca",    "upce",       "itf14", "code128",
                                                  "code39", "gs1_element", "qr_code", "datamatrix", NULL };
static void
sv_config_words(sv_json_writer_t *json, const char *name, const char *const *words)
{
    sv_json_array(json, name);
    for (size_t i = 0; words[i] != NULL; i++) {
        sv_json_text(json, NULL, words[i]);
    }
    sv_json_end(json);
}

static void
sv_config_write_settings(sv_json_writer_t *json, const sv_settings_t *settings)
{
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        { "sync_batch_size", settings->sync_batch_size },      { "rack_lock_ttl", settings->rack_lock_ttl },
        { "rack_pause_ttl", settings->rack_pause_ttl },        { "session_lock_ttl", settings->session_lock_ttl },
        { "heartbeat_ttl", settings->heartbeat_ttl },          { "session_grace", settings->session_grace },
        { "heartbeat_seconds", settings->heartbeat_interval },
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sv_json_int(json, numbers[i].name, numbers[i].value);
    }
}

/* Everything but the time. */
static void
sv_config_write(sv_json_writer_t *json, const sv_settings_t *settings)
{
    sv_config_write_settings(json, settings);
    sv_json_text(json, "min_client", settings->min_client);
    sv_json_bool(json, "damage_bound", settings->damage_bound);
    sv_json_object(json, "photo_limits");
    sv_json_int(json, "max_bytes", settings->photo_max_bytes);
    sv_json_int(json, "per_day", settings->photo_day_max);
    sv_config_words(json, "types", sv_photo_types);
    sv_json_end(json);
    sv_json_object(json, "reason_codes");
    for (size_t i = 0; i < SV_REASON_KINDS; i++) {
        sv_config_words(json, sv_reason_lists[i].name, sv_reason_lists[i].words);
    }
    sv_json_end(json);
    sv_config_words(json, "conditions", sv_record_conditions);
    sv_config_words(json, "formats", sv_barcode_formats);
}

const char *
sv_config_etag(const sv_settings_t *settings, sv_arena_t *arena)
{
    char digest[SV_SHA256_HEX_SIZE];
    sv_json_writer_t json;
    sv_buffer_t text;

    sv_buffer_init(&text, arena, 0);
    sv_json_writer_init(&json, &text);
    sv_json_object(&json, NULL);
    sv_config_write(&json, settings);
    sv_sha256_hex(text.data, text.length, digest);
    return sv_arena_printf(arena, "\"%.*s\"", SV_ETAG_DIGITS, digest);
}

void
sv_http_config(sv_request_t *req)
{
    sv_call_t *call = req->call;

    sv_json_object(&call->json, NULL);
    sv_config_write(&call->json, call->settings);
    call->etag = sv_config_etag(call->settings, call->arena);
    sv_json_time(&call->json, "server_time", sv_clock_now_ms());
    sv_json_end(&call->json);
    sv_http_answer(req);
}
