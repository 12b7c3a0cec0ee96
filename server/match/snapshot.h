/* An immutable snapshot: clusters of blocks, one for each kind and province and one for each kind and all
 * products of no single province. A need meets two clusters of each kind it asks for. */
#ifndef RONGQIAO_MATCH_SNAPSHOT_H
#define RONGQIAO_MATCH_SNAPSHOT_H

#include "block.h"

enum {
    RQ_KINDS = RQ_FIRST_tag - RQ_FIRST_kind,
    RQ_PROVINCES = 100
}; /* first two digits of GB/T 2260; 0: of no single province */

/* Blocks in order of their rows; reference counted. */
typedef struct rq_cluster {
    atomic_uint references;
    uint32_t block_count;
    rq_block *blocks[];
} rq_cluster;

/* The programmes, by the province they are open to. Reference counted, immutable. */
typedef struct rq_policies {
    atomic_uint references;
    rq_arena *arena;          /* holds this struct too */
    rq_programme *programmes; /* by id */
    size_t count;
    const uint32_t *of_province[RQ_PROVINCES]; /* indexes that a need there may meet, ascending */
    uint32_t of_province_count[RQ_PROVINCES];
    size_t bytes;
} rq_policies;

rq_status rq_policies_new(const rq_programme *programmes, size_t count, rq_policies **out_policies,
                          rq_error *error) RQ_MUST_CHECK;
rq_policies *rq_policies_share(rq_policies *policies);
void rq_policies_leave(rq_policies *policies);

struct rq_catalogue {
    atomic_uint references;
    rq_frame frame;
    rq_pool *pool;
    rq_policies *policies;
    size_t product_count;
    int64_t highest_fee_ppm; /* of a guarantee and an insurance together */
    size_t fresh_values;     /* values that the pool had when all of it was in use: update.c */
    rq_cluster *clusters[RQ_KINDS][RQ_PROVINCES]; /* null: none */
};

/* The row with this id and the block it is in, or null. */
const rq_row *rq_catalogue_find(const rq_catalogue *catalogue, const uint8_t id[RQ_UUID_BYTES],
                                rq_block **out_block);

/* The cluster that a product belongs to. */
unsigned rq_packed_province(const rq_pool *pool, const rq_packed *packed);
/* The order of rows within a cluster: the highest bound, the most merit, the id. So what may score most comes
 * first, and partners come by their published rank: the lowest fee (unpublished last), the best coverage
 * (likewise), the id. */
int rq_row_order(const rq_row *a, const rq_row_label *a_label, const rq_row *b, const rq_row_label *b_label);

/* A cluster of `count` rows in their order; null when memory is short. */
rq_cluster *rq_cluster_new(const rq_pool *pool, const rq_frame *frame, const rq_packed *rows, size_t count);
rq_cluster *rq_cluster_share(rq_cluster *cluster);
void rq_cluster_leave(rq_cluster *cluster);

/* An empty snapshot that takes over nothing but its arguments' values; null when memory is short. */
rq_catalogue *rq_catalogue_empty(const rq_frame *frame);
/* Sets highest_fee_ppm. */
void rq_catalogue_note_fees(rq_catalogue *catalogue);
/* Checks what no table of bounds does: weights, and the LPR. */
rq_status rq_frame_check(const rq_catalogue_input *input, rq_error *error) RQ_MUST_CHECK;

/* ---- score.c ---- */

/* Sets `bound` and `merit`. */
void rq_packed_weigh(const rq_pool *pool, const rq_frame *frame, rq_packed *packed);

#endif
