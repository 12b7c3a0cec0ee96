/* Reference data: code tables, vocabularies, the lives of cases, figures, the calendar. */
#include <string.h>

#include "rongqiao/clock.h"
#include "rongqiao/match.h"
#include "routes.h"
#include "worker.h"

#define CODE_FIELDS                                                                                          \
    {"parent", RQ_FIELD_CODE, false, 1, 6, NULL, NULL, "上级代码", "code of the level above"},               \
    {                                                                                                        \
        "q", RQ_FIELD_TEXT, false, 1, 40, NULL, NULL, "名称包含，或代码开头",                                \
            "part of a name, or a code's start"                                                              \
    }
static const rq_field region_fields[] = {
    CODE_FIELDS,
    {"level", RQ_FIELD_WORD, false, 0, 0, "=province,prefecture,county", NULL, "层级", "level"},
};
static const rq_schema region_query = RQ_SCHEMA("RegionQuery", region_fields, NULL);
static const rq_field industry_fields[] = {
    CODE_FIELDS,
    {"level", RQ_FIELD_WORD, false, 0, 0, "=section,division,group,class", NULL, "层级", "level"},
};
static const rq_schema industry_query = RQ_SCHEMA("IndustryQuery", industry_fields, NULL);

/* The vocabularies and the facts, from the tables that the engine and the schemas use. */
static rq_step answer_vocabulary(rq_call *call)
{
    static const rq_reply_header headers[] = {{"Content-Type", "application/json"},
                                              {"Cache-Control", "public, max-age=3600"}};
    rq_buffer out;
    rq_buffer_init(&out, RQ_LIMIT_REPLY_BYTES);
    rq_json json = rq_json_on(&out);
    rq_json_object(&json, NULL);
    rq_json_array(&json, "words");
    for (size_t i = 0; i < RQ_WORDS; i++) {
        rq_json_object(&json, NULL);
        rq_json_string(&json, "list", rq_words[i].list);
        rq_json_string(&json, "name", rq_words[i].name);
        rq_json_string(&json, "zh", rq_words[i].zh);
        rq_json_string(&json, "en", rq_words[i].en);
        rq_json_object_end(&json);
    }
    rq_json_array_end(&json);
    rq_json_array(&json, "facts");
    for (size_t i = 0; i < RQ_FACTS; i++) {
        static const char *const types[] = {"money", "share", "count", "months", "flag", "word", "words"};
        rq_json_object(&json, NULL);
        rq_json_string(&json, "name", rq_facts[i].name);
        rq_json_string(&json, "type", types[rq_facts[i].type]);
        rq_json_string(&json, "list", rq_facts[i].list);
        rq_json_string(&json, "repair", rq_vocabulary("repair").first[rq_facts[i].repair].name);
        rq_json_string(&json, "zh", rq_facts[i].zh);
        rq_json_string(&json, "en", rq_facts[i].en);
        rq_json_object_end(&json);
    }
    rq_json_array_end(&json);
    rq_json_object_end(&json);
    if (out.failed)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    else
        rq_call_answer(call, 200, out.data, out.length, headers, 2);
    rq_buffer_done(&out);
    return RQ_STEP_ANSWERED;
}

/* What a match made now would rest on. */
static rq_step answer_catalogue(rq_call *call)
{
    const rq_catalogue *catalogue = call->worker->catalogue;
    if (!catalogue) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    const rq_catalogue_basis basis = rq_catalogue_basis_of(catalogue);
    static const rq_reply_header headers[] = {{"Content-Type", "application/json"},
                                              {"Cache-Control", "no-store"}};
    rq_buffer out;
    rq_buffer_init(&out, RQ_LIMIT_REPLY_BYTES);
    rq_json json = rq_json_on(&out);
    rq_json_object(&json, NULL);
    rq_json_int(&json, "catalogue_version", basis.version);
    rq_json_int(&json, "products", (int64_t)basis.products);
    rq_json_int(&json, "weights_version", basis.weights_version);
    rq_json_int(&json, "per_institution", basis.per_institution);
    rq_json_int(&json, "lpr_1y_ppm", basis.lpr_1y_ppm);
    rq_json_int(&json, "lpr_5y_ppm", basis.lpr_5y_ppm);
    rq_json_int(&json, "shown_eligible", RQ_LIMIT_MATCH_ELIGIBLE);
    rq_json_int(&json, "shown_needing_facts", RQ_LIMIT_MATCH_UNKNOWN);
    rq_json_int(&json, "shown_near_misses", RQ_LIMIT_MATCH_NEAR);
    rq_json_object_end(&json);
    if (out.failed)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    else
        rq_call_answer(call, 200, out.data, out.length, headers, 2);
    rq_buffer_done(&out);
    return RQ_STEP_ANSWERED;
}

static const rq_field year_fields[] = {
    {"year", RQ_FIELD_INTEGER, false, 2025, 2100, NULL, NULL, "年份", "the year"},
};
static const rq_schema year_query = RQ_SCHEMA("CalendarQuery", year_fields, NULL);
/* Past days stay: what was counted by them was counted. */
static void check_day(const json_t *object, const char *pointer, rq_faults *faults)
{
    const json_t *day = json_object_get(object, "day");
    rq_date date;
    if (rq_date_parse(json_string_value(day), json_string_length(day), &date) && date < rq_today())
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/day", pointer), "date_past", 0, NULL);
}
static const rq_field day_fields[] = {
    {"day", RQ_FIELD_DATE, true, 0, 0, NULL, NULL, "日期，今日起", "the day, from today on"},
    {"is_workday", RQ_FIELD_BOOLEAN, true, 0, 0, NULL, NULL, "是否工作日（调休为是）",
     "whether it is worked"},
    {"name", RQ_FIELD_TEXT, true, 1, 60, NULL, NULL, "名称", "what it is called"},
    {"name_en", RQ_FIELD_TEXT, false, 1, 120, NULL, NULL, "英文名称", "what it is called in English"},
    {"remove", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "取消此日的特殊安排",
     "the day is as its weekday again"},
};
static const rq_schema day_schema = RQ_SCHEMA("CalendarDay", day_fields, check_day);
static const rq_field calendar_fields[] = {
    {"days", RQ_FIELD_OBJECTS, true, 1, 100, NULL, &day_schema, "特殊日", "the days"},
};
static const rq_schema calendar_input = RQ_SCHEMA("Calendar", calendar_fields, NULL);

static const rq_route rows[] = {
    RQ_ROUTE(GET, "/v1/reference/regions", RQ_ROLE_PUBLIC, &region_query, "reference/regions", 0, "List",
             "行政区划", "Regions"),
    RQ_ROUTE(GET, "/v1/reference/industries", RQ_ROLE_PUBLIC, &industry_query, "reference/industries", 0,
             "List", "行业", "Industries"),
    RQ_ROUTE(GET, "/v1/reference/refusal-reasons", RQ_ROLE_PUBLIC, NULL, "reference/refusal-reasons", 0,
             "List", "拒绝原因", "Reasons of refusal"),
    RQ_ROUTE(GET, "/v1/reference/transitions", RQ_ROLE_PUBLIC, NULL, "reference/transitions", 0, "Object",
             "业务流转表", "The lives of cases"),
    RQ_ROUTE(GET, "/v1/reference/vocabulary", RQ_ROLE_PUBLIC, NULL, NULL, 0, "Object", "词表与事实",
             "Vocabularies and facts", .compute = answer_vocabulary),
    RQ_ROUTE(GET, "/v1/reference/catalogue", RQ_ROLE_ANYBODY, NULL, NULL, 0, "Object",
             "当前匹配所依据的产品目录版本、权重版本与 LPR",
             "What a match made now rests on: versions of the catalogue and the weights, LPR",
             .compute = answer_catalogue),
    RQ_ROUTE(GET, "/v1/reference/records", RQ_ROLE_PUBLIC, NULL, "reference/records", 0, "List",
             "机构答复记录（可能性与速度的依据）",
             "Institutions' records: what likelihood and speed rest on"),
    RQ_ROUTE(GET, "/v1/reference/guarantee-checklist", RQ_ROLE_PUBLIC, NULL, "reference/guarantee-checklist",
             0, "List", "担保审查清单", "The items of the guarantee checklist"),
    RQ_ROUTE(GET, "/v1/reference/calendar", RQ_ROLE_PUBLIC, &year_query, "reference/calendar", 0, "List",
             "工作日历", "The calendar of working days"),
    RQ_ROUTE(POST, "/v1/reference/calendar", RQ_ROLE_OPERATOR, &calendar_input, "reference/set-calendar",
             RQ_ROUTE_KEY, "List", "公布节假日与调休", "Announce holidays and make-up days"),
    RQ_ROUTE(GET, "/v1/reference/figures", RQ_ROLE_PUBLIC, NULL, "reference/figures", 0, "List", "统计口径",
             "What every figure of the reports means"),
};
const rq_routes rq_reference_routes = RQ_ROUTES(rows);
