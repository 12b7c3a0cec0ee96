/* What became of the needs of a region, and whose cases are late; the trail for auditors. */
#include "routes.h"

static const rq_field overview_fields[] = {
    {.name = "region", .type = RQ_FIELD_REGION, .zh = "行政区划（含下级）", .en = "region with all below it"},
    {.name = "from", .type = RQ_FIELD_DATE, .zh = "起始日", .en = "posted on or after"},
    {.name = "to", .type = RQ_FIELD_DATE, .zh = "截止日", .en = "posted on or before"},
};
static const rq_schema overview_query = RQ_SCHEMA("StatisticsQuery", overview_fields, NULL);
static const rq_field overdue_fields[] = {
    {.name = "region", .type = RQ_FIELD_REGION, .zh = "行政区划（含下级）", .en = "region with all below it"},
};
static const rq_schema overdue_query = RQ_SCHEMA("OverdueQuery", overdue_fields, NULL);

enum { VIEWERS = RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR };
static const rq_route statistics_rows[] = {
    {.method = RQ_GET, .path = "/v1/statistics", .roles = VIEWERS, .input = &overview_query, .statement = "statistics/overview", .reply = "Statistics", .zh = "区域统计", .en = "What became of a region's needs"},
    {.method = RQ_GET, .path = "/v1/statistics/overdue", .roles = VIEWERS, .input = &overdue_query, .statement = "statistics/overdue", .reply = "List", .zh = "逾期业务（按机构）", .en = "Overdue cases by institution"},
};
const rq_routes rq_statistics_routes = RQ_ROUTES(statistics_rows);

static const rq_field audit_fields[] = {
    RQ_PAGE_FIELDS,
    {.name = "case_id", .type = RQ_FIELD_UUID, .zh = "业务", .en = "the case"},
};
static const rq_schema audit_query = RQ_SCHEMA("AuditQuery", audit_fields, NULL);
static const rq_route audit_rows[] = {
    {.method = RQ_GET, .path = "/v1/audit-events", .roles = RQ_ROLE_ANYBODY, .input = &audit_query, .statement = "audit-events/list", .reply = "List", .zh = "操作留痕（审计员看全部，其他人看自己的）", .en = "The trail: auditors all of it, others their own acts"},
};
const rq_routes rq_audit_routes = RQ_ROUTES(audit_rows);
