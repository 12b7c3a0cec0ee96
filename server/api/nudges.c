/* Nudges: supervision reminds whoever a case waits for, and keeps that it did. */
#include "routes.h"

static const rq_field fields[] = {
    {"subject_kind", RQ_FIELD_WORD, true, 0, 0, "=need,application,offer,guarantee_case", NULL, "业务类型",
     "kind of the case"},
    {"subject_id", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "业务", "the case"},
    {"message", RQ_FIELD_TEXT, true, 2, 500, NULL, NULL, "督办意见", "what is said"},
};
static const rq_schema input = RQ_SCHEMA("NewNudge", fields, NULL);
static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    RQ_REGION_FIELD,
    RQ_PERIOD_FIELDS,
    {"subject_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "业务", "the case"},
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "被督办机构", "the institution it was told"},
};
static const rq_schema list_query = RQ_SCHEMA("NudgeQuery", list_fields, rq_check_period);

static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/nudges", RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, &input, "nudges/create", RQ_ROUTE_KEY,
             "Nudge", "督办", "Nudge whoever a case waits for"),
    RQ_ROUTE(GET, "/v1/nudges", RQ_ROLE_ANYBODY, &list_query, "nudges/list", 0, "List", "督办记录",
             "Nudges made, supervised or received"),
};
const rq_routes rq_nudge_routes = RQ_ROUTES(rows);
