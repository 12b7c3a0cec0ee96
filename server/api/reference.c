/* Reference data: code tables, vocabularies, the lives of cases, the published weights. */
#include <string.h>

#include "rongqiao/match.h"
#include "routes.h"

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
    RQ_ROUTE(GET, "/v1/reference/records", RQ_ROLE_PUBLIC, NULL, "reference/records", 0, "List",
             "机构答复记录（可能性与速度的依据）",
             "Institutions' records: what likelihood and speed rest on"),
    RQ_ROUTE(GET, "/v1/reference/guarantee-checklist", RQ_ROLE_PUBLIC, NULL, "reference/guarantee-checklist",
             0, "List", "担保审查清单", "The items of the guarantee checklist"),
    RQ_ROUTE(GET, "/v1/reference/figures", RQ_ROLE_PUBLIC, NULL, "reference/figures", 0, "List", "统计口径",
             "What every figure of the reports means"),
    RQ_ROUTE(GET, "/v1/reference/weights", RQ_ROLE_PUBLIC, NULL, "reference/weights", 0, "List",
             "公布的评分权重", "The published weights"),
};
const rq_routes rq_reference_routes = RQ_ROUTES(rows);
