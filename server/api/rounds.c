/* Matchmaking rounds: registration, sealing, the run of the published rule, confirmation, follow-up (domain
 * reference 3.7; the rule: include/rongqiao/round.h). */
#include <stdlib.h>
#include <string.h>

#include "rongqiao/round.h"
#include "routes.h"

#define MONEY_MAX INT64_C(100000000000)

/* ---- inputs ---- */

static void check_plan(const json_t *object, const char *pointer, rq_faults *faults)
{
    (void)pointer;
    json_int_t total = json_integer_value(json_object_get(object, "slots_total"));
    const json_t *until = json_object_get(object, "registers_until");
    rq_date date = 0;
    if (json_integer_value(json_object_get(object, "slots_local")) > total)
        rq_fault_add(faults, "/slots_local", "too_large", total, NULL);
    if (rq_date_parse(json_string_value(until), json_string_length(until), &date) && date < rq_today())
        rq_fault_add(faults, "/registers_until", "date_past", 0, NULL);
    else if (date > rq_today() + 365)
        rq_fault_add(faults, "/registers_until", "date_far", 0, NULL);
}
static const rq_field plan_fields[] = {
    {"name", RQ_FIELD_TEXT, true, 2, 120, NULL, NULL, "名称", "name"},
    {"region_code", RQ_FIELD_REGION, true, 0, 0, NULL, NULL, "地区（000000 为全国）",
     "region whose needs may register; 000000: the whole country"},
    {"registers_until", RQ_FIELD_DATE, true, 0, 0, NULL, NULL, "报名截止日（含）",
     "last day of registration"},
    {"meets_on", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "对接日", "day of the meeting"},
    {"venue", RQ_FIELD_TEXT, false, 1, 200, NULL, NULL, "地点或线上会议", "venue, or room online"},
    {"note", RQ_FIELD_TEXT, false, 1, 1000, NULL, NULL, "说明", "a note"},
    {"band_ppm", RQ_FIELD_INTEGER, false, 1, RQ_ROUND_SCORE_MAX_PPM, NULL, NULL,
     "评分分档宽度，百万分之一，默认 10000（100 档）", "width of a band of scores, ppm; 10,000 unless told"},
    {"slots_total", RQ_FIELD_INTEGER, false, 0, 1000000, NULL, NULL, "对接席位总数，0 为不限",
     "cases that the round holds; 0: no limit"},
    {"slots_local", RQ_FIELD_INTEGER, false, 0, 1000000, NULL, NULL, "其中为本地机构保留的席位",
     "of these, kept for local institutions"},
};
static const rq_schema plan_input = RQ_SCHEMA("NewRound", plan_fields, check_plan);

static const rq_field need_fields[] = {
    {"need_id", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "融资需求", "the need"},
};
static const rq_schema need_input = RQ_SCHEMA("RoundNeed", need_fields, NULL);

static const rq_field institution_fields[] = {
    {"slots", RQ_FIELD_INTEGER, true, 0, 100000, NULL, NULL, "席位（笔数），0 为退出",
     "cases it takes; 0: it leaves"},
    {"money_fen", RQ_FIELD_INTEGER, false, 1, INT64_C(100000000000000), NULL, NULL,
     "额度，分；不填为不限。最后一笔可超出", "money, fen; none: no limit. The last loan may exceed it"},
    {"kinds", RQ_FIELD_WORDS, false, 0, 11, "kind", NULL, "参加的产品种类，不填为全部",
     "kinds of its products that take part; none: all"},
    {"amount_max_fen", RQ_FIELD_INTEGER, false, 100000, MONEY_MAX, NULL, NULL, "单笔上限，分",
     "largest loan, fen"},
};
static const rq_schema institution_input = RQ_SCHEMA("RoundInstitution", institution_fields, NULL);

static const rq_field note_fields[] = {
    {"note", RQ_FIELD_TEXT, false, 1, 1000, NULL, NULL, "说明", "a note"},
};
static const rq_schema note_input = RQ_SCHEMA("RoundMove", note_fields, NULL);

static const rq_field confirm_fields[] = {
    {"place_id", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "对接结果", "the place"},
    {"answer", RQ_FIELD_WORD, true, 0, 0, "=accepted,declined", NULL, "接受或谢绝", "accepted or declined"},
    {"note", RQ_FIELD_TEXT, false, 1, 500, NULL, NULL, "备注", "a note"},
};
static const rq_schema confirm_input = RQ_SCHEMA("RoundConfirmation", confirm_fields, NULL);

static const rq_field intent_fields[] = {
    {"place_id", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "对接结果", "the place"},
    {"intent_fen", RQ_FIELD_INTEGER, true, 0, MONEY_MAX, NULL, NULL, "意向金额，分", "intended amount, fen"},
    {"note", RQ_FIELD_TEXT, false, 1, 500, NULL, NULL, "备注", "a note"},
};
static const rq_schema intent_input = RQ_SCHEMA("RoundIntent", intent_fields, NULL);

static void check_follow_up(const json_t *object, const char *pointer, rq_faults *faults)
{
    (void)pointer;
    json_int_t day = json_integer_value(json_object_get(object, "day"));
    json_int_t approved_fen = json_integer_value(json_object_get(object, "approved_fen"));
    if (day != 7 && day != 30 && day != 90)
        rq_fault_add(faults, "/day", "word", 0, "7, 30, 90");
    if (json_integer_value(json_object_get(object, "funded_fen")) > approved_fen)
        rq_fault_add(faults, "/funded_fen", "too_large", approved_fen, NULL);
}
static const rq_field follow_up_fields[] = {
    {"place_id", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "对接结果", "the place"},
    {"day", RQ_FIELD_INTEGER, true, 7, 90, NULL, NULL, "回访日：7、30 或 90", "day 7, 30 or 90"},
    {"contacted", RQ_FIELD_BOOLEAN, true, 0, 0, NULL, NULL, "是否已联系", "whether they were in contact"},
    {"approved_fen", RQ_FIELD_INTEGER, false, 0, MONEY_MAX, NULL, NULL, "已批金额，分",
     "approved so far, fen"},
    {"funded_fen", RQ_FIELD_INTEGER, false, 0, MONEY_MAX, NULL, NULL, "已放款金额，分", "funded so far, fen"},
};
static const rq_schema follow_up_input = RQ_SCHEMA("RoundFollowUp", follow_up_fields, check_follow_up);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {"state", RQ_FIELD_WORD, false, 0, 0,
     "=planned,registering,sealed,matching,published,confirming,meeting,intents_recorded,follow_up,reported,"
     "closed,"
     "cancelled",
     NULL, "状态", "state"},
    {"region", RQ_FIELD_REGION, false, 0, 0, NULL, NULL, "行政区划（含下级）", "region with all below it"},
};
static const rq_schema list_query = RQ_SCHEMA("RoundQuery", list_fields, NULL);
static const rq_field place_query_fields[] = {
    RQ_PAGE_FIELDS,
    {"run", RQ_FIELD_INTEGER, false, 1, 9, NULL, NULL, "第几次撮合", "of this run only"},
    {"step", RQ_FIELD_WORD, false, 0, 0,
     "=matched,agreed,declined,intents,contacted,approved,funded,confirmed", NULL, "指标所计的结果",
     "those that this figure counts"},
    {"day", RQ_FIELD_INTEGER, false, 7, 90, NULL, NULL, "回访日", "as told on this follow-up day"},
};
static const rq_schema place_query = RQ_SCHEMA("RoundPlaceQuery", place_query_fields, NULL);
#define LEFT_FIELD                                                                                           \
    {                                                                                                        \
        "left", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "已退出", "that left"                             \
    }
static const rq_field registration_fields[] = {RQ_PAGE_FIELDS, LEFT_FIELD};
static const rq_schema registration_query = RQ_SCHEMA("RoundNeedQuery", registration_fields, NULL);
static const rq_field bringing_fields[] = {LEFT_FIELD};
static const rq_schema bringing_query = RQ_SCHEMA("RoundInstitutionQuery", bringing_fields, NULL);
static const rq_field export_fields[] = {
    {"run", RQ_FIELD_INTEGER, false, 1, 9, NULL, NULL, "第几次撮合，默认最近公布的",
     "a run; the last published unless told"},
};
static const rq_schema export_query = RQ_SCHEMA("RoundExportQuery", export_fields, NULL);

/* ---- the rule ---- */

/* Ends the call for what the rule or memory refused. */
static rq_step refuse(rq_call *call, rq_status status, const rq_error *error)
{
    if (status == RQ_INVALID) {
        char *text = rq_arena_printf(call->arena, "{\"detail\":\"%s\"}", error->message);
        rq_call_refuse(call, "value_refused", NULL, text);
    } else {
        rq_call_refuse(call, status == RQ_INTERNAL ? "internal_error" : "unavailable", NULL, NULL);
    }
    return RQ_STEP_ANSWERED;
}

/* Hands `text` and a hash on to the statement. */
static rq_step hand_on(rq_call *call, const rq_buffer *text, const char *hash)
{
    call->computed = text->failed ? NULL : rq_arena_strndup(call->arena, text->data, text->length);
    call->digest = rq_arena_strndup(call->arena, hash, strlen(hash));
    if (call->computed && call->digest)
        return RQ_STEP_ON;
    rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}

/* The canonical bytes of an input, and their hash. */
static rq_status write_input(const rq_round_input *input, rq_buffer *text, char out_hash[RQ_SHA256_HEX + 1],
                             rq_error *error)
{
    rq_json json = rq_json_on(text);
    rq_round_input_render(input, &json);
    return text->failed ? RQ_NOMEM : rq_round_hash(text->data, text->length, out_hash, error);
}

/* The draft of the lists as the bytes that are sealed. The seed is not among them. */
static rq_step seal_lists(rq_call *call)
{
    char hash[RQ_SHA256_HEX + 1] = "";
    rq_error error = {0};
    rq_round_input input;
    rq_buffer text;
    rq_buffer_init(&text, RQ_LIMIT_REPLY_BYTES);
    rq_arena *arena = rq_arena_new(RQ_LIMIT_ROUND_ARENA);
    json_t *facts = json_loads(call->facts, 0, NULL);
    rq_status status =
        arena && facts ? rq_round_input_decode(facts, "sealed", arena, &input, &error) : RQ_NOMEM;
    if (status == RQ_OK)
        status = write_input(&input, &text, hash, &error);
    rq_step step = status == RQ_OK ? hand_on(call, &text, hash) : refuse(call, status, &error);
    json_decref(facts);
    rq_arena_free(arena);
    rq_buffer_done(&text);
    return step;
}

/* Runs the rule and the independent pass, and writes {"input", "input_hash", "result", "proof"}. A result
 * that does not hold is nobody's result. */
static rq_status write_run(const rq_round_input *input, const char *sealed_hash, rq_buffer *out,
                           char out_hash[RQ_SHA256_HEX + 1], rq_error *error)
{
    char input_hash[RQ_SHA256_HEX + 1] = "";
    rq_round_result *result = NULL;
    rq_round_proof proof = {0};
    rq_buffer part;
    rq_buffer_init(&part, RQ_LIMIT_REPLY_BYTES);
    rq_status status = write_input(input, &part, input_hash, error);
    if (status == RQ_OK && sealed_hash && strcmp(sealed_hash, input_hash) != 0)
        status = rq_fail(error, RQ_INTERNAL, "the sealed input is not what was hashed");
    rq_json json = rq_json_on(out);
    rq_json_object(&json, NULL);
    if (status == RQ_OK)
        rq_json_raw(&json, "input", part.data, part.length);
    rq_json_string(&json, "input_hash", input_hash);
    if (status == RQ_OK)
        status = rq_round_run(input, &result, error);
    if (status == RQ_OK)
        status = rq_round_check(input, result, &proof, error);
    if (status == RQ_OK && !rq_round_proof_holds(&proof))
        status = rq_fail(error, RQ_INTERNAL, "the result does not hold");
    if (status == RQ_OK) {
        rq_buffer_clear(&part);
        rq_json inner = rq_json_on(&part);
        rq_round_result_render(input, result, &inner);
        status = part.failed ? RQ_NOMEM : rq_round_hash(part.data, part.length, out_hash, error);
    }
    if (status == RQ_OK) {
        rq_json_raw(&json, "result", part.data, part.length);
        rq_buffer_clear(&part);
        rq_json inner = rq_json_on(&part);
        rq_round_proof_render(&proof, &inner);
        rq_json_raw(&json, "proof", part.data, part.length);
        rq_json_object_end(&json);
    }
    rq_round_free(result);
    rq_buffer_done(&part);
    return status;
}

/* Runs the rule on what the prelude read: {"seed", "input", "input_hash"}. A round that has no sealed lists
 * goes on to the statement, which says what it may do. */
static rq_step run_rule(rq_call *call)
{
    char hash[RQ_SHA256_HEX + 1] = "";
    rq_error error = {0};
    rq_round_input input;
    rq_buffer text;
    rq_buffer_init(&text, RQ_LIMIT_REPLY_BYTES);
    rq_arena *arena = rq_arena_new(RQ_LIMIT_ROUND_ARENA);
    json_t *facts = json_loads(call->facts, 0, NULL);
    const char *seed = json_string_value(json_object_get(facts, "seed"));
    const char *sealed_hash = json_string_value(json_object_get(facts, "input_hash"));
    rq_status status = arena && facts ? RQ_OK : RQ_NOMEM;
    if (status == RQ_OK && seed)
        status = rq_round_input_decode(json_object_get(facts, "input"), seed, arena, &input, &error);
    if (status == RQ_OK && seed)
        status = write_run(&input, sealed_hash, &text, hash, &error);
    else if (status == RQ_OK)
        rq_buffer_text(&text, "{}");
    rq_step step = status == RQ_OK ? hand_on(call, &text, hash) : refuse(call, status, &error);
    json_decref(facts);
    rq_arena_free(arena);
    rq_buffer_done(&text);
    return step;
}

/* ---- routes ---- */

enum {
    RUNNERS = RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR,
    PARTIES = RQ_ROLE_ENTERPRISE | RQ_ROLES_INSTITUTION,
    MOVING = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH | RQ_ROUTE_NO_BODY,
};
#define MOVE(name, zh_text, en_text)                                                                         \
    RQ_ROUTE(POST, "/v1/rounds/{id}/" name, RUNNERS, &note_input, "rounds/move", MOVING, "Round", zh_text,   \
             en_text, .kind = "round", .action = name)
#define COMPUTED(name, before, what, after, zh_text, en_text)                                                \
    RQ_ROUTE(POST, "/v1/rounds/{id}/" name, RUNNERS, NULL, after, MOVING, "Round", zh_text, en_text,         \
             .prelude = (before), .compute = (what), .kind = "round", .action = name)
static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/rounds", RUNNERS, &plan_input, "rounds/create", RQ_ROUTE_KEY, "Round", "计划对接活动",
             "Plan a round", .kind = "round", .action = "plan"),
    RQ_ROUTE(GET, "/v1/rounds", RQ_ROLE_ANYBODY, &list_query, "rounds/list", 0, "List", "对接活动列表",
             "Rounds"),
    RQ_ROUTE(GET, "/v1/rounds/{id}", RQ_ROLE_ANYBODY, NULL, "rounds/get", 0, "Round", "对接活动",
             "One round"),
    MOVE("open", "开放报名", "Open the registration"),
    RQ_ROUTE(POST, "/v1/rounds/{id}/needs", RQ_ROLE_ENTERPRISE, &need_input, "rounds/register-need",
             RQ_ROUTE_KEY, "Object", "需求报名", "Register a need"),
    RQ_ROUTE(GET, "/v1/rounds/{id}/needs",
             RQ_ROLE_ENTERPRISE | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR, &registration_query,
             "rounds/needs", 0, "List", "报名的需求", "Registered needs"),
    RQ_ROUTE(POST, "/v1/rounds/{id}/leave", RQ_ROLE_ENTERPRISE, &need_input, "rounds/leave", RQ_ROUTE_KEY,
             "Object", "需求退出", "Take a need out"),
    RQ_ROUTE(POST, "/v1/rounds/{id}/institutions", RQ_ROLES_INSTITUTION, &institution_input,
             "rounds/register-institution", RQ_ROUTE_KEY, "Object", "机构报名席位与额度",
             "Register slots and money, or change them"),
    RQ_ROUTE(GET, "/v1/rounds/{id}/institutions", RQ_ROLE_ANYBODY, &bringing_query, "rounds/institutions", 0,
             "List", "参加的机构（公布后对所有人可见）",
             "Institutions that take part; all see all after publication"),
    COMPUTED("seal", "rounds/draft", seal_lists, "rounds/seal", "封存名单并公布种子",
             "Seal the lists and tell the seed"),
    COMPUTED("run", "rounds/sealed", run_rule, "rounds/run", "按公布规则撮合", "Run the published rule"),
    MOVE("publish", "公布结果", "Publish the result"),
    MOVE("ask", "请各方 48 小时内确认", "Ask both sides to confirm within 48 hours"),
    RQ_ROUTE(POST, "/v1/rounds/{id}/confirm", PARTIES, &confirm_input, "rounds/confirm", RQ_ROUTE_KEY,
             "RoundPlace", "接受或谢绝", "Accept or decline a place"),
    COMPUTED("rerun", "rounds/remaining", run_rule, "rounds/run", "对谢绝的席位再次撮合",
             "Run again over the declined places"),
    MOVE("meet", "进入对接会", "Go on to the meeting"),
    RQ_ROUTE(POST, "/v1/rounds/{id}/intents", RQ_ROLES_INSTITUTION, &intent_input, "rounds/intend",
             RQ_ROUTE_KEY, "RoundPlace", "登记意向金额", "Record an intent"),
    MOVE("record_intents", "意向登记完毕", "All intents are recorded"),
    MOVE("follow_up", "开始跟踪回访", "Begin the follow-up"),
    RQ_ROUTE(POST, "/v1/rounds/{id}/follow-ups", PARTIES, &follow_up_input, "rounds/follow-up", RQ_ROUTE_KEY,
             "RoundPlace", "回访登记", "Tell what came of a place"),
    MOVE("report", "出具报告", "Report"),
    MOVE("close", "办结", "Close"),
    MOVE("cancel", "取消", "Cancel"),
    RQ_ROUTE(GET, "/v1/rounds/{id}/places", RQ_ROLE_ANYBODY, &place_query, "rounds/places", 0, "List",
             "对接结果及原因（各方看自己的）", "Results with reasons: each side its own"),
    RQ_ROUTE(GET, "/v1/rounds/{id}/export", RQ_ROLE_ANYBODY | RQ_ROLE_PUBLIC, &export_query, "rounds/export",
             0, "RoundExport", "公布结果的可验证导出", "The published result, for anybody to run again"),
    RQ_ROUTE(GET, "/v1/rounds/{id}/statistics", RUNNERS | RQ_ROLE_AUDITOR, NULL, "rounds/statistics", 0,
             "RoundStatistics", "需求、意向、获批、放款对照",
             "Needs, intents, approvals and money side by side"),
};
const rq_routes rq_round_routes = RQ_ROUTES(rows);
