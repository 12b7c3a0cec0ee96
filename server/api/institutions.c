/* Institutions, admitted by the operator; consents that enterprises give them. */
#include "routes.h"

static const char kinds[] = "=bank,guarantor,re_guarantor,insurer,factor,fund";
static const rq_field fields[] = {
    {"kind", RQ_FIELD_WORD, true, 0, 0, kinds, NULL, "机构类型", "kind of institution"},
    {"name_zh", RQ_FIELD_TEXT, true, 2, 120, NULL, NULL, "名称", "name in Chinese"},
    {"name_en", RQ_FIELD_TEXT, false, 2, 120, NULL, NULL, "英文名称", "name in English"},
    {"region_code", RQ_FIELD_REGION, false, 0, 0, NULL, NULL, "所在区域",
     "region; 000000: the whole country"},
    {"net_assets_fen", RQ_FIELD_INTEGER, false, 0, INT64_C(1000000000000000), NULL, NULL, "净资产，分",
     "net assets, fen"},
};
static const rq_schema input = RQ_SCHEMA("NewInstitution", fields, NULL);
static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {"kind", RQ_FIELD_WORD, false, 0, 0, kinds, NULL, "类型", "kind"},
    {"name_zh", RQ_FIELD_TEXT, false, 2, 120, NULL, NULL, "名称", "name"},
};
static const rq_schema list_query = RQ_SCHEMA("InstitutionQuery", list_fields, NULL);

static const rq_field exposure_fields[] = {
    {"case_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "加上这笔担保业务", "what this guarantee case adds"},
};
static const rq_schema exposure_query = RQ_SCHEMA("ExposureQuery", exposure_fields, NULL);

static const rq_route institution_rows[] = {
    RQ_ROUTE(POST, "/v1/institutions", RQ_ROLE_OPERATOR, &input, "institutions/create", RQ_ROUTE_KEY,
             "Institution", "接入机构", "Admit an institution"),
    RQ_ROUTE(GET, "/v1/institutions", RQ_ROLE_PUBLIC, &list_query, "institutions/list", 0, "List", "机构列表",
             "Institutions"),
    RQ_ROUTE(GET, "/v1/institutions/{id}", RQ_ROLE_PUBLIC, NULL, "institutions/get", 0, "Institution", "机构",
             "One institution"),
    RQ_ROUTE(GET, "/v1/institutions/{id}/exposure",
             RQ_ROLES_GUARANTOR | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR, &exposure_query,
             "institutions/exposure", 0, "Exposure", "担保责任余额与限额",
             "What a guarantor bears, against its limits"),
};
const rq_routes rq_institution_routes = RQ_ROUTES(institution_rows);

static const rq_field consent_fields[] = {
    {"institution_id", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "被授权机构", "the institution that may look"},
    {"purpose", RQ_FIELD_TEXT, true, 2, 200, NULL, NULL, "用途", "what for"},
    {"text_version", RQ_FIELD_CODE, false, 1, 20, NULL, NULL, "授权书版本", "version of the consent's text"},
    {"valid_to", RQ_FIELD_DATE, true, 0, 0, NULL, NULL, "有效至", "until this day"},
};
static const rq_schema consent_input = RQ_SCHEMA("NewConsent", consent_fields, NULL);
static const rq_route consent_rows[] = {
    RQ_ROUTE(POST, "/v1/consents", RQ_ROLE_ENTERPRISE, &consent_input, "consents/create", RQ_ROUTE_KEY,
             "Consent", "授权", "Give a consent"),
    RQ_ROUTE(GET, "/v1/consents",
             RQ_ROLE_ENTERPRISE | RQ_ROLES_INSTITUTION | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR, &rq_page_query,
             "consents/list", 0, "List", "授权列表", "Consents"),
    RQ_ROUTE(POST, "/v1/consents/{id}/revoke", RQ_ROLE_ENTERPRISE, NULL, "consents/revoke",
             RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY, "Consent", "撤回授权", "Take a consent back"),
};
const rq_routes rq_consent_routes = RQ_ROUTES(consent_rows);
