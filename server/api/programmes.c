/* Programmes of public aid: subsidies, risk pools, bridge funds. */
#include "routes.h"

static void check_programme(const json_t *object, const char *pointer, rq_faults *faults)
{
    bool share = json_is_integer(json_object_get(object, "share_ppm"));
    bool points = json_is_integer(json_object_get(object, "points_ppm"));
    const char *type = json_string_value(json_object_get(object, "type"));
    if (rq_list_has("=interest_subsidy,fee_subsidy", type) && !share && !points)
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/share_ppm", pointer), "either", 0, "share_ppm, points_ppm");
}

static const rq_field fields[] = {
    {.name = "type", .type = RQ_FIELD_WORD, .required = true, .list = "=interest_subsidy,fee_subsidy,risk_pool,bridge_fund", .zh = "政策类型", .en = "type of aid"},
    {.name = "name_zh", .type = RQ_FIELD_TEXT, .required = true, .min = 2, .max = 120, .zh = "名称", .en = "name in Chinese"},
    {.name = "name_en", .type = RQ_FIELD_TEXT, .min = 2, .max = 120, .zh = "英文名称", .en = "name in English"},
    {.name = "kinds", .type = RQ_FIELD_WORDS, .min = 0, .max = 13, .list = "kind", .zh = "适用产品类型（空为全部）", .en = "kinds of finance; none: all"},
    {.name = "regions", .type = RQ_FIELD_REGIONS, .min = 0, .max = 400, .zh = "适用区域（空为全国）", .en = "regions; none: the whole country"},
    {.name = "rules", .type = RQ_FIELD_OBJECTS, .min = 0, .max = 40, .schema = &rq_rule_schema, .zh = "条件", .en = "conditions"},
    {.name = "share_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 1000000, .zh = "补贴比例", .en = "share that comes back, ppm"},
    {.name = "points_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 100000, .zh = "贴息点数", .en = "points of the yearly rate, ppm"},
    {.name = "cap_fen", .type = RQ_FIELD_INTEGER, .min = 1, .max = INT64_C(100000000000000), .zh = "每年上限，分", .en = "at most a year, fen"},
    {.name = "valid_from", .type = RQ_FIELD_DATE, .zh = "生效日", .en = "valid from"},
    {.name = "valid_to", .type = RQ_FIELD_DATE, .zh = "失效日", .en = "valid to"},
    {.name = "conditions_zh", .type = RQ_FIELD_TEXT, .min = 1, .max = 2000, .zh = "其他条件", .en = "further conditions, not evaluated"},
    {.name = "conditions_en", .type = RQ_FIELD_TEXT, .min = 1, .max = 2000, .zh = "其他条件（英文）", .en = "the same in English"},
    {.name = "source_url", .type = RQ_FIELD_TEXT, .min = 1, .max = 500, .zh = "资料来源", .en = "where it is published"},
    {.name = "source_note", .type = RQ_FIELD_TEXT, .min = 1, .max = 2000, .zh = "来源说明", .en = "what the source says beside"},
};
static const rq_schema input = RQ_SCHEMA("NewProgramme", fields, check_programme);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {.name = "type", .type = RQ_FIELD_WORD, .list = "=interest_subsidy,fee_subsidy,risk_pool,bridge_fund", .zh = "类型", .en = "type"},
};
static const rq_schema list_query = RQ_SCHEMA("ProgrammeQuery", list_fields, NULL);

static const rq_route rows[] = {
    {.method = RQ_POST, .path = "/v1/programmes", .roles = RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, .input = &input, .statement = "programmes/create", .flags = RQ_ROUTE_KEY, .reply = "Programme", .zh = "发布政策工具", .en = "Publish a programme"},
    {.method = RQ_GET, .path = "/v1/programmes", .roles = RQ_ROLE_PUBLIC, .input = &list_query, .statement = "programmes/list", .reply = "List", .zh = "政策工具列表", .en = "Programmes"},
    {.method = RQ_GET, .path = "/v1/programmes/{id}", .roles = RQ_ROLE_PUBLIC, .statement = "programmes/get", .reply = "Programme", .zh = "政策工具", .en = "One programme"},
    {.method = RQ_POST, .path = "/v1/programmes/{id}/retire", .roles = RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, .statement = "programmes/retire", .flags = RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY, .reply = "Programme", .zh = "下线", .en = "Take off line"},
};
const rq_routes rq_programme_routes = RQ_ROUTES(rows);
