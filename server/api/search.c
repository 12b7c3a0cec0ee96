/* Search by name or number over all that the asker may see (0014_search.sql). */
#include "routes.h"

static const rq_field fields[] = {
    {"q", RQ_FIELD_TEXT, true, 2, 60, NULL, NULL, "名称或编号，至少两个字符",
     "name or number, two characters at least"},
    {"limit", RQ_FIELD_INTEGER, false, 1, 50, NULL, NULL, "条数，默认 20", "how many; 20 unless told"},
};
static const rq_schema query = RQ_SCHEMA("SearchQuery", fields, NULL);

static const rq_route rows[] = {
    RQ_ROUTE(GET, "/v1/search", RQ_ROLE_ANYBODY, &query, "search/search", 0, "List", "搜索", "Search"),
};
const rq_routes rq_search_routes = RQ_ROUTES(rows);
