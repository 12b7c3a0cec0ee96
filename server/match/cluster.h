/* Changing a cluster. */
#ifndef RONGQIAO_MATCH_CLUSTER_H
#define RONGQIAO_MATCH_CLUSTER_H

#include "snapshot.h"

typedef struct rq_cluster_edit {
    const uint8_t (*dropped)[RQ_UUID_BYTES]; /* ids of rows that go */
    size_t dropped_count;
    const rq_packed *added; /* in their order */
    size_t added_count;
} rq_cluster_edit;

/* `old` (null: empty) after the edit, sharing its other blocks; null when memory is short. */
rq_cluster *rq_cluster_edited(const rq_pool *pool, const rq_frame *frame, const rq_cluster *old,
                              const rq_cluster_edit *edit);

#endif
