/* The next snapshot from the last one and what changed: clusters and blocks that no change touched are
 * shared, the pool is added to. Values that nothing refers to any more stay in the pool until there are more
 * of them than of the others; then the snapshot is built anew. */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

enum { STALE_VALUES_MIN = 4096 };

/* One product that goes, comes, or does both. */
typedef struct change {
    uint8_t id[RQ_UUID_BYTES];
    bool is_removal; /* in this cluster; else an addition */
    unsigned kind, province;
    rq_packed packed;
} change;

typedef struct change_list {
    change *first;
    size_t count;
} change_list;

static int by_cluster_and_order(const void *a, const void *b)
{
    const change *left = a, *right = b;
    if (left->kind != right->kind) {
        return left->kind < right->kind ? -1 : 1;
    }
    if (left->province != right->province) {
        return left->province < right->province ? -1 : 1;
    }
    if (left->is_removal != right->is_removal) {
        return left->is_removal ? -1 : 1;
    }
    return rq_row_order(&left->packed.row, &left->packed.label, &right->packed.row, &right->packed.label);
}

/* Notes that the product with this id goes, if it is there. */
static bool note_removal(const rq_catalogue *old, const uint8_t id[RQ_UUID_BYTES], change_list *changes)
{
    rq_block *block;
    const rq_row *row = rq_catalogue_find(old, id, &block);
    if (row == NULL) {
        return false;
    }
    change *one = &changes->first[changes->count++];
    *one = (change){.is_removal = true, .kind = row->kind, .packed = {*row, block->labels[row->place]}};
    memcpy(one->id, id, RQ_UUID_BYTES);
    one->province = rq_packed_province(old->pool, &one->packed);
    return true;
}

static bool note_addition(const rq_catalogue *old, const rq_frame *frame, const rq_product *product,
                          change_list *changes)
{
    change *one = &changes->first[changes->count++];
    *one = (change){.kind = product->kind};
    if (!rq_row_pack(old->pool, product, &one->packed)) {
        return false;
    }
    rq_packed_weigh(old->pool, frame, &one->packed);
    memcpy(one->id, one->packed.label.id, RQ_UUID_BYTES);
    one->province = rq_packed_province(old->pool, &one->packed);
    return true;
}

/* Applies the changes of one cluster; false when memory is short. */
static bool edit_cluster(rq_catalogue *next, const change *changes, size_t count)
{
    rq_cluster **place = &next->clusters[changes->kind][changes->province];
    uint8_t(*dropped)[RQ_UUID_BYTES] = calloc(count, sizeof *dropped);
    rq_packed *added = calloc(count, sizeof *added);
    rq_cluster *edited = NULL;
    if (dropped != NULL && added != NULL) {
        rq_cluster_edit edit = {.dropped = (const uint8_t(*)[RQ_UUID_BYTES])dropped, .added = added};
        for (size_t i = 0; i < count; i++) {
            if (changes[i].is_removal) {
                memcpy(dropped[edit.dropped_count++], changes[i].id, RQ_UUID_BYTES);
            } else {
                added[edit.added_count++] = changes[i].packed;
            }
        }
        edited = rq_cluster_edited(next->pool, &next->frame, *place, &edit);
    }
    free(dropped);
    free(added);
    if (edited == NULL) {
        return false;
    }
    rq_cluster_leave(*place);
    *place = edited;
    if (edited->block_count == 0) {
        rq_cluster_leave(edited);
        *place = NULL;
    }
    return true;
}

static bool edit_clusters(rq_catalogue *next, change_list *changes)
{
    if (changes->count > 0) {
        qsort(changes->first, changes->count, sizeof *changes->first, by_cluster_and_order);
    }
    for (size_t from = 0, i = 1; i <= changes->count; i++) {
        if (i < changes->count && changes->first[i].kind == changes->first[from].kind &&
            changes->first[i].province == changes->first[from].province) {
            continue;
        }
        if (!edit_cluster(next, &changes->first[from], i - from)) {
            return false;
        }
        from = i;
    }
    return true;
}

/* A snapshot that shares everything with `old`; null when memory is short. */
static rq_catalogue *twin_of(const rq_catalogue *old, int64_t version)
{
    rq_catalogue *next = rq_catalogue_empty(&old->frame);
    if (next == NULL) {
        return NULL;
    }
    next->frame.version = version;
    next->pool = rq_pool_share(old->pool);
    next->policies = rq_policies_share(old->policies);
    next->product_count = old->product_count;
    next->fresh_values = old->fresh_values;
    for (size_t kind = 0; kind < RQ_KINDS; kind++) {
        for (size_t province = 0; province < RQ_PROVINCES; province++) {
            rq_cluster *cluster = old->clusters[kind][province];
            next->clusters[kind][province] = cluster != NULL ? rq_cluster_share(cluster) : NULL;
        }
    }
    return next;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const change *)a)->id, ((const change *)b)->id, RQ_UUID_BYTES);
}

/* Each product is named once, as changed or as removed. */
static rq_status check_changes(const rq_catalogue_changes *changes, change *scratch, rq_error *error)
{
    rq_error reason = {0};
    size_t count = 0;
    for (size_t i = 0; i < changes->changed_count; i++) {
        const rq_product *product = &changes->changed[i];
        rq_status status = rq_product_check(product, &reason);
        if (status != RQ_OK) {
            return rq_fail(error, status, "product %.36s: %s", product->id, reason.message);
        }
        if (!rq_uuid_read(product->id, scratch[count++].id)) {
            return rq_fail(error, RQ_INVALID, "product %.36s: not a UUID", product->id);
        }
    }
    for (size_t i = 0; i < changes->removed_count; i++) {
        if (!rq_uuid_read(changes->removed[i], scratch[count++].id)) {
            return rq_fail(error, RQ_INVALID, "removed[%zu]: not a UUID in lower case", i);
        }
    }
    if (count > 0) {
        qsort(scratch, count, sizeof *scratch, by_id);
    }
    for (size_t i = 1; i < count; i++) {
        if (memcmp(scratch[i - 1].id, scratch[i].id, RQ_UUID_BYTES) == 0) {
            return rq_fail(error, RQ_INVALID, "a product is named twice in one change");
        }
    }
    return RQ_OK;
}

static rq_status apply(const rq_catalogue *old, const rq_catalogue_changes *changes, rq_catalogue *next,
                       change_list *list, rq_error *error)
{
    for (size_t i = 0; i < changes->removed_count; i++) {
        uint8_t id[RQ_UUID_BYTES];
        if (rq_uuid_read(changes->removed[i], id) && note_removal(old, id, list)) {
            next->product_count--;
        }
    }
    for (size_t i = 0; i < changes->changed_count; i++) {
        uint8_t id[RQ_UUID_BYTES];
        if (!rq_uuid_read(changes->changed[i].id, id) || !note_removal(old, id, list)) {
            next->product_count++;
        }
        if (!note_addition(old, &next->frame, &changes->changed[i], list)) {
            return rq_fail(error, RQ_NOMEM, "no memory for a changed product");
        }
    }
    if (!edit_clusters(next, list)) {
        return rq_fail(error, RQ_NOMEM, "no memory for a changed product");
    }
    rq_catalogue_note_fees(next);
    return RQ_OK;
}

/* ---- building anew ---- */

static size_t unpack_all(const rq_catalogue *catalogue, rq_arena *arena, rq_product *products)
{
    size_t count = 0;
    for (size_t kind = 0; kind < RQ_KINDS; kind++) {
        for (size_t province = 0; province < RQ_PROVINCES; province++) {
            const rq_cluster *cluster = catalogue->clusters[kind][province];
            for (size_t i = 0; cluster != NULL && i < cluster->block_count; i++) {
                const rq_block *block = cluster->blocks[i];
                for (size_t at = 0; at < block->count; at++) {
                    if (!rq_row_unpack(catalogue->pool, &block->rows[at], &block->labels[at], arena,
                                       &products[count++])) {
                        return 0;
                    }
                }
            }
        }
    }
    return count;
}

/* The same products with a pool of their own. */
static rq_status rebuild(const rq_catalogue *full, const rq_weights *weights, rq_catalogue **out_catalogue,
                         rq_error *error)
{
    rq_arena *arena = rq_arena_new(SIZE_MAX / 2);
    rq_product *products =
        arena != NULL ? rq_arena_array(arena, full->product_count + 1, sizeof *products) : NULL;
    rq_status status = RQ_NOMEM;
    if (products != NULL && unpack_all(full, arena, products) == full->product_count) {
        const rq_catalogue_input input = {.version = full->frame.version,
                                          .lpr_1y_ppm = (int32_t)full->frame.lpr_1y_ppm,
                                          .lpr_5y_ppm = (int32_t)full->frame.lpr_5y_ppm,
                                          .weights = *weights,
                                          .products = products,
                                          .product_count = full->product_count,
                                          .programmes = full->policies->programmes,
                                          .programme_count = full->policies->count};
        status = rq_catalogue_new(&input, out_catalogue, error);
    }
    rq_arena_free(arena);
    return status;
}

rq_status rq_catalogue_reweighed(const rq_catalogue *old, const rq_weights *weights,
                                 rq_catalogue **out_catalogue, rq_error *error)
{
    return rebuild(old, weights, out_catalogue, error);
}

static bool is_stale(const rq_catalogue *catalogue)
{
    size_t fresh = catalogue->fresh_values > STALE_VALUES_MIN ? catalogue->fresh_values : STALE_VALUES_MIN;
    return catalogue->pool->value_count > 2 * fresh;
}

rq_status rq_catalogue_update(const rq_catalogue *old, const rq_catalogue_changes *changes,
                              rq_catalogue **out_catalogue, rq_error *error)
{
    size_t most = 2 * changes->changed_count + changes->removed_count + 1;
    change_list list = {.first = calloc(most, sizeof *list.first)};
    rq_catalogue *next = twin_of(old, changes->version);
    rq_status status = RQ_OK;
    if (list.first == NULL || next == NULL) {
        status = rq_fail(error, RQ_NOMEM, "no memory for the next catalogue");
    }
    if (status == RQ_OK) {
        status = check_changes(changes, list.first, error);
    }
    if (status == RQ_OK && changes->has_programmes) {
        rq_policies_leave(next->policies);
        next->policies = NULL;
        status = rq_policies_new(changes->programmes, changes->programme_count, &next->policies, error);
    }
    if (status == RQ_OK) {
        status = apply(old, changes, next, &list, error);
    }
    free(list.first);
    rq_catalogue *rebuilt;
    if (status == RQ_OK && is_stale(next) && rebuild(next, &next->frame.weights, &rebuilt, NULL) == RQ_OK) {
        rq_catalogue_unref(next);
        next = rebuilt;
    }
    if (status != RQ_OK) {
        rq_catalogue_unref(next);
        return status;
    }
    *out_catalogue = next;
    return RQ_OK;
}
