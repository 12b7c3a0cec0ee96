/* Builds a snapshot from rows, and holds it while anybody needs it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

rq_catalogue *rq_catalogue_empty(const rq_frame *frame)
{
    rq_catalogue *catalogue = calloc(1, sizeof *catalogue);
    if (catalogue != NULL) {
        atomic_init(&catalogue->references, 1);
        catalogue->frame = *frame;
    }
    return catalogue;
}

rq_catalogue *rq_catalogue_ref(rq_catalogue *catalogue)
{
    atomic_fetch_add_explicit(&catalogue->references, 1, memory_order_relaxed);
    return catalogue;
}

void rq_catalogue_unref(rq_catalogue *catalogue)
{
    if (catalogue == NULL ||
        atomic_fetch_sub_explicit(&catalogue->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t kind = 0; kind < RQ_KINDS; kind++) {
        for (size_t province = 0; province < RQ_PROVINCES; province++) {
            rq_cluster_leave(catalogue->clusters[kind][province]);
        }
    }
    rq_policies_leave(catalogue->policies);
    rq_pool_leave(catalogue->pool);
    free(catalogue);
}

int64_t rq_catalogue_version(const rq_catalogue *catalogue)
{
    return catalogue->frame.version;
}

rq_catalogue_basis rq_catalogue_basis_of(const rq_catalogue *catalogue)
{
    const rq_frame *frame = &catalogue->frame;
    return (rq_catalogue_basis){.version = frame->version,
                                .weights_version = frame->weights.version,
                                .per_institution = frame->weights.per_institution,
                                .lpr_1y_ppm = frame->lpr_1y_ppm,
                                .lpr_5y_ppm = frame->lpr_5y_ppm,
                                .products = rq_catalogue_size(catalogue)};
}

size_t rq_catalogue_size(const rq_catalogue *catalogue)
{
    return catalogue->product_count;
}

size_t rq_catalogue_bytes(const rq_catalogue *catalogue)
{
    size_t bytes = sizeof *catalogue + rq_pool_bytes(catalogue->pool) + catalogue->policies->bytes;
    for (size_t kind = 0; kind < RQ_KINDS; kind++) {
        for (size_t province = 0; province < RQ_PROVINCES; province++) {
            const rq_cluster *cluster = catalogue->clusters[kind][province];
            for (size_t i = 0; cluster != NULL && i < cluster->block_count; i++) {
                bytes += cluster->blocks[i]->bytes + sizeof cluster->blocks[i];
            }
            bytes += cluster != NULL ? sizeof *cluster : 0;
        }
    }
    return bytes;
}

const rq_row *rq_catalogue_find(const rq_catalogue *catalogue, const uint8_t id[RQ_UUID_BYTES],
                                rq_block **out_block)
{
    for (size_t kind = 0; kind < RQ_KINDS; kind++) {
        for (size_t province = 0; province < RQ_PROVINCES; province++) {
            const rq_cluster *cluster = catalogue->clusters[kind][province];
            for (size_t i = 0; cluster != NULL && i < cluster->block_count; i++) {
                rq_block *block = cluster->blocks[i];
                size_t at = rq_block_find(block, id);
                if (at < block->count) {
                    if (out_block != NULL) {
                        *out_block = block;
                    }
                    return &block->rows[at];
                }
            }
        }
    }
    return NULL;
}

rq_status rq_frame_check(const rq_catalogue_input *input, rq_error *error)
{
    rq_status status = rq_weights_check(&input->weights, error);
    if (status != RQ_OK) {
        return status;
    }
    if (input->product_count > UINT32_MAX || input->lpr_1y_ppm < 0 || input->lpr_5y_ppm < 0 ||
        input->lpr_1y_ppm > RQ_MATCH_RATE_MAX_PPM || input->lpr_5y_ppm > RQ_MATCH_RATE_MAX_PPM) {
        return rq_fail(error, RQ_INVALID, "catalogue: too many products, or an LPR out of bounds");
    }
    return RQ_OK;
}

static rq_status check_products(const rq_catalogue_input *input, rq_error *error)
{
    rq_error reason = {0};
    for (size_t i = 0; i < input->product_count; i++) {
        rq_status status = rq_product_check(&input->products[i], &reason);
        if (status != RQ_OK) {
            return rq_fail(error, status, "product %.36s: %s", input->products[i].id, reason.message);
        }
    }
    return RQ_OK;
}

/* ---- building ---- */

static int by_id(const void *a, const void *b)
{
    const rq_packed *const *left = a, *const *right = b;
    return memcmp((*left)->label.id, (*right)->label.id, RQ_UUID_BYTES);
}

static rq_status check_unique(const rq_packed *const *by_ids, size_t count, rq_error *error)
{
    for (size_t i = 1; i < count; i++) {
        if (memcmp(by_ids[i - 1]->label.id, by_ids[i]->label.id, RQ_UUID_BYTES) == 0) {
            char text[RQ_UUID_TEXT + 1];
            rq_uuid_write(by_ids[i]->label.id, text);
            return rq_fail(error, RQ_INVALID, "product %s: id is there twice", text);
        }
    }
    return RQ_OK;
}

static int by_cluster(const void *a, const void *b, void *argument)
{
    const rq_pool *pool = argument;
    const rq_packed *left = *(const rq_packed *const *)a, *right = *(const rq_packed *const *)b;
    if (left->row.kind != right->row.kind) {
        return left->row.kind < right->row.kind ? -1 : 1;
    }
    unsigned left_province = rq_packed_province(pool, left), right_province = rq_packed_province(pool, right);
    if (left_province != right_province) {
        return left_province < right_province ? -1 : 1;
    }
    return rq_row_order(&left->row, &left->label, &right->row, &right->label);
}

void rq_catalogue_note_fees(rq_catalogue *catalogue)
{
    const unsigned kinds[] = {RQ_INDEX(kind, guarantee), RQ_INDEX(kind, insurance)};
    catalogue->highest_fee_ppm = 0;
    for (size_t k = 0; k < 2; k++) {
        int64_t highest = 0;
        for (size_t province = 0; province < RQ_PROVINCES; province++) {
            const rq_cluster *cluster = catalogue->clusters[kinds[k]][province];
            for (size_t i = 0; cluster != NULL && i < cluster->block_count; i++) {
                int64_t fee = cluster->blocks[i]->highest_fee_ppm;
                highest = fee > highest ? fee : highest;
            }
        }
        catalogue->highest_fee_ppm += highest;
    }
}

/* Cuts rows that are in order of cluster into clusters; `scratch` has room for all of them. */
static bool add_clusters(rq_catalogue *catalogue, const rq_packed *const *order, size_t count,
                         rq_packed *scratch)
{
    const rq_pool *pool = catalogue->pool;
    for (size_t i = 0; i < count; i++) {
        scratch[i] = *order[i];
    }
    for (size_t from = 0, i = 1; i <= count; i++) {
        if (i < count && scratch[i].row.kind == scratch[from].row.kind &&
            rq_packed_province(pool, &scratch[i]) == rq_packed_province(pool, &scratch[from])) {
            continue;
        }
        rq_cluster *cluster = rq_cluster_new(pool, &catalogue->frame, &scratch[from], i - from);
        if (cluster == NULL) {
            return false;
        }
        catalogue->clusters[scratch[from].row.kind][rq_packed_province(pool, &scratch[from])] = cluster;
        from = i;
    }
    return true;
}

static rq_status fill(rq_catalogue *catalogue, const rq_catalogue_input *input, rq_packed *rows,
                      const rq_packed **order, rq_packed *scratch, rq_error *error)
{
    size_t count = input->product_count;
    for (size_t i = 0; i < count; i++) {
        if (!rq_row_pack(catalogue->pool, &input->products[i], &rows[i])) {
            return rq_fail(error, RQ_NOMEM, "no memory for %zu products", count);
        }
        rq_packed_weigh(catalogue->pool, &catalogue->frame, &rows[i]);
        order[i] = &rows[i];
    }
    qsort(order, count, sizeof *order, by_id);
    rq_status status = check_unique(order, count, error);
    if (status != RQ_OK) {
        return status;
    }
    qsort_r(order, count, sizeof *order, by_cluster, catalogue->pool);
    if (!add_clusters(catalogue, order, count, scratch)) {
        return rq_fail(error, RQ_NOMEM, "no memory for %zu products", count);
    }
    catalogue->product_count = count;
    catalogue->fresh_values = catalogue->pool->value_count;
    rq_catalogue_note_fees(catalogue);
    return RQ_OK;
}

rq_status rq_catalogue_new(const rq_catalogue_input *input, rq_catalogue **out_catalogue, rq_error *error)
{
    rq_status status = rq_frame_check(input, error);
    if (status == RQ_OK) {
        status = check_products(input, error);
    }
    if (status != RQ_OK) {
        return status;
    }
    const rq_frame frame = {input->version, input->lpr_1y_ppm, input->lpr_5y_ppm, input->weights};
    size_t count = input->product_count;
    rq_catalogue *catalogue = rq_catalogue_empty(&frame);
    rq_packed *rows = calloc(2 * count + 1, sizeof *rows);
    const rq_packed **order = calloc(count + 1, sizeof *order);
    if (catalogue != NULL) {
        catalogue->pool = rq_pool_new();
    }
    if (catalogue == NULL || catalogue->pool == NULL || rows == NULL || order == NULL) {
        status = rq_fail(error, RQ_NOMEM, "no memory for a catalogue");
    }
    if (status == RQ_OK) {
        status = rq_policies_new(input->programmes, input->programme_count, &catalogue->policies, error);
    }
    if (status == RQ_OK) {
        status = fill(catalogue, input, rows, order, rows + count, error);
    }
    free(rows);
    free(order);
    if (status != RQ_OK) {
        rq_catalogue_unref(catalogue);
        return status;
    }
    *out_catalogue = catalogue;
    return RQ_OK;
}
