/* What became of the needs of a region, how fast, and whose cases are late; the trail for auditors. Every
 * figure says what it means and which list it counts: migrations/data/figure.csv. */
#include <string.h>

#include "rongqiao/ids.h"
#include "routes.h"

/* The last day is not before the first. */
void rq_check_period(const json_t *object, const char *pointer, rq_faults *faults)
{
    const char *from = json_string_value(json_object_get(object, "from"));
    const char *to = json_string_value(json_object_get(object, "to"));
    if (from && to && strcmp(to, from) < 0)
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/to", pointer), "order", 0, from);
}

/* What falls due, or "never"; the id behind it. */
static bool is_due_cursor(const char *text)
{
    size_t due = strncmp(text, "never", 5) == 0 ? 5 : strspn(text, "0123456789");
    return due > 0 && due <= 17 && text[due] == '_' &&
           rq_uuid_is_valid(text + due + 1, strlen(text + due + 1));
}

static void check_cursor(const json_t *object, const char *pointer, bool by_deadline, rq_faults *faults)
{
    const char *cursor = json_string_value(json_object_get(object, "cursor"));
    if (cursor && !(by_deadline ? is_due_cursor(cursor) : rq_uuid_is_valid(cursor, strlen(cursor))))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/cursor", pointer), "cursor", 0, NULL);
}

void rq_check_due_list(const json_t *object, const char *pointer, rq_faults *faults)
{
    const char *order = json_string_value(json_object_get(object, "order"));
    check_cursor(object, pointer, order && strcmp(order, "deadline") == 0, faults);
    rq_check_period(object, pointer, faults);
}

static void check_overdue_list(const json_t *object, const char *pointer, rq_faults *faults)
{
    check_cursor(object, pointer, true, faults);
}

static const rq_field overview_fields[] = {RQ_REGION_FIELD, RQ_PERIOD_FIELDS};
static const rq_schema overview_query = RQ_SCHEMA("StatisticsQuery", overview_fields, rq_check_period);
static const rq_field overdue_fields[] = {RQ_REGION_FIELD};
static const rq_schema overdue_query = RQ_SCHEMA("OverdueQuery", overdue_fields, NULL);
static const rq_field overdue_case_fields[] = {
    RQ_DUE_PAGE_FIELDS(38),
    RQ_REGION_FIELD,
    RQ_WAITS_FOR_FIELD,
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "机构（不含需求）",
     "the institution's; no needs then"},
};
static const rq_schema overdue_case_query =
    RQ_SCHEMA("OverdueCaseQuery", overdue_case_fields, check_overdue_list);

#define REPORT_FIELDS                                                                                        \
    RQ_REGION_FIELD, RQ_PERIOD_FIELDS, RQ_COUNTED_FIELDS,                                                    \
    {                                                                                                        \
        "institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "机构", "what reached this institution"    \
    }
static const rq_field report_fields[] = {REPORT_FIELDS};
static const rq_schema report_query = RQ_SCHEMA("ReportQuery", report_fields, rq_check_period);
static const rq_field region_report_fields[] = {
    REPORT_FIELDS,
    {"level", RQ_FIELD_WORD, false, 0, 0, "=province,prefecture,county", NULL, "按哪一级区划，默认下一级",
     "level of the regions, the one below unless told"},
};
static const rq_schema region_report_query =
    RQ_SCHEMA("RegionReportQuery", region_report_fields, rq_check_period);
static const rq_field trend_fields[] = {
    REPORT_FIELDS,
    {"step", RQ_FIELD_WORD, false, 0, 0, "=day,week,month", NULL, "步长，默认按日",
     "by day (unless told), week or month"},
};
static const rq_schema trend_query = RQ_SCHEMA("TrendQuery", trend_fields, rq_check_period);

enum {
    VIEWERS = RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR,
    COUNTERS = VIEWERS | RQ_ROLES_INSTITUTION, /* institutions count their own */
};
static const rq_route statistics_rows[] = {
    RQ_ROUTE(GET, "/v1/statistics", VIEWERS, &overview_query, "statistics/overview", 0, "Statistics",
             "区域统计", "What became of a region's needs"),
    RQ_ROUTE(GET, "/v1/statistics/funnel", COUNTERS, &report_query, "statistics/funnel", 0, "Funnel",
             "漏斗：发布、匹配、报方案、担保、放款", "The funnel from posting to money",
             .prelude = "statistics/filter"),
    RQ_ROUTE(GET, "/v1/statistics/regions", COUNTERS, &region_report_query, "statistics/regions", 0, "Report",
             "下级区域统计", "The regions below, one level or more", .prelude = "statistics/filter"),
    RQ_ROUTE(GET, "/v1/statistics/institutions", COUNTERS, &report_query, "statistics/institutions", 0,
             "InstitutionReport", "机构答复统计", "How institutions answered",
             .prelude = "statistics/filter"),
    RQ_ROUTE(GET, "/v1/statistics/trend", COUNTERS, &trend_query, "statistics/trend", 0, "Report", "趋势",
             "By day, week or month", .prelude = "statistics/trend-filter"),
    RQ_ROUTE(GET, "/v1/statistics/overdue", VIEWERS, &overdue_query, "statistics/overdue", 0, "List",
             "逾期业务（按机构）", "Overdue cases by institution"),
    RQ_ROUTE(GET, "/v1/statistics/overdue-cases", VIEWERS, &overdue_case_query, "statistics/overdue-cases", 0,
             "List", "逾期业务，逾期最久者在前", "Overdue cases of every kind, the longest overdue first"),
    RQ_ROUTE(GET, "/v1/statistics/desk", RQ_ROLES_BANK, NULL, "statistics/desk", 0, "Desk",
             "银行工作台各队列的件数（至多 1000）",
             "How many cases stand in each queue of a bank's workbench, a thousand at most"),
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
