/* Notifications: the list, how far it was read, and the live events. */
#include "routes.h"
#include "streams.h"
#include "worker.h"

enum { NUMBER_MAX = INT64_C(999999999999999) };

static const rq_field list_fields[] = {
    {"cursor", RQ_FIELD_INTEGER, false, 1, NUMBER_MAX, NULL, NULL, "上一页给出的 next_cursor",
     "the previous page's next_cursor"},
    {"limit", RQ_FIELD_INTEGER, false, 1, RQ_LIMIT_PAGE_ROWS, NULL, NULL, "每页条数，默认 20",
     "rows a page, 20 unless told"},
    {"unread", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "仅未读", "only what is unread"},
};
static const rq_schema list_query = RQ_SCHEMA("NotificationQuery", list_fields, NULL);

static const rq_field read_fields[] = {
    {"up_to", RQ_FIELD_INTEGER, true, 0, NUMBER_MAX, NULL, NULL, "已读至此编号", "the number read last"},
};
static const rq_schema read_input = RQ_SCHEMA("NotificationsReadUpTo", read_fields, NULL);

static const rq_field event_fields[] = {
    {"after", RQ_FIELD_INTEGER, false, 0, NUMBER_MAX, NULL, NULL,
     "从此编号之后开始；重连时浏览器自带的 Last-Event-ID 优先",
     "begin after this number; a Last-Event-ID header wins"},
};
static const rq_schema event_query = RQ_SCHEMA("EventQuery", event_fields, NULL);

static const rq_route rows[] = {
    RQ_ROUTE(GET, "/v1/notifications", RQ_ROLE_ANYBODY, &list_query, "notifications/list", 0, "Notifications",
             "我的通知", "What I was told"),
    RQ_ROUTE(POST, "/v1/notifications/read", RQ_ROLE_ANYBODY, &read_input, "notifications/read", 0,
             "NotificationsRead", "标记已读", "Mark as read"),
    RQ_ROUTE(GET, "/v1/events", RQ_ROLE_ANYBODY, &event_query, NULL, 0, "Notification",
             "实时通知（SSE）：id 为编号，event 为 notification，data 为通知",
             "Live notifications (server-sent events): id the number, event notification, data the document",
             .compute = rq_stream_open, .media = "text/event-stream"),
};
const rq_routes rq_notification_routes = RQ_ROUTES(rows);
