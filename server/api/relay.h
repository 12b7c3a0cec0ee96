/* What the relay hands to the workers, and what streams ask of it. */
#ifndef RONGQIAO_API_RELAY_H
#define RONGQIAO_API_RELAY_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdint.h>

#include "rongqiao/api.h"

/* Notifications that were published one after the other, for every worker at once; never changed. Whoever has
 * seen all up to `from` has seen all up to `upto` with these. */
typedef struct rq_news {
    atomic_uint references;
    int64_t from, upto;
    PGresult *rows; /* of notifications/published; null when there are none */
} rq_news;
enum { RQ_NEWS_ID, RQ_NEWS_PARTY_KIND, RQ_NEWS_PARTY_ID, RQ_NEWS_MADE_BY, RQ_NEWS_DOCUMENT };
void rq_news_unref(rq_news *news);

typedef enum rq_admission { RQ_ADMITTED, RQ_USER_HAS_ENOUGH, RQ_PROCESS_IS_FULL } rq_admission;
/* Takes a place for one stream of this user; thread safe. A place that was taken is given back. */
rq_admission rq_relay_admit(rq_relay *relay, const char *user_id);
void rq_relay_dismiss(rq_relay *relay, const char *user_id);

#endif
