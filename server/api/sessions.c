/* Sessions: log in, log out, who I am. */
#include <string.h>

#include "login.h"
#include "routes.h"
#include "stages.h"
#include "worker.h"

/* Logging out ends the session that the request came with. */
static rq_step log_out(rq_call *call)
{
    char gone[RQ_COOKIE_TEXT];
    rq_principal_forget(call->worker, call->token_hash);
    if (!call->id && !call->principal.session_id[0]) { /* a system's key */
        rq_call_refuse(call, "not_found", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    if (!call->id)
        call->id = call->principal.session_id;
    if (call->by_cookie && strcmp(call->id, call->principal.session_id) == 0) {
        rq_cookie_write(RQ_COOKIE_SESSION, "", 0, gone);
        call->set_cookie = rq_arena_strndup(call->arena, gone, strlen(gone));
    }
    return RQ_STEP_ON;
}

static const rq_field login_fields[] = {
    {"login", RQ_FIELD_CODE, true, 1, 64, NULL, NULL, "用户名", "the user's login"},
    {"password", RQ_FIELD_TEXT, true, 1, 256, NULL, NULL, "密码", "the password"},
    {"totp", RQ_FIELD_TEXT, false, 6, 32, NULL, NULL, "动态验证码或恢复码",
     "the one-time code, or a recovery code"},
    {"cookie", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "浏览器用 Cookie 会话",
     "true: a browser's session, as a cookie"},
};
static const rq_schema login_input = RQ_SCHEMA("Login", login_fields, NULL);

static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/sessions", RQ_ROLE_PUBLIC, &login_input, NULL, RQ_ROUTE_LOGIN, "Session", "登录",
             "Log in", .compute = rq_log_in),
    RQ_ROUTE(GET, "/v1/sessions", RQ_ROLE_ANYBODY, NULL, "sessions/list", RQ_ROUTE_ENROL, "List", "我的会话",
             "My live sessions"),
    RQ_ROUTE(GET, "/v1/sessions/current", RQ_ROLE_ANYBODY, NULL, "sessions/me", RQ_ROUTE_ENROL, "User",
             "当前用户", "Who I am"),
    RQ_ROUTE(DELETE, "/v1/sessions/current", RQ_ROLE_ANYBODY, NULL, "sessions/close", RQ_ROUTE_ENROL, NULL,
             "退出", "Log out", .compute = log_out),
    RQ_ROUTE(DELETE, "/v1/sessions/{id}", RQ_ROLE_ANYBODY, NULL, "sessions/close", RQ_ROUTE_ENROL, NULL,
             "结束我的某个会话", "End one of my sessions"),
};
const rq_routes rq_session_routes = RQ_ROUTES(rows);
