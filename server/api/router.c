#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "routes.h"
#include "worker.h"

const rq_routes *const rq_all_routes[] = {
    &rq_server_routes,    &rq_session_routes,      &rq_user_routes,        &rq_enterprise_routes,
    &rq_consent_routes,   &rq_institution_routes,  &rq_product_routes,     &rq_programme_routes,
    &rq_need_routes,      &rq_match_routes,        &rq_application_routes, &rq_offer_routes,
    &rq_guarantee_routes, &rq_statistics_routes,   &rq_audit_routes,       &rq_reference_routes,
    &rq_round_routes,     &rq_view_routes,         &rq_search_routes,      &rq_weight_routes,
    &rq_job_routes,       &rq_notification_routes, &rq_nudge_routes,       &rq_totp_routes,
};
const size_t rq_all_routes_count = sizeof(rq_all_routes) / sizeof(rq_all_routes[0]);

/* Whether what is left of a path, behind the `literal` bytes it shares with `pattern`, is of its form; "{id}"
 * stands for one non-empty segment. */
static bool rest_fits(const char *pattern, size_t literal, rq_slice path, rq_slice *out_id)
{
    const char *at = path.data + literal, *end = path.data + path.length;
    pattern += literal;
    *out_id = (rq_slice){NULL, 0};
    while (*pattern) {
        if (*pattern == '{') {
            const char *stop = memchr(at, '/', (size_t)(end - at));
            *out_id = (rq_slice){at, (size_t)((stop ? stop : end) - at)};
            if (out_id->length == 0)
                return false;
            at += out_id->length;
            pattern = strchr(pattern, '}') + 1;
        } else if (at == end || *at++ != *pattern++) {
            return false;
        }
    }
    return at == end;
}

/* ---- the index: routes by the collection they are of, in their order ---- */

enum { SLOTS = 64, ROUTES_MAX = 512 };
static struct {
    const rq_route *routes[ROUTES_MAX];
    uint16_t next[ROUTES_MAX], first[SLOTS]; /* number + 1; 0: none */
    uint16_t literal[ROUTES_MAX];            /* bytes before the first "{" */
} index_of_routes;
static pthread_once_t is_indexed = PTHREAD_ONCE_INIT;

/* Of the first two segments, which no pattern leaves open: "/v1/needs". */
static size_t slot_of(const char *path, size_t length)
{
    uint32_t hash = 0;
    for (size_t i = 0, slashes = 0; i < length; i++) {
        slashes += path[i] == '/';
        if (slashes > 2)
            break;
        hash = hash * 31 + (unsigned char)path[i];
    }
    return hash % SLOTS;
}

static void index_routes(void)
{
    size_t number = 0;
    uint16_t *last[SLOTS];
    for (size_t i = 0; i < SLOTS; i++)
        last[i] = &index_of_routes.first[i];
    for (size_t i = 0; i < rq_all_routes_count; i++) {
        for (size_t j = 0; j < rq_all_routes[i]->count; j++, number++) {
            const rq_route *route = &rq_all_routes[i]->rows[j];
            size_t slot = slot_of(route->path, strlen(route->path));
            assert(number < ROUTES_MAX);
            index_of_routes.routes[number] = route;
            index_of_routes.literal[number] = (uint16_t)strcspn(route->path, "{");
            *last[slot] = (uint16_t)(number + 1);
            last[slot] = &index_of_routes.next[number];
        }
    }
}

const rq_route *rq_route_find(rq_method method, rq_slice path, rq_slice *out_id, unsigned *out_allow)
{
    const rq_route *found = NULL;
    rq_method wanted = method == RQ_HEAD ? RQ_GET : method;
    (void)pthread_once(&is_indexed, index_routes);
    *out_allow = 0;
    for (size_t at = index_of_routes.first[slot_of(path.data, path.length)]; at != 0;
         at = index_of_routes.next[at - 1]) {
        const rq_route *route = index_of_routes.routes[at - 1];
        size_t literal = index_of_routes.literal[at - 1];
        rq_slice id;
        if (path.length < literal || memcmp(route->path, path.data, literal) != 0 ||
            !rest_fits(route->path, literal, path, &id))
            continue;
        /* "/v1/matches/preview" and "/v1/needs/{id}" can't clash: a literal is listed before a pattern. */
        *out_allow |= 1u << route->method;
        if (route->method == wanted && !found) {
            found = route;
            *out_id = id;
        }
    }
    if (*out_allow & (1u << RQ_GET))
        *out_allow |= 1u << RQ_HEAD;
    return found;
}
