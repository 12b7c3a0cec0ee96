/* Rows in their order, cut into blocks; and such a list with a few rows changed, that shares every block
 * it can with the one before. */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

unsigned rq_packed_province(const rq_pool *pool, const rq_packed *packed)
{
    const rq_row_regions *regions = rq_pool_at(pool, packed->label.regions);
    return regions != NULL ? regions->province : 0;
}

int rq_row_order(const rq_row *a, const rq_row_label *a_label, const rq_row *b, const rq_row_label *b_label)
{
    if (a->bound != b->bound) {
        return a->bound > b->bound ? -1 : 1;
    }
    if (a->merit != b->merit) {
        return a->merit > b->merit ? -1 : 1;
    }
    return memcmp(a_label->id, b_label->id, RQ_UUID_BYTES);
}

static int order_of(const rq_packed *a, const rq_row *b)
{
    return rq_row_order(&a->row, &a->label, b, rq_row_label_of(b));
}

static rq_cluster *cluster_of(size_t block_count)
{
    rq_cluster *cluster = calloc(1, sizeof *cluster + block_count * sizeof cluster->blocks[0]);
    if (cluster != NULL) {
        atomic_init(&cluster->references, 1);
    }
    return cluster;
}

/* Adds blocks of about equal size for `count` rows; false when memory is short. */
static bool add_rows(rq_cluster *cluster, const rq_pool *pool, const rq_frame *frame, const rq_packed *rows,
                     size_t count)
{
    size_t blocks = (count + RQ_BLOCK_ROWS - 1) / RQ_BLOCK_ROWS;
    for (size_t i = 0, from = 0; i < blocks; i++) {
        size_t to = count * (i + 1) / blocks;
        rq_block *block = rq_block_new(pool, frame, rows + from, to - from);
        if (block == NULL) {
            return false;
        }
        cluster->blocks[cluster->block_count++] = block;
        from = to;
    }
    return true;
}

rq_cluster *rq_cluster_new(const rq_pool *pool, const rq_frame *frame, const rq_packed *rows, size_t count)
{
    rq_cluster *cluster = cluster_of((count + RQ_BLOCK_ROWS - 1) / RQ_BLOCK_ROWS);
    if (cluster != NULL && !add_rows(cluster, pool, frame, rows, count)) {
        rq_cluster_leave(cluster);
        return NULL;
    }
    return cluster;
}

rq_cluster *rq_cluster_share(rq_cluster *cluster)
{
    atomic_fetch_add_explicit(&cluster->references, 1, memory_order_relaxed);
    return cluster;
}

void rq_cluster_leave(rq_cluster *cluster)
{
    if (cluster == NULL || atomic_fetch_sub_explicit(&cluster->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < cluster->block_count; i++) {
        rq_block_leave(cluster->blocks[i]);
    }
    free(cluster);
}

/* ---- changes ---- */

static bool is_dropped(const rq_cluster_edit *edit, const uint8_t id[RQ_UUID_BYTES])
{
    for (size_t i = 0; i < edit->dropped_count; i++) {
        if (memcmp(edit->dropped[i], id, RQ_UUID_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static bool loses_rows(const rq_cluster_edit *edit, const rq_block *block)
{
    for (size_t i = 0; i < edit->dropped_count; i++) {
        if (rq_block_find(block, edit->dropped[i]) < block->count) {
            return true;
        }
    }
    return false;
}

/* The block's rows without those that go and with those of `added` before `end`; how many. */
static size_t merge(const rq_cluster_edit *edit, const rq_block *block, size_t from, size_t end,
                    rq_packed *out_rows)
{
    size_t count = 0;
    for (size_t at = 0; block != NULL && at < block->count; at++) {
        const rq_row *row = &block->rows[at];
        if (is_dropped(edit, block->labels[at].id)) {
            continue;
        }
        while (from < end && order_of(&edit->added[from], row) < 0) {
            out_rows[count++] = edit->added[from++];
        }
        out_rows[count++] = (rq_packed){*row, block->labels[at]};
    }
    while (from < end) {
        out_rows[count++] = edit->added[from++];
    }
    return count;
}

/* How many of the added rows, from `from` on, belong before the end of block `index`. */
static size_t added_end(const rq_cluster *old, size_t index, const rq_cluster_edit *edit, size_t from)
{
    if (index + 1 >= old->block_count) {
        return edit->added_count;
    }
    const rq_row *next = &old->blocks[index + 1]->rows[0];
    while (from < edit->added_count && order_of(&edit->added[from], next) < 0) {
        from++;
    }
    return from;
}

rq_cluster *rq_cluster_edited(const rq_pool *pool, const rq_frame *frame, const rq_cluster *old,
                              const rq_cluster_edit *edit)
{
    size_t blocks = old != NULL ? old->block_count : 0, from = 0;
    rq_cluster *cluster = cluster_of(2 * blocks + edit->added_count / RQ_BLOCK_ROWS + 1);
    rq_packed *rows = malloc((RQ_BLOCK_ROWS + edit->added_count) * sizeof *rows);
    bool ok = cluster != NULL && rows != NULL;
    if (ok && blocks == 0) {
        ok = add_rows(cluster, pool, frame, edit->added, edit->added_count);
    }
    for (size_t i = 0; ok && i < blocks; i++) {
        size_t end = added_end(old, i, edit, from);
        if (end == from && !loses_rows(edit, old->blocks[i])) {
            cluster->blocks[cluster->block_count++] = rq_block_share(old->blocks[i]);
            continue;
        }
        size_t count = merge(edit, old->blocks[i], from, end, rows);
        ok = add_rows(cluster, pool, frame, rows, count);
        from = end;
    }
    free(rows);
    if (!ok) {
        rq_cluster_leave(cluster);
        return NULL;
    }
    return cluster;
}
