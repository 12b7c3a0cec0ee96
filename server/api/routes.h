/* The tables of routes, one a file of this folder. */
#ifndef RONGQIAO_API_ROUTES_H
#define RONGQIAO_API_ROUTES_H

#include "call.h"

/* A row: method, path, roles, input, statement, flags, reply, Chinese and English summary, and by name what
 * few rows have (.prelude, .compute, .kind, .action, .body_limit). */
#define RQ_ROUTE(method_, path_, roles_, input_, statement_, flags_, reply_, zh_, en_, ...)                  \
    {                                                                                                        \
        .method = RQ_##method_, .path = (path_), .roles = (roles_), .input = (input_),                       \
        .statement = (statement_), .flags = (flags_), .reply = (reply_), .zh = (zh_), .en = (en_),           \
        __VA_ARGS__                                                                                          \
    }

#define RQ_ROUTES(table)                                                                                     \
    {                                                                                                        \
        (table), sizeof(table) / sizeof((table)[0])                                                          \
    }

extern const rq_routes rq_server_routes, rq_session_routes, rq_user_routes, rq_enterprise_routes,
    rq_consent_routes, rq_institution_routes, rq_product_routes, rq_programme_routes, rq_need_routes,
    rq_match_routes, rq_application_routes, rq_offer_routes, rq_guarantee_routes, rq_statistics_routes,
    rq_audit_routes, rq_reference_routes, rq_round_routes, rq_view_routes, rq_search_routes, rq_weight_routes,
    rq_job_routes, rq_totp_routes, rq_notification_routes, rq_nudge_routes;

/* Fields of reports, and of the lists that their figures count (0012_supervision.sql). */
#define RQ_COUNTED_FIELDS                                                                                    \
    {"kind", RQ_FIELD_WORD, false, 0, 0, "kind", NULL, "融资方式", "kind of finance asked for"},             \
    {                                                                                                        \
        "channel", RQ_FIELD_WORD, false, 0, 0, "=any,none,key_list,disaster,wage,first_loan", NULL,          \
            "绿色通道类别，any 为任一", "the green channel; any: one of them"                                \
    }
#define RQ_PERIOD_FIELDS                                                                                     \
    {"from", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "起始日（含）", "first day"},                           \
    {                                                                                                        \
        "to", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "截止日（含）", "last day"                             \
    }
#define RQ_REGION_FIELD                                                                                      \
    {                                                                                                        \
        "region", RQ_FIELD_REGION, false, 0, 0, NULL, NULL, "行政区划（含下级）", "region with all below it" \
    }
#define RQ_DRILL_FIELDS                                                                                      \
    RQ_REGION_FIELD,                                                                                         \
        {"region_exact",                                                                                     \
         RQ_FIELD_BOOLEAN,                                                                                   \
         false,                                                                                              \
         0,                                                                                                  \
         0,                                                                                                  \
         NULL,                                                                                               \
         NULL,                                                                                               \
         "不含下级",                                                                                         \
         "the region alone, without what is below"},                                                         \
        RQ_PERIOD_FIELDS, RQ_COUNTED_FIELDS
/* The last day of a period is not before its first. */
void rq_check_period(const json_t *object, const char *pointer, rq_faults *faults);
/* The same of a list that comes by deadline, too: its cursor is one of its order. */
void rq_check_due_list(const json_t *object, const char *pointer, rq_faults *faults);

/* Schemas that several collections share. */
extern const rq_schema rq_page_query;   /* cursor and limit */
extern const rq_schema rq_reason_input; /* reason_code, reason_text, note */
extern const char rq_refusal_codes[];   /* a word list for fields */
extern const rq_schema rq_rule_schema, rq_rate_schema, rq_fee_schema;

/* Reckons the offer of the prelude's answer anew, with the fee that a guarantor agrees to (offers.c). */
rq_step rq_offer_reckon_anew(rq_call *call);

/* The page fields for a list's own query schema. */
#define RQ_LIMIT_FIELD                                                                                       \
    {                                                                                                        \
        .name = "limit", .type = RQ_FIELD_INTEGER, .min = 1, .max = RQ_LIMIT_PAGE_ROWS,                      \
        .zh = "每页条数，默认 20", .en = "rows a page, 20 unless told"                                       \
    }
#define RQ_PAGE_FIELDS                                                                                       \
    {"cursor", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "上一页给出的 next", "the previous page's next"},     \
        RQ_LIMIT_FIELD
/* The same of a list by deadline: a cursor is "<microseconds since 1970, or never>_<id>" (0024_desks.sql),
 * where the list comes in another order, too, an id: `shortest` is 36 then, else 38. */
#define RQ_DUE_PAGE_FIELDS(shortest)                                                                         \
    {"cursor",                                                                                               \
     RQ_FIELD_CODE,                                                                                          \
     false,                                                                                                  \
     shortest,                                                                                               \
     57,                                                                                                     \
     NULL,                                                                                                   \
     NULL,                                                                                                   \
     "上一页给出的 next",                                                                                    \
     "the previous page's next"},                                                                            \
        RQ_LIMIT_FIELD
#define RQ_WAITS_FOR_FIELD                                                                                   \
    {                                                                                                        \
        "waits_for", RQ_FIELD_WORD, false, 0, 0, "=enterprise,institution,guarantor,authority,operator",     \
            NULL, "等待哪一方", "whose turn it is"                                                           \
    }
/* And of one whose rows are cases, newest first unless told. */
#define RQ_CASE_PAGE_FIELDS                                                                                  \
    RQ_DUE_PAGE_FIELDS(36),                                                                                  \
        {"order",                                                                                            \
         RQ_FIELD_WORD,                                                                                      \
         false,                                                                                              \
         0,                                                                                                  \
         0,                                                                                                  \
         "=newest,deadline",                                                                                 \
         NULL,                                                                                               \
         "次序，默认新者在前；deadline 为先到期者在前，无期限者在后",                                        \
         "newest first unless told; deadline: what falls due first, what never does last"},                  \
        RQ_WAITS_FOR_FIELD,                                                                                  \
        {"due_within_hours",                                                                                 \
         RQ_FIELD_INTEGER,                                                                                   \
         false,                                                                                              \
         1,                                                                                                  \
         720,                                                                                                \
         NULL,                                                                                               \
         NULL,                                                                                               \
         "在此小时数内到期，不含已逾期",                                                                     \
         "falls due within so many hours, and is not overdue"},                                              \
    {                                                                                                        \
        "overdue", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "是否逾期", "past its deadline"                \
    }

#endif
