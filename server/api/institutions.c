/* Institutions, admitted by the operator; consents that enterprises give them. */
#include "routes.h"

static const char kinds[] = "=bank,guarantor,re_guarantor,insurer,factor,fund";
static const rq_field fields[] = {
    {.name = "kind", .type = RQ_FIELD_WORD, .required = true, .list = kinds, .zh = "机构类型", .en = "kind of institution"},
    {.name = "name_zh", .type = RQ_FIELD_TEXT, .required = true, .min = 2, .max = 120, .zh = "名称", .en = "name in Chinese"},
    {.name = "name_en", .type = RQ_FIELD_TEXT, .min = 2, .max = 120, .zh = "英文名称", .en = "name in English"},
    {.name = "region_code", .type = RQ_FIELD_REGION, .zh = "所在区域", .en = "region; 000000: the whole country"},
    {.name = "net_assets_fen", .type = RQ_FIELD_INTEGER, .min = 0, .max = INT64_C(1000000000000000), .zh = "净资产，分", .en = "net assets, fen"},
};
static const rq_schema input = RQ_SCHEMA("NewInstitution", fields, NULL);
static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {.name = "kind", .type = RQ_FIELD_WORD, .list = kinds, .zh = "类型", .en = "kind"},
    {.name = "name_zh", .type = RQ_FIELD_TEXT, .min = 2, .max = 120, .zh = "名称", .en = "name"},
};
static const rq_schema list_query = RQ_SCHEMA("InstitutionQuery", list_fields, NULL);

static const rq_route institution_rows[] = {
    {.method = RQ_POST, .path = "/v1/institutions", .roles = RQ_ROLE_OPERATOR, .input = &input, .statement = "institutions/create", .flags = RQ_ROUTE_KEY, .reply = "Institution", .zh = "接入机构", .en = "Admit an institution"},
    {.method = RQ_GET, .path = "/v1/institutions", .roles = RQ_ROLE_PUBLIC, .input = &list_query, .statement = "institutions/list", .reply = "List", .zh = "机构列表", .en = "Institutions"},
    {.method = RQ_GET, .path = "/v1/institutions/{id}", .roles = RQ_ROLE_PUBLIC, .statement = "institutions/get", .reply = "Institution", .zh = "机构", .en = "One institution"},
};
const rq_routes rq_institution_routes = RQ_ROUTES(institution_rows);

static const rq_field consent_fields[] = {
    {.name = "institution_id", .type = RQ_FIELD_UUID, .required = true, .zh = "被授权机构", .en = "the institution that may look"},
    {.name = "purpose", .type = RQ_FIELD_TEXT, .required = true, .min = 2, .max = 200, .zh = "用途", .en = "what for"},
    {.name = "text_version", .type = RQ_FIELD_CODE, .min = 1, .max = 20, .zh = "授权书版本", .en = "version of the consent's text"},
    {.name = "valid_to", .type = RQ_FIELD_DATE, .required = true, .zh = "有效至", .en = "until this day"},
};
static const rq_schema consent_input = RQ_SCHEMA("NewConsent", consent_fields, NULL);
static const rq_route consent_rows[] = {
    {.method = RQ_POST, .path = "/v1/consents", .roles = RQ_ROLE_ENTERPRISE, .input = &consent_input, .statement = "consents/create", .flags = RQ_ROUTE_KEY, .reply = "Consent", .zh = "授权", .en = "Give a consent"},
    {.method = RQ_GET, .path = "/v1/consents", .roles = RQ_ROLE_ENTERPRISE | RQ_ROLES_INSTITUTION | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR, .input = &rq_page_query, .statement = "consents/list", .reply = "List", .zh = "授权列表", .en = "Consents"},
    {.method = RQ_POST, .path = "/v1/consents/{id}/revoke", .roles = RQ_ROLE_ENTERPRISE, .statement = "consents/revoke", .flags = RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY, .reply = "Consent", .zh = "撤回授权", .en = "Take a consent back"},
};
const rq_routes rq_consent_routes = RQ_ROUTES(consent_rows);
