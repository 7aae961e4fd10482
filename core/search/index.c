#include "core/search/index.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
sv_array_fits(const sv_search_head_t *head, const sv_search_array_t *array, uint64_t element)
{
    return array->at >= sizeof(*head) && array->at <= head->size && array->at % 8 == 0 &&
           array->count <= (head->size - array->at) / element;
}

static bool
sv_entries_fit(const sv_search_index_t *index, const sv_search_entry_t *entries, uint64_t count, uint64_t owned)
{
    for (uint64_t i = 0; i < count; i++) {
        if (entries[i].length > index->head->points.count ||
            entries[i].text > index->head->points.count - entries[i].length || entries[i].count > owned ||
            entries[i].first > owned - entries[i].count) {
            return false;
        }
    }
    return true;
}

static bool
sv_numbers_fit(const uint32_t *numbers, uint64_t count, unsigned shift, uint64_t below)
{
    for (uint64_t i = 0; i < count; i++) {
        if (numbers[i] >> shift >= below) {
            return false;
        }
    }
    return true;
}

static bool
sv_arrays_fit(const sv_search_head_t *head)
{
    return sv_array_fits(head, &head->points, sizeof(uint32_t)) && sv_array_fits(head, &head->texts, 1) &&
           sv_array_fits(head, &head->keys, sizeof(sv_search_entry_t)) &&
           sv_array_fits(head, &head->key_masks, sizeof(uint64_t)) &&
           sv_array_fits(head, &head->key_lengths, sizeof(uint32_t)) &&
           sv_array_fits(head, &head->keys_sorted, sizeof(uint32_t)) &&
           sv_array_fits(head, &head->items, sizeof(uint32_t)) &&
           sv_array_fits(head, &head->item_keys, sizeof(uint32_t)) &&
           sv_array_fits(head, &head->item_signs, sizeof(uint32_t)) &&
           sv_array_fits(head, &head->words, sizeof(sv_search_entry_t)) &&
           sv_array_fits(head, &head->word_masks, sizeof(uint64_t)) &&
           sv_array_fits(head, &head->word_lengths, sizeof(uint32_t)) &&
           sv_array_fits(head, &head->words_sorted, sizeof(uint32_t)) &&
           sv_array_fits(head, &head->postings, sizeof(uint32_t)) &&
           sv_array_fits(head, &head->removed, sizeof(uint32_t)) && head->key_masks.count == head->keys.count &&
           head->keys_sorted.count == head->keys.count && head->item_keys.count == head->items.count &&
           head->item_signs.count == head->items.count && head->word_masks.count == head->words.count &&
           head->words_sorted.count == head->words.count && head->key_lengths.count == SV_SEARCH_LENGTHS &&
           head->word_lengths.count == SV_SEARCH_LENGTHS;
}

static bool
sv_contents_fit(const sv_search_index_t *index)
{
    const sv_search_head_t *head = index->head;
    uint64_t texts = head->texts.count;

    return (texts == 0 || index->texts[texts - 1] == '\0') &&
           sv_entries_fit(index, index->keys, head->keys.count, head->items.count) &&
           sv_entries_fit(index, index->words, head->words.count, head->postings.count) &&
           sv_numbers_fit(index->key_lengths, SV_SEARCH_LENGTHS, 0, head->keys.count + 1) &&
           sv_numbers_fit(index->word_lengths, SV_SEARCH_LENGTHS, 0, head->words.count + 1) &&
           sv_numbers_fit(index->keys_sorted, head->keys.count, 0, head->keys.count) &&
           sv_numbers_fit(index->words_sorted, head->words.count, 0, head->words.count) &&
           sv_numbers_fit(index->items, head->items.count, 0, texts) &&
           sv_numbers_fit(index->item_keys, head->items.count, 0, head->keys.count) &&
           sv_numbers_fit(index->postings, head->postings.count, 1, head->items.count) &&
           sv_numbers_fit(index->removed, head->removed.count, 0, texts);
}

static const void *
sv_array_start(const sv_search_head_t *head, const sv_search_array_t *array)
{
    return (const char *) head + array->at;
}

static void
sv_index_point(sv_search_index_t *index)
{
    const sv_search_head_t *head = index->head;

    index->points = sv_array_start(head, &head->points);
    index->texts = sv_array_start(head, &head->texts);
    index->keys = sv_array_start(head, &head->keys);
    index->words = sv_array_start(head, &head->words);
    index->key_masks = sv_array_start(head, &head->key_masks);
    index->word_masks = sv_array_start(head, &head->word_masks);
    index->key_lengths = sv_array_start(head, &head->key_lengths);
    index->word_lengths = sv_array_start(head, &head->word_lengths);
    index->keys_sorted = sv_array_start(head, &head->keys_sorted);
    index->words_sorted = sv_array_start(head, &head->words_sorted);
    index->items = sv_array_start(head, &head->items);
    index->item_keys = sv_array_start(head, &head->item_keys);
    index->item_signs = sv_array_start(head, &head->item_signs);
    index->postings = sv_array_start(head, &head->postings);
    index->removed = sv_array_start(head, &head->removed);
}

static const char *
sv_index_fault(sv_search_index_t *index)
{
    const sv_search_head_t *head = index->head;

    if (index->size < sizeof(*head) || memcmp(head->magic, SV_SEARCH_MAGIC, sizeof(head->magic)) != 0) {
        return "it is no search index";
    }
    if (head->order != SV_SEARCH_ORDER || head->version != SV_SEARCH_VERSION) {
        return "it was written by another version";
    }
    if (head->size != index->size || !sv_arrays_fit(head) || sv_search_checksum(head, head->size) != head->checksum) {
        return "it is damaged";
    }
    sv_index_point(index);
    return sv_contents_fit(index) ? NULL : "it is damaged";
}

sv_status_t
sv_search_index_open(const char *path, sv_search_index_t *index, sv_error_t *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    const char *fault;
    void *mapping;

    memset(index, 0, sizeof(*index));
    if (file < 0) {
        return errno == ENOENT ? sv_fail(error, SV_ERR_NOT_FOUND, "There is no search index yet")
                               : sv_fail_cause(error, SV_ERR_UNAVAILABLE, "search index %s: %s", path, strerror(errno));
    }
    if (fstat(file, &facts) != 0 || facts.st_size < (off_t) sizeof(sv_search_head_t)) {
        close(file);
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "search index %s: it is no search index", path);
    }
    mapping = mmap(NULL, (size_t) facts.st_size, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapping == MAP_FAILED) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "search index %s: %s", path, strerror(errno));
    }
    index->head = mapping;
    index->size = (uint64_t) facts.st_size;
    fault = sv_index_fault(index);
    if (fault != NULL) {
        sv_search_index_close(index);
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "search index %s: %s", path, fault);
    }
    return SV_OK;
}

void
sv_search_index_close(sv_search_index_t *index)
{
    if (index->head != NULL) {
        munmap((void *) index->head, index->size);
    }
    memset(index, 0, sizeof(*index));
}
