/* /api/photos: evidence pictures. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/text_gate.h"
#include "core/photos/photo.h"
#include "core/store/document.h"
#include "ngx_stockverify_module/request.h"

enum { SV_PHOTO_CREATED = 201 };

/* ---- PUT /api/photos/{client_photo_id} */

static void
sv_photo_store(sv_call_t *call, const uint8_t *data)
{
    const bson_t *photo;
    bool created;

    if (sv_photo_put(call->store, &call->principal, call->params[0], data, call->upload->size, &photo, &created,
                     &call->error) != SV_OK) {
        return;
    }
    call->success_status = created ? SV_PHOTO_CREATED : 0;
    sv_json_object(&call->json, NULL);
    sv_photo_write_members(&call->json, photo);
    sv_json_end(&call->json);
}

void
sv_step_photo_put(sv_call_t *call)
{
    void *data;

    if (call->upload == NULL) {
        sv_fail(&call->error, SV_ERR_PHOTO_TYPE, "A picture is required as body");
        return;
    }
    if (sv_text_pass(SV_TEXT_CODE, call->params[0], SV_PHOTO_ID_MAX, call->arena) == NULL) {
        sv_fail_field(&call->error, "client_photo_id", "invalid_format",
                      "must have 1 to %d characters, none of them a control character", SV_PHOTO_ID_MAX);
        return;
    }
    data = mmap(NULL, call->upload->size, PROT_READ, MAP_PRIVATE, call->upload->fd, 0);
    if (data == MAP_FAILED) {
        sv_fail_cause(&call->error, SV_ERR_BUSY, "the file of a picture could not be read");
        return;
    }
    sv_photo_store(call, data);
    munmap(data, call->upload->size);
}

/* ---- GET /api/photos/{client_photo_id} */

static void
sv_photo_close(void *data)
{
    close(((const sv_call_file_t *) data)->fd);
}

/* A file without a name: nothing is left of it when this process ends. */
static sv_call_file_t *
sv_photo_file(sv_call_t *call)
{
    char *path = sv_arena_printf(call->arena, "%s/photo.XXXXXX", (const char *) call->state);
    sv_call_file_t *file = sv_arena_zalloc(call->arena, sizeof(*file));

    file->path = path;
    file->fd = mkostemp(path, O_CLOEXEC);
    if (file->fd < 0) {
        sv_fail_cause(&call->error, SV_ERR_UNAVAILABLE, "no temporary file for a photo in %s",
                      (const char *) call->state);
        return NULL;
    }
    unlink(path);
    sv_arena_on_destroy(call->arena, sv_photo_close, file);
    return file;
}

static void
sv_photo_fetch(sv_call_t *call)
{
    sv_call_file_t *file;
    const bson_t *photo;
    const char *etag;

    if (sv_photo_find(call->store, &call->principal, call->params[0], &photo, &call->error) != SV_OK) {
        return;
    }
    etag = sv_arena_printf(call->arena, "\"%s\"", sv_doc_text(photo, "sha256", call->arena));
    if (sv_call_etag_matches(call, etag)) {
        call->etag = etag;
        return;
    }
    file = sv_photo_file(call);
    if (file == NULL || sv_photo_copy(call->store, photo, file->fd, &call->error) != SV_OK) {
        return;
    }
    file->name = sv_doc_text(photo, "filename", call->arena);
    file->content_type = sv_doc_text(photo, "content_type", call->arena);
    file->etag = etag;
    file->size = sv_doc_int(photo, "length");
    file->shown = true;
    call->file = file;
}

void
sv_http_photo(sv_request_t *req)
{
    req->call->state = (void *) sv_http_temp_dir(req);
    sv_http_thread(req, SV_POOL_DB, sv_photo_fetch, sv_http_answer);
}
