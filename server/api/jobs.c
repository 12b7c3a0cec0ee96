/* How the jobs do, for operators. */
#include "routes.h"

static const rq_route rows[] = {
    RQ_ROUTE(GET, "/v1/jobs", RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR, NULL, "jobs/list", 0, "List",
             "后台作业的运行情况", "How the jobs do"),
};
const rq_routes rq_job_routes = RQ_ROUTES(rows);
