/* What became of the needs of a region, and whose cases are late; the trail for auditors. */
#include "routes.h"

static const rq_field overview_fields[] = {
    {"region", RQ_FIELD_REGION, false, 0, 0, NULL, NULL, "行政区划（含下级）", "region with all below it"},
    {"from", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "起始日", "posted on or after"},
    {"to", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "截止日", "posted on or before"},
};
static const rq_schema overview_query = RQ_SCHEMA("StatisticsQuery", overview_fields, NULL);
static const rq_field overdue_fields[] = {
    {"region", RQ_FIELD_REGION, false, 0, 0, NULL, NULL, "行政区划（含下级）", "region with all below it"},
};
static const rq_schema overdue_query = RQ_SCHEMA("OverdueQuery", overdue_fields, NULL);

enum { VIEWERS = RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR };
static const rq_route statistics_rows[] = {
    RQ_ROUTE(GET, "/v1/statistics", VIEWERS, &overview_query, "statistics/overview", 0, "Statistics",
             "区域统计", "What became of a region's needs"),
    RQ_ROUTE(GET, "/v1/statistics/overdue", VIEWERS, &overdue_query, "statistics/overdue", 0, "List",
             "逾期业务（按机构）", "Overdue cases by institution"),
};
const rq_routes rq_statistics_routes = RQ_ROUTES(statistics_rows);

static const rq_field audit_fields[] = {
    RQ_PAGE_FIELDS,
    {"case_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "业务", "the case"},
};
static const rq_schema audit_query = RQ_SCHEMA("AuditQuery", audit_fields, NULL);
static const rq_route audit_rows[] = {
    RQ_ROUTE(GET, "/v1/audit-events", RQ_ROLE_ANYBODY, &audit_query, "audit-events/list", 0, "List",
             "操作留痕（审计员看全部，其他人看自己的）",
             "The trail: auditors all of it, others their own acts"),
};
const rq_routes rq_audit_routes = RQ_ROUTES(audit_rows);
