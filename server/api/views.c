#include "views.h"

#include <string.h>

#include "rongqiao/clock.h"
#include "routes.h"
#include "worker.h"

enum { AGAIN_MS = 60000 }; /* app.record_views() counts one look a minute */

/* The slot of this viewer's look, and its digest. */
static rq_view_slot *slot_of(rq_call *call, uint8_t out_digest[RQ_SHA256_BYTES])
{
    const char *text = rq_arena_printf(call->arena, "%s %s", call->principal.user_id, call->seen);
    if (!text || rq_sha256(text, strlen(text), out_digest, NULL) != RQ_OK)
        return NULL;
    uint32_t index;
    memcpy(&index, out_digest, sizeof(index));
    return &call->worker->views[index % RQ_VIEWS];
}

bool rq_views_due(rq_call *call, const PGresult *result)
{
    uint8_t digest[RQ_SHA256_BYTES];
    int column = PQfnumber(result, "seen");
    if (column < 0 || PQntuples(result) != 1 || PQgetisnull(result, 0, column))
        return false;
    call->seen =
        rq_arena_strndup(call->arena, PQgetvalue(result, 0, column), (size_t)PQgetlength(result, 0, column));
    const rq_view_slot *slot = call->seen ? slot_of(call, digest) : NULL;
    if (!slot)
        call->broken = true;
    return slot && !(memcmp(slot->digest, digest, sizeof(slot->digest)) == 0 &&
                     rq_monotonic_ms() - slot->noted_ms < AGAIN_MS);
}

void rq_views_noted(rq_call *call)
{
    uint8_t digest[RQ_SHA256_BYTES];
    rq_view_slot *slot = slot_of(call, digest);
    if (slot) {
        memcpy(slot->digest, digest, sizeof(slot->digest));
        slot->noted_ms = rq_monotonic_ms();
    }
}

/* Routes ------------------------------------------------------------------------------------------ */

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    RQ_REGION_FIELD,
    RQ_PERIOD_FIELDS,
    {"enterprise_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "企业", "enterprise"},
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "查看机构", "the institution that looked"},
    {"viewer_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "查看人", "the user who looked"},
};
static const rq_schema list_query = RQ_SCHEMA("ViewQuery", list_fields, rq_check_period);

enum { SUPERVISORS = RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR };
static const rq_route rows[] = {
    RQ_ROUTE(GET, "/v1/enterprises/{id}/views", RQ_ROLE_ENTERPRISE | SUPERVISORS, &rq_page_query,
             "enterprises/views", 0, "List", "谁查看过该企业", "Who looked at an enterprise"),
    RQ_ROUTE(GET, "/v1/views", SUPERVISORS, &list_query, "views/list", 0, "List", "查看记录",
             "Who looked at which enterprise"),
};
const rq_routes rq_view_routes = RQ_ROUTES(rows);
