/* Programmes of public aid: subsidies, risk pools, bridge funds. */
#include "routes.h"

static void check_programme(const json_t *object, const char *pointer, rq_faults *faults)
{
    bool share = json_is_integer(json_object_get(object, "share_ppm"));
    bool points = json_is_integer(json_object_get(object, "points_ppm"));
    const char *type = json_string_value(json_object_get(object, "type"));
    if (rq_list_has("=interest_subsidy,fee_subsidy", type) && !share && !points)
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/share_ppm", pointer), "either", 0,
                     "share_ppm, points_ppm");
}

static const rq_field fields[] = {
    {"type", RQ_FIELD_WORD, true, 0, 0, "=interest_subsidy,fee_subsidy,risk_pool,bridge_fund", NULL,
     "政策类型", "type of aid"},
    {"name_zh", RQ_FIELD_TEXT, true, 2, 120, NULL, NULL, "名称", "name in Chinese"},
    {"name_en", RQ_FIELD_TEXT, false, 2, 120, NULL, NULL, "英文名称", "name in English"},
    {"kinds", RQ_FIELD_WORDS, false, 0, 13, "kind", NULL, "适用产品类型（空为全部）",
     "kinds of finance; none: all"},
    {"regions", RQ_FIELD_REGIONS, false, 0, 400, NULL, NULL, "适用区域（空为全国）",
     "regions; none: the whole country"},
    {"rules", RQ_FIELD_OBJECTS, false, 0, 40, NULL, &rq_rule_schema, "条件", "conditions"},
    {"share_ppm", RQ_FIELD_INTEGER, false, 0, 1000000, NULL, NULL, "补贴比例", "share that comes back, ppm"},
    {"points_ppm", RQ_FIELD_INTEGER, false, 0, 100000, NULL, NULL, "贴息点数",
     "points of the yearly rate, ppm"},
    {"cap_fen", RQ_FIELD_INTEGER, false, 1, INT64_C(100000000000000), NULL, NULL, "每年上限，分",
     "at most a year, fen"},
    {"valid_from", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "生效日", "valid from"},
    {"valid_to", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "失效日", "valid to"},
    {"conditions_zh", RQ_FIELD_TEXT, false, 1, 2000, NULL, NULL, "其他条件",
     "further conditions, not evaluated"},
    {"conditions_en", RQ_FIELD_TEXT, false, 1, 2000, NULL, NULL, "其他条件（英文）", "the same in English"},
    {"source_url", RQ_FIELD_TEXT, false, 1, 500, NULL, NULL, "资料来源", "where it is published"},
    {"source_note", RQ_FIELD_TEXT, false, 1, 2000, NULL, NULL, "来源说明", "what the source says beside"},
};
static const rq_schema input = RQ_SCHEMA("NewProgramme", fields, check_programme);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {"type", RQ_FIELD_WORD, false, 0, 0, "=interest_subsidy,fee_subsidy,risk_pool,bridge_fund", NULL, "类型",
     "type"},
};
static const rq_schema list_query = RQ_SCHEMA("ProgrammeQuery", list_fields, NULL);

static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/programmes", RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, &input, "programmes/create",
             RQ_ROUTE_KEY, "Programme", "发布政策工具", "Publish a programme"),
    RQ_ROUTE(GET, "/v1/programmes", RQ_ROLE_PUBLIC, &list_query, "programmes/list", 0, "List", "政策工具列表",
             "Programmes"),
    RQ_ROUTE(GET, "/v1/programmes/{id}", RQ_ROLE_PUBLIC, NULL, "programmes/get", 0, "Programme", "政策工具",
             "One programme"),
    RQ_ROUTE(POST, "/v1/programmes/{id}/retire", RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, NULL,
             "programmes/retire", RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY, "Programme", "下线", "Take off line"),
};
const rq_routes rq_programme_routes = RQ_ROUTES(rows);
