#include "core/search/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bson/bson.h>

#include "core/search/format.h"
#include "core/search/normal.h"

/* An item as it was added: its key and words stand in `points`. */
typedef struct {
    uint32_t code;
    uint32_t key_text, key_length;
    uint32_t key;
} sv_built_item_t;

typedef struct {
    uint32_t text, length;
    uint32_t item;
    bool in_name;
} sv_built_word_t;

/* A list in the builder's arena. */
typedef struct {
    void *elements;
    size_t count, capacity;
} sv_list_t;

struct sv_search_build_s {
    sv_arena_t *arena;
    sv_list_t points;  /* uint32_t */
    sv_list_t texts;   /* char */
    sv_list_t items;   /* sv_built_item_t */
    sv_list_t words;   /* sv_built_word_t */
    sv_list_t removed; /* uint32_t */
    int64_t made_at_ms;
};

sv_search_build_t *
sv_search_build_create(int64_t made_at_ms)
{
    sv_arena_t *arena = sv_arena_create();
    sv_search_build_t *build = sv_arena_zalloc(arena, sizeof(*build));

    build->arena = arena;
    build->made_at_ms = made_at_ms;
    return build;
}

static void
sv_list_free(void *list)
{
    bson_free(((sv_list_t *) list)->elements);
}

void
sv_search_build_destroy(sv_search_build_t *build)
{
    if (build != NULL) {
        sv_list_t *lists[] = { &build->points, &build->texts, &build->items, &build->words, &build->removed };

        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
            sv_list_free(lists[i]);
        }
        sv_arena_destroy(build->arena);
    }
}

/* Room for `more` elements at the list's end, zeroed no further than they are written. */
static void *
sv_list_extend(sv_list_t *list, size_t more, size_t size)
{
    if (list->count + more > list->capacity) {
        list->capacity = list->capacity * 2 + more + 64;
        list->elements = bson_realloc(list->elements, list->capacity * size);
    }
    list->count += more;
    return (char *) list->elements + (list->count - more) * size;
}

static uint32_t
sv_build_text(sv_search_build_t *build, const char *text)
{
    size_t size = strlen(text) + 1;
    uint32_t at = (uint32_t) build->texts.count;

    memcpy(sv_list_extend(&build->texts, size, 1), text, size);
    return at;
}

static uint32_t
sv_build_points(sv_search_build_t *build, const uint32_t *points, size_t length)
{
    uint32_t at = (uint32_t) build->points.count;

    if (length > 0) {
        memcpy(sv_list_extend(&build->points, length, sizeof(*points)), points, length * sizeof(*points));
    }
    return at;
}

static void
sv_build_words(sv_search_build_t *build, const sv_search_text_t *normal, uint32_t text, uint32_t item, bool in_name)
{
    for (size_t i = 0; i < normal->word_count; i++) {
        sv_built_word_t *word = sv_list_extend(&build->words, 1, sizeof(*word));

        *word = (sv_built_word_t){ .text = text + (uint32_t) (normal->words[i].points - normal->points),
                                   .length = (uint32_t) normal->words[i].length,
                                   .item = item,
                                   .in_name = in_name };
    }
}

void
sv_search_build_add(sv_search_build_t *build, const sv_search_item_t *item)
{
    sv_arena_t *arena = sv_arena_create();
    uint32_t number = (uint32_t) build->items.count;
    sv_built_item_t *added = sv_list_extend(&build->items, 1, sizeof(*added));
    sv_search_text_t normal;

    sv_search_normalize(item->name, arena, &normal);
    sv_search_build_remove(build, item->item_code);
    *added = (sv_built_item_t){ .code = ((const uint32_t *) build->removed.elements)[build->removed.count - 1],
                                .key_text = sv_build_points(build, normal.points, normal.length),
                                .key_length = (uint32_t) normal.length };
    sv_build_words(build, &normal, added->key_text, number, true);
    for (size_t i = 0; i < sizeof(item->words) / sizeof(item->words[0]); i++) {
        sv_search_normalize(item->words[i], arena, &normal);
        sv_build_words(build, &normal, sv_build_points(build, normal.points, normal.length), number, false);
    }
    sv_arena_destroy(arena);
}

void
sv_search_build_remove(sv_search_build_t *build, const char *item_code)
{
    uint32_t *removed = sv_list_extend(&build->removed, 1, sizeof(*removed));

    *removed = sv_build_text(build, item_code);
}

static int
sv_compare_points(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
    for (size_t i = 0; i < a_length && i < b_length; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return a_length == b_length ? 0 : a_length < b_length ? -1 : 1;
}

static int
sv_compare_by_length(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
    if (a_length != b_length) {
        return a_length < b_length ? -1 : 1;
    }
    return sv_compare_points(a, a_length, b, b_length);
}

static int
sv_compare_built_items(const void *a, const void *b, void *context)
{
    const sv_search_build_t *build = context;
    const uint32_t *points = build->points.elements;
    const char *texts = build->texts.elements;
    const sv_built_item_t *items = build->items.elements;
    const sv_built_item_t *x = &items[*(const uint32_t *) a], *y = &items[*(const uint32_t *) b];
    int order = sv_compare_by_length(points + x->key_text, x->key_length, points + y->key_text, y->key_length);

    return order != 0 ? order : strcmp(texts + x->code, texts + y->code);
}

static int
sv_compare_built_words(const void *a, const void *b, void *context)
{
    const sv_search_build_t *build = context;
    const uint32_t *points = build->points.elements;
    const sv_built_word_t *x = a, *y = b;
    int order = sv_compare_by_length(points + x->text, x->length, points + y->text, y->length);

    if (order != 0) {
        return order;
    }
    if (x->item != y->item) {
        return x->item < y->item ? -1 : 1;
    }
    return (int) y->in_name - (int) x->in_name;
}

/* What qsort_r() orders entries of a written index by. */
typedef struct {
    const sv_search_entry_t *entries;
    const uint32_t *points;
} sv_entry_order_t;

static int
sv_compare_entries(const void *a, const void *b, void *context)
{
    const sv_entry_order_t *order = context;
    const sv_search_entry_t *x = &order->entries[*(const uint32_t *) a], *y = &order->entries[*(const uint32_t *) b];

    return sv_compare_points(order->points + x->text, x->length, order->points + y->text, y->length);
}

static int
sv_compare_texts(const void *a, const void *b, void *context)
{
    const char *texts = context;

    return strcmp(texts + *(const uint32_t *) a, texts + *(const uint32_t *) b);
}

/* The arrays of the file in the making. */
typedef struct {
    sv_list_t keys, key_masks, key_lengths, keys_sorted;
    sv_list_t items, item_keys, item_signs;
    sv_list_t words, word_masks, word_lengths, words_sorted, postings;
} sv_made_t;

static void
sv_made_free(sv_made_t *made)
{
    sv_list_t *lists = (sv_list_t *) made;

    for (size_t i = 0; i < sizeof(*made) / sizeof(sv_list_t); i++) {
        bson_free(lists[i].elements);
    }
}

static void
sv_put_u32(sv_list_t *list, uint32_t value)
{
    *(uint32_t *) sv_list_extend(list, 1, sizeof(value)) = value;
}

static void
sv_put_u64(sv_list_t *list, uint64_t value)
{
    *(uint64_t *) sv_list_extend(list, 1, sizeof(value)) = value;
}

/* Fills `lengths` up from the entries, which are ordered by length. */
static void
sv_make_lengths(const sv_list_t *entries, sv_list_t *lengths)
{
    const sv_search_entry_t *all = entries->elements;
    size_t at = 0;

    for (uint32_t length = 0; length < SV_SEARCH_LENGTHS; length++) {
        while (at < entries->count && all[at].length < length) {
            at++;
        }
        sv_put_u32(lengths, (uint32_t) at);
    }
}

static void
sv_make_sorted(const sv_search_build_t *build, const sv_list_t *entries, sv_list_t *sorted)
{
    sv_entry_order_t order = { entries->elements, build->points.elements };

    for (uint32_t i = 0; i < entries->count; i++) {
        sv_put_u32(sorted, i);
    }
    if (sorted->count > 0) {
        qsort_r(sorted->elements, sorted->count, sizeof(uint32_t), sv_compare_entries, &order);
    }
}

/* A key for each name, and the items in the order of their keys: the added item's `key` tells where. */
static void
sv_make_keys(sv_search_build_t *build, sv_made_t *made)
{
    sv_built_item_t *items = build->items.elements;
    const uint32_t *points = build->points.elements;
    sv_list_t order = { 0 };

    for (uint32_t i = 0; i < build->items.count; i++) {
        sv_put_u32(&order, i);
    }
    if (order.count > 0) {
        qsort_r(order.elements, order.count, sizeof(uint32_t), sv_compare_built_items, build);
    }
    for (uint32_t i = 0; i < order.count; i++) {
        sv_built_item_t *item = &items[((uint32_t *) order.elements)[i]];
        sv_search_entry_t *last =
            made->keys.count > 0 ? (sv_search_entry_t *) made->keys.elements + (made->keys.count - 1) : NULL;

        if (last == NULL ||
            sv_compare_by_length(points + last->text, last->length, points + item->key_text, item->key_length) != 0) {
            last = sv_list_extend(&made->keys, 1, sizeof(*last));
            *last = (sv_search_entry_t){ .text = item->key_text, .length = item->key_length, .first = i };
            sv_put_u64(&made->key_masks, sv_search_mask(points + item->key_text, item->key_length));
        }
        last->count++;
        item->key = i; /* the item's new place, from here on */
        sv_put_u32(&made->items, item->code);
        sv_put_u32(&made->item_keys, (uint32_t) made->keys.count - 1);
        sv_put_u32(&made->item_signs, 0);
    }
    bson_free(order.elements);
    sv_make_lengths(&made->keys, &made->key_lengths);
    sv_make_sorted(build, &made->keys, &made->keys_sorted);
}

static void
sv_make_words(sv_search_build_t *build, sv_made_t *made)
{
    sv_built_word_t *words = build->words.elements;
    const sv_built_item_t *items = build->items.elements;
    const uint32_t *points = build->points.elements;

    for (size_t i = 0; i < build->words.count; i++) {
        words[i].item = items[words[i].item].key;
        if (words[i].in_name) {
            ((uint32_t *) made->item_signs.elements)[words[i].item] += words[i].length;
        }
    }
    if (build->words.count > 0) {
        qsort_r(words, build->words.count, sizeof(words[0]), sv_compare_built_words, build);
    }
    for (size_t i = 0; i < build->words.count; i++) {
        const sv_built_word_t *word = &words[i];
        sv_search_entry_t *last =
            made->words.count > 0 ? (sv_search_entry_t *) made->words.elements + (made->words.count - 1) : NULL;
        const uint32_t *before = made->postings.elements;

        if (last == NULL ||
            sv_compare_by_length(points + last->text, last->length, points + word->text, word->length) != 0) {
            last = sv_list_extend(&made->words, 1, sizeof(*last));
            *last = (sv_search_entry_t){ .text = word->text,
                                         .length = word->length,
                                         .first = (uint32_t) made->postings.count };
            sv_put_u64(&made->word_masks, sv_search_mask(points + word->text, word->length));
        } else if (before[made->postings.count - 1] >> 1 == word->item) {
            continue; /* the item has the word twice */
        }
        sv_put_u32(&made->postings, word->item << 1 | (word->in_name ? 1 : 0));
        last->count++;
    }
    sv_make_lengths(&made->words, &made->word_lengths);
    sv_make_sorted(build, &made->words, &made->words_sorted);
}

typedef struct {
    const sv_list_t *list;
    size_t size;
    sv_search_array_t *array;
} sv_section_t;

static char *
sv_put_together(const sv_section_t *sections, size_t count, sv_search_head_t *head)
{
    uint64_t size = sizeof(*head);
    char *bytes;

    for (size_t i = 0; i < count; i++) {
        *sections[i].array = (sv_search_array_t){ size, sections[i].list->count };
        size += (sections[i].list->count * sections[i].size + 7) / 8 * 8;
    }
    head->size = size;
    bytes = bson_malloc0(size);
    for (size_t i = 0; i < count; i++) {
        if (sections[i].list->count > 0) {
            memcpy(bytes + sections[i].array->at, sections[i].list->elements,
                   sections[i].list->count * sections[i].size);
        }
    }
    memcpy(bytes, head, sizeof(*head));
    ((sv_search_head_t *) bytes)->checksum = sv_search_checksum(bytes, size);
    return bytes;
}

static sv_status_t
sv_write_whole(const char *path, const char *bytes, uint64_t size, sv_error_t *error)
{
    char *temporary = sv_arena_printf(error->arena, "%s.%ld.new", path, (long) getpid());
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    uint64_t written = 0;

    while (file >= 0 && written < size) {
        ssize_t wrote = write(file, bytes + written, size - written);

        if (wrote < 0 && errno != EINTR) {
            break;
        }
        written += wrote > 0 ? (uint64_t) wrote : 0;
    }
    if (file < 0 || written < size || fsync(file) != 0 || rename(temporary, path) != 0) {
        int why = errno;

        if (file >= 0) {
            close(file);
            unlink(temporary);
        }
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "search index %s cannot be written: %s", path, strerror(why));
    }
    close(file);
    return SV_OK;
}

sv_status_t
sv_search_build_write(sv_search_build_t *build, const char *path, sv_error_t *error)
{
    sv_search_head_t head = { .magic = SV_SEARCH_MAGIC,
                              .order = SV_SEARCH_ORDER,
                              .version = SV_SEARCH_VERSION,
                              .made_at = (uint64_t) build->made_at_ms };
    sv_made_t made = { 0 };
    const sv_section_t sections[] = {
        { &build->points, sizeof(uint32_t), &head.points },
        { &build->texts, 1, &head.texts },
        { &made.keys, sizeof(sv_search_entry_t), &head.keys },
        { &made.key_masks, sizeof(uint64_t), &head.key_masks },
        { &made.key_lengths, sizeof(uint32_t), &head.key_lengths },
        { &made.keys_sorted, sizeof(uint32_t), &head.keys_sorted },
        { &made.items, sizeof(uint32_t), &head.items },
        { &made.item_keys, sizeof(uint32_t), &head.item_keys },
        { &made.item_signs, sizeof(uint32_t), &head.item_signs },
        { &made.words, sizeof(sv_search_entry_t), &head.words },
        { &made.word_masks, sizeof(uint64_t), &head.word_masks },
        { &made.word_lengths, sizeof(uint32_t), &head.word_lengths },
        { &made.words_sorted, sizeof(uint32_t), &head.words_sorted },
        { &made.postings, sizeof(uint32_t), &head.postings },
        { &build->removed, sizeof(uint32_t), &head.removed },
    };
    sv_status_t status;
    char *bytes;

    sv_make_keys(build, &made);
    sv_make_words(build, &made);
    if (build->removed.count > 0) {
        qsort_r(build->removed.elements, build->removed.count, sizeof(uint32_t), sv_compare_texts,
                build->texts.elements);
    }
    bytes = sv_put_together(sections, sizeof(sections) / sizeof(sections[0]), &head);
    status = sv_write_whole(path, bytes, head.size, error);
    bson_free(bytes);
    sv_made_free(&made);
    return status;
}
