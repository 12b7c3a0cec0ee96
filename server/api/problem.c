#include "problem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/json_memory.h"

static const rq_problem problems[] = {
#define PROBLEM(code, status, zh, en) {#code, status, zh, en},
#include "problems.def"
#undef PROBLEM
};

static const struct {
    const char *code, *zh, *en;
} faults_texts[] = {
#define FAULT(code, zh, en) {#code, zh, en},
#include "faults.def"
#undef FAULT
};

/* Constraints that a request can break, each with the problem it means and the field it is about. */
static const struct {
    const char *constraint, *code, *pointer;
} constraints[] = {
    {"user_login_taken", "login_taken", "/login"},
    {"enterprise_uscc_taken", "uscc_taken", "/uscc"},
    {"institution_name_taken", "name_taken", "/name_zh"},
    {"programme_name_taken", "name_taken", "/name_zh"},
    {"product_no_taken", "name_taken", "/product_no"},
    {"enterprise_region_known", "region_unknown", "/region_code"},
    {"enterprise_industry_known", "industry_unknown", "/industry_code"},
    {"app_user_region_code_fkey", "region_unknown", "/region_code"},
    {"app_user_institution_id_fkey", "institution_unknown", "/institution_id"},
    {"consent_institution_id_fkey", "institution_unknown", "/institution_id"},
    {"application_once_live", "application_exists", NULL},
    {"application_two_stops", "paper_stops_exhausted", NULL},
    {"offer_one_live", "offer_exists", NULL},
    {"offer_rounds", "transition_not_allowed", NULL},
    {"offer_funded_within", "validation_failed", "/funded_fen"},
    {"offer_maker_is_not_checker", "maker_cannot_check", NULL},
    {"application_maker_is_not_checker", "maker_cannot_check", NULL},
    {"guarantee_maker_is_not_checker", "maker_cannot_check", NULL},
    {"product_maker_is_not_checker", "maker_cannot_check", NULL},
    {"guarantee_once_live", "guarantee_exists", NULL},
    {"guarantee_shares_whole", "validation_failed", "/share_bank_ppm"},
    {"guarantee_filing_month_form", "validation_failed", "/filing_month"},
    {"guarantee_case_re_guarantor_id_fkey", "institution_unknown", "/re_guarantor_id"},
    {"guarantee_case_reason_code_fkey", "validation_failed", "/reason_code"},
    {"enterprise_province_of_region", "validation_failed", "/region_code"},
    {"enterprise_tag_validity", "validation_failed", "/tags"},
    {"user_enterprise_known", "reference_unknown", "/enterprise_id"},
    {"nudge_once_a_day", "nudged_already", NULL},
    {"guarantee_check_item_known", "validation_failed", "/items"},
    {"guarantee_claim_within", "validation_failed", "/claim_fen"},
    {"enterprise_established_in_past", "validation_failed", "/established_on"},
    {"round_slots_local_within", "validation_failed", "/slots_local"},
    {"round_funded_within", "validation_failed", "/funded_fen"},
    {"user_one_side", "validation_failed", "/roles"},
    {"user_roles_known", "validation_failed", "/roles"},
};

/* SQLSTATEs by their first characters; the first row that fits counts. */
static const struct {
    const char *prefix, *code;
} sqlstates[] = {
    {"42501", "not_found"}, /* row level security: not yours */
    {"23503", "reference_unknown"}, {"23505", "conflict"},       {"23", "value_refused"},
    {"22", "value_refused"},        {"55P03", "busy_elsewhere"}, {"40", "busy_elsewhere"},
    {"57014", "unavailable"},       {"57", "unavailable"},       {"53", "unavailable"},
    {"08", "unavailable"},          {"25006", "unavailable"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const rq_problem *rq_problem_find(const char *code)
{
    for (size_t i = 0; i < COUNT(problems); i++)
        if (strcmp(problems[i].code, code) == 0)
            return &problems[i];
    return rq_problem_find("internal_error");
}

const rq_problem *rq_problem_for_status(int status)
{
    static const struct {
        int status;
        const char *code;
    } by_status[] = {{400, "bad_request"},     {408, "request_timeout"},    {413, "body_too_large"},
                     {414, "target_too_long"}, {417, "expectation_failed"}, {431, "headers_too_large"},
                     {501, "not_implemented"}, {503, "unavailable"},        {505, "version_unsupported"}};
    for (size_t i = 0; i < COUNT(by_status); i++)
        if (by_status[i].status == status)
            return rq_problem_find(by_status[i].code);
    return rq_problem_find("internal_error");
}

const rq_problem *rq_problem_of_sql(const rq_db_reply *reply, const char **out_pointer)
{
    *out_pointer = NULL;
    if (reply->outcome == RQ_DB_UNAVAILABLE)
        return rq_problem_find("unavailable");
    if (reply->outcome == RQ_DB_UNKNOWN)
        return rq_problem_find("outcome_unknown");
    if (strncmp(reply->sqlstate, "RQ", 2) == 0)
        return rq_problem_find(reply->message);
    for (size_t i = 0; i < COUNT(constraints) && reply->constraint && reply->constraint[0]; i++)
        if (strcmp(constraints[i].constraint, reply->constraint) == 0) {
            *out_pointer = constraints[i].pointer;
            return rq_problem_find(constraints[i].code);
        }
    for (size_t i = 0; i < COUNT(sqlstates); i++)
        if (strncmp(sqlstates[i].prefix, reply->sqlstate, strlen(sqlstates[i].prefix)) == 0)
            return rq_problem_find(sqlstates[i].code);
    return rq_problem_find("internal_error");
}

json_t *rq_problem_table(void)
{
    json_t *by_constraint = json_object(), *by_state = json_array(), *texts = json_object();
    json_t *table =
        json_pack("{s:O, s:O, s:O}", "constraints", by_constraint, "sqlstates", by_state, "texts", texts);
    bool ok = table;
    for (size_t i = 0; i < COUNT(constraints); i++)
        ok &= !json_object_set_new(
            by_constraint, constraints[i].constraint,
            json_pack("{s:s, s:s?}", "code", constraints[i].code, "pointer", constraints[i].pointer));
    for (size_t i = 0; i < COUNT(sqlstates); i++)
        ok &= !json_array_append_new(by_state, json_pack("[s, s]", sqlstates[i].prefix, sqlstates[i].code));
    for (size_t i = 0; i < COUNT(problems); i++)
        ok &= !json_object_set_new(texts, problems[i].code,
                                   json_pack("{s:s, s:s}", "zh", problems[i].zh, "en", problems[i].en));
    json_decref(by_constraint);
    json_decref(by_state);
    json_decref(texts);
    if (ok)
        return table;
    json_decref(table);
    return NULL;
}

bool rq_fault_texts(const char *code, const char **out_zh, const char **out_en)
{
    for (size_t i = 0; i < COUNT(faults_texts); i++)
        if (strcmp(faults_texts[i].code, code) == 0) {
            *out_zh = faults_texts[i].zh;
            *out_en = faults_texts[i].en;
            return true;
        }
    return false;
}

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), wanted = strlen(ending);
    return length >= wanted && strcmp(text + length - wanted, ending) == 0;
}

/* A bound as people read it: money in yuan, rates and shares in per cent, whatever the field counts in. */
static void bound_text(const rq_fault *fault, const char *yuan, char *out, size_t size)
{
    const struct {
        const char *ending, *unit;
        int64_t one;
    } units[] = {{"_fen", yuan, 100}, {"_ppm", " %", 10000}, {"", "", 1}}, *unit = units;
    while (!ends_in(fault->pointer, unit->ending))
        unit++;
    int64_t part = llabs(fault->bound % unit->one) * (10000 / unit->one);
    const char *sign = fault->bound < 0 && fault->bound / unit->one == 0 ? "-" : "";
    char number[40];
    int length =
        snprintf(number, sizeof number, "%s%" PRId64 ".%04" PRId64, sign, fault->bound / unit->one, part);
    while (number[length - 1] == '0')
        length--;
    if (number[length - 1] == '.')
        length--;
    snprintf(out, size, "%.*s%s", length, number, unit->unit);
}

/* Fills the %s of a fault's text with its bound or its words. */
static void fault_text(const char *pattern, const rq_fault *fault, const char *yuan, char *out, size_t size)
{
    const char *hole = strstr(pattern, "%s"), *word = fault->word;
    char bound[64];
    if (!hole) {
        snprintf(out, size, "%s", pattern);
        return;
    }
    if (!word) {
        bound_text(fault, yuan, bound, sizeof bound);
        word = bound;
    }
    snprintf(out, size, "%.*s%s%s", (int)(hole - pattern), pattern, word, hole + 2);
}

void rq_fault_write_texts(const rq_fault *fault, char out_zh[RQ_FAULT_TEXT], char out_en[RQ_FAULT_TEXT])
{
    const char *zh = "", *en = "";
    rq_fault_texts(fault->code, &zh, &en);
    fault_text(zh, fault, " 元", out_zh, RQ_FAULT_TEXT);
    fault_text(en, fault, " yuan", out_en, RQ_FAULT_TEXT);
}

static void write_fault(const rq_fault *fault, rq_language language, rq_json *json)
{
    char text_zh[RQ_FAULT_TEXT], text_en[RQ_FAULT_TEXT];
    rq_fault_write_texts(fault, text_zh, text_en);
    rq_json_object(json, NULL);
    rq_json_string(json, "pointer", fault->pointer);
    rq_json_string(json, "code", fault->code);
    rq_json_string(json, "detail", language == RQ_CHINESE ? text_zh : text_en);
    rq_json_string(json, "detail_zh", text_zh);
    rq_json_string(json, "detail_en", text_en);
    rq_json_object_end(json);
}

/* Adds the members of a JSON object in text form. */
static void write_extension(const char *extension, rq_json *json)
{
    json_t *object = extension ? json_loads(extension, 0, NULL) : NULL;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        if (text)
            rq_json_raw(json, key, text, strlen(text));
        rq_json_free(text);
    }
    json_decref(object);
}

void rq_problem_write(const rq_problem *problem, rq_language language, const char *request_id,
                      const rq_faults *faults, const char *extension, rq_buffer *out)
{
    char type[96];
    rq_json json = rq_json_on(out);
    snprintf(type, sizeof(type), "/problems/%s", problem->code);
    rq_json_object(&json, NULL);
    rq_json_string(&json, "type", type);
    rq_json_string(&json, "title", language == RQ_CHINESE ? problem->zh : problem->en);
    rq_json_int(&json, "status", problem->status);
    rq_json_string(&json, "code", problem->code);
    rq_json_string(&json, "title_zh", problem->zh);
    rq_json_string(&json, "title_en", problem->en);
    rq_json_string(&json, "request_id", request_id);
    if (faults && faults->count > 0) {
        rq_json_array(&json, "errors");
        for (size_t i = 0; i < faults->count; i++)
            write_fault(&faults->list[i], language, &json);
        rq_json_array_end(&json);
    }
    write_extension(extension, &json);
    rq_json_object_end(&json);
}

rq_language rq_language_of(rq_slice accept_language)
{
    int best[2] = {-1, -1}, weight;
    rq_slice list = accept_language, range;
    while (rq_accept_next(&list, &range, &weight)) {
        if (range.length < 2)
            continue;
        int language = strncasecmp(range.data, "zh", 2) == 0   ? RQ_CHINESE
                       : strncasecmp(range.data, "en", 2) == 0 ? RQ_ENGLISH
                                                               : -1;
        if (language >= 0 && weight > best[language])
            best[language] = weight;
    }
    return best[RQ_ENGLISH] > 0 && best[RQ_ENGLISH] > best[RQ_CHINESE] ? RQ_ENGLISH : RQ_CHINESE;
}
