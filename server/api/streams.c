/* Live events (server-sent events, HTML standard 9.2). A stream first reads what it is owed after the number
 * that the client names, page by page, as the asker; when a page's snapshot has reached what the relay told
 * last, it goes on with the relay's news, which are for everybody and filtered here by the same rule as row
 * level security's (notification_read in migrations/0017_notifications.sql). When it falls behind, it reads
 * again. So every notification comes once and in order, whatever is lost or late on the way. */
#include "streams.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/clock.h"
#include "stages.h"
#include "worker.h"

enum {
    BEAT_MS = 15000,  /* silence after which a comment is sent */
    CHECK_MS = 10000, /* between two looks whether the session lives */
    TRUST_MS = 30000, /* how long a stream goes on when nobody can say */
    RETRY_MS = 1000,
    PAGE_ROWS = 100,
    ASKING_MAX = 8, /* pages asked for at once by streams that are behind */
    BACKLOG_LOW = 65536
};

struct rq_stream {
    TAILQ_ENTRY(rq_stream) link;
    rq_call *call;
    int64_t covered; /* the client has all of its own up to here; -1: it begins with what comes now */
    bool is_begun;   /* the reply's head is out */
    bool is_behind;  /* a page is owed */
    uint64_t page_ticket, check_ticket;
    int64_t page_at_ms, beat_at_ms, check_at_ms, trusted_until_ms;
    char region_party[RQ_UUID_TEXT + 1]; /* of an authority */
};

void rq_streams_init(rq_streams *streams)
{
    TAILQ_INIT(&streams->list);
}

/* Ends
 * -------------------------------------------------------------------------------------------------------- */

/* Takes the stream out of the worker's books; its exchange still wants its end. */
static void drop(rq_stream *stream)
{
    rq_call *call = stream->call;
    rq_worker *worker = call->worker;
    if (stream->page_ticket) {
        rq_db_forget(worker->db, stream->page_ticket);
        worker->streams.asking--;
    }
    if (stream->check_ticket)
        rq_db_forget(worker->db, stream->check_ticket);
    TAILQ_REMOVE(&worker->streams.list, stream, link);
    rq_relay_dismiss(worker->relay, call->principal.user_id);
    atomic_fetch_sub_explicit(&worker->counters.streams_open, 1, memory_order_relaxed);
    call->stream = NULL;
}

static void end(rq_stream *stream)
{
    rq_call *call = stream->call;
    bool is_begun = stream->is_begun;
    drop(stream);
    if (is_begun)
        rq_exchange_end(call->exchange);
    else
        rq_call_refuse(call, "unavailable", NULL, NULL);
}

void rq_stream_abandon(rq_call *call)
{
    end(call->stream);
}

void rq_streams_close(rq_worker *worker)
{
    rq_stream *stream;
    worker->streams.is_closed = true;
    while ((stream = TAILQ_FIRST(&worker->streams.list)))
        end(stream);
}

/* Sending
 * ----------------------------------------------------------------------------------------------------- */

static bool send_text(rq_stream *stream, const char *text, size_t length)
{
    stream->beat_at_ms = rq_monotonic_ms() + BEAT_MS;
    return rq_exchange_send(stream->call->exchange, text, length);
}

/* An event as the client reads it; `document` has no line feed. False when memory is short. */
static bool write_event(rq_buffer *event, const char *id, const char *document)
{
    rq_buffer_clear(event);
    rq_buffer_printf(event, "id: %s\nevent: notification\ndata: ", id);
    rq_buffer_text(event, document);
    rq_buffer_text(event, "\n\n");
    return !event->failed;
}

static bool send_event(rq_stream *stream, const rq_buffer *event)
{
    atomic_fetch_add_explicit(&stream->call->worker->counters.events_sent, 1, memory_order_relaxed);
    return send_text(stream, event->data, event->length);
}

/* Pages
 * ------------------------------------------------------------------------------------------------------- */

static void ask_page(rq_stream *stream);

static void begin(rq_stream *stream)
{
    static const rq_reply_header headers[] = {
        {"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
    static const char first[] = "retry: 2000\n\n";
    rq_exchange_begin(stream->call->exchange, 200, headers, 3);
    stream->is_begun = true;
    (void)send_text(stream, first, sizeof(first) - 1);
}

/* Whether the client takes what it is sent; otherwise it gets the rest as pages, when it has caught up. */
static bool has_room(const rq_stream *stream)
{
    return rq_exchange_backlog(stream->call->exchange) < BACKLOG_LOW;
}

/* Sends the documents of a page, as many as the client has room for. Whether it then has all that the page's
 * snapshot had for it. */
static bool send_page(rq_stream *stream, const PGresult *result)
{
    int last = PQntuples(result) - 1, sent = 0; /* the last row is the snapshot's own number */
    rq_buffer event;
    rq_buffer_init(&event, RQ_LIMIT_BODY_BYTES);
    while (sent < last && has_room(stream) &&
           write_event(&event, PQgetvalue(result, sent, 0), PQgetvalue(result, sent, 1)) &&
           send_event(stream, &event))
        stream->covered = strtoll(PQgetvalue(result, sent++, 0), NULL, 10);
    rq_buffer_done(&event);
    if (sent < last || last == PAGE_ROWS)
        return false;
    stream->covered = strtoll(PQgetvalue(result, last, 0), NULL, 10);
    return true;
}

static void on_page(void *argument, const rq_db_reply *reply)
{
    rq_stream *stream = argument;
    rq_call *call = stream->call;
    rq_streams *streams = &call->worker->streams;
    stream->page_ticket = 0;
    streams->asking--;
    if (reply->outcome != RQ_DB_DONE && !stream->is_begun) {
        drop(stream);
        rq_call_refuse_sql(call, reply);
        return;
    }
    stream->is_behind = true;
    if (reply->outcome != RQ_DB_DONE) {
        stream->page_at_ms = rq_monotonic_ms() + RETRY_MS;
        return;
    }
    if (!stream->is_begun)
        begin(stream);
    stream->is_behind = !send_page(stream, reply->result) || streams->upto > stream->covered;
    if (stream->is_behind && has_room(stream))
        ask_page(stream);
}

static void ask_page(rq_stream *stream)
{
    rq_call *call = stream->call;
    char after[24], limit[16];
    (void)snprintf(after, sizeof(after), "%" PRId64, stream->covered);
    (void)snprintf(limit, sizeof(limit), "%d", PAGE_ROWS);
    rq_db_step step = {
        rq_statement_find("notifications/after"), {stream->covered < 0 ? NULL : after, limit}, 2};
    rq_db_step enter = rq_call_enter(call, step.statement, false);
    stream->page_ticket = rq_db_call(call->worker->db, &enter, &step, on_page, stream);
    if (stream->page_ticket)
        call->worker->streams.asking++;
    else
        stream->page_at_ms = rq_monotonic_ms() + RETRY_MS;
}

static void ask_owed_pages(rq_worker *worker, int64_t now_ms)
{
    rq_stream *stream;
    TAILQ_FOREACH(stream, &worker->streams.list, link)
    {
        if (worker->streams.asking >= ASKING_MAX)
            return;
        if (stream->is_behind && !stream->page_ticket && now_ms >= stream->page_at_ms && has_room(stream))
            ask_page(stream);
    }
}

/* News
 * -------------------------------------------------------------------------------------------------------- */

static bool is_for(const rq_stream *stream, const PGresult *rows, int row)
{
    const rq_principal *who = &stream->call->principal;
    const char *kind = PQgetvalue(rows, row, RQ_NEWS_PARTY_KIND),
               *party = PQgetvalue(rows, row, RQ_NEWS_PARTY_ID);
    if (strcmp(PQgetvalue(rows, row, RQ_NEWS_MADE_BY), who->user_id) == 0)
        return false;
    if (strcmp(kind, "user") == 0)
        return strcmp(party, who->user_id) == 0;
    return strcmp(kind, who->side) == 0 &&
           strcmp(party, stream->region_party[0] ? stream->region_party : who->org_id) == 0;
}

/* Whether the news come right after what the client has. */
static bool is_live(const rq_stream *stream, const rq_news *news)
{
    return stream->is_begun && !stream->is_behind && !stream->page_ticket && stream->covered >= news->from;
}

static void send_row(rq_worker *worker, const rq_news *news, int row, rq_buffer *event)
{
    const char *id = PQgetvalue(news->rows, row, RQ_NEWS_ID);
    int64_t number = strtoll(id, NULL, 10);
    bool is_written = write_event(event, id, PQgetvalue(news->rows, row, RQ_NEWS_DOCUMENT));
    rq_stream *stream;
    TAILQ_FOREACH(stream, &worker->streams.list, link)
    {
        if (!is_live(stream, news) || number <= stream->covered || !is_for(stream, news->rows, row))
            continue;
        if (is_written && has_room(stream) && send_event(stream, event))
            stream->covered = number;
        else
            stream->is_behind = true;
    }
}

void rq_streams_take_news(rq_worker *worker, void *argument)
{
    rq_news *news = argument;
    rq_buffer event;
    rq_stream *stream;
    rq_buffer_init(&event, RQ_LIMIT_BODY_BYTES);
    for (int row = 0; news->rows && row < PQntuples(news->rows); row++)
        send_row(worker, news, row, &event);
    rq_buffer_done(&event);
    TAILQ_FOREACH(stream, &worker->streams.list, link)
    {
        if (!is_live(stream, news))
            stream->is_behind |= stream->covered < news->upto && !stream->page_ticket;
        else if (stream->covered < news->upto)
            stream->covered = news->upto;
    }
    worker->streams.upto = news->upto;
    rq_news_unref(news);
    ask_owed_pages(worker, rq_monotonic_ms());
}

/* Sessions
 * ---------------------------------------------------------------------------------------------------- */

static bool is_same(const rq_principal *a, const rq_principal *b)
{
    return strcmp(a->user_id, b->user_id) == 0 && strcmp(a->org_id, b->org_id) == 0 &&
           strcmp(a->side, b->side) == 0 && strcmp(a->roles, b->roles) == 0 &&
           strcmp(a->region, b->region) == 0;
}

/* When to look again: when the session would end by itself, and now and then. */
static int64_t pause_of(const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    int64_t left_ms = json_integer_value(json_object_get(object, "ends_in_ms"));
    json_decref(object);
    return left_ms < CHECK_MS ? left_ms : CHECK_MS;
}

static void on_check(void *argument, const rq_db_reply *reply)
{
    rq_stream *stream = argument;
    rq_principal now;
    int64_t now_ms = rq_monotonic_ms();
    stream->check_ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        stream->check_at_ms = now_ms + RETRY_MS;
        return;
    }
    const char *text = PQntuples(reply->result) == 1 ? PQgetvalue(reply->result, 0, 0) : "";
    if (!rq_principal_parse(text, &now) || !is_same(&now, &stream->call->principal)) {
        end(stream);
        return;
    }
    stream->check_at_ms = now_ms + pause_of(text);
    stream->trusted_until_ms = stream->check_at_ms + TRUST_MS;
}

static void check_session(rq_stream *stream)
{
    rq_call *call = stream->call;
    rq_db_step step = {rq_statement_find("sessions/peek"), {call->token_hash}, 1};
    stream->check_ticket = rq_db_call(call->worker->db, NULL, &step, on_check, stream);
}

void rq_streams_check_user(rq_worker *worker, void *argument)
{
    char *user_id = argument;
    rq_stream *stream;
    TAILQ_FOREACH(stream, &worker->streams.list, link)
    if (!user_id || strcmp(stream->call->principal.user_id, user_id) == 0)
        stream->check_at_ms = 0;
    free(user_id);
}

void rq_streams_tick(rq_worker *worker)
{
    static const char beat[] = ": beat\n\n";
    int64_t now_ms = rq_monotonic_ms();
    rq_stream *stream = TAILQ_FIRST(&worker->streams.list), *next;
    for (; stream; stream = next) {
        next = TAILQ_NEXT(stream, link);
        if (stream->is_begun && now_ms >= stream->trusted_until_ms) {
            end(stream);
            continue;
        }
        if (stream->is_begun && now_ms >= stream->beat_at_ms)
            (void)send_text(stream, beat, sizeof(beat) - 1);
        if (stream->is_begun && now_ms >= stream->check_at_ms && !stream->check_ticket)
            check_session(stream);
    }
    ask_owed_pages(worker, now_ms);
}

/* Opening
 * ----------------------------------------------------------------------------------------------------- */

/* Where to go on: Last-Event-ID, which a browser sends by itself when it comes again, before ?after=. -1:
 * from now on; false when it is no number. */
static bool read_place(const rq_call *call, int64_t *out_after)
{
    rq_slice last = rq_request_header(rq_exchange_request(call->exchange), "Last-Event-ID");
    const json_t *after = json_object_get(call->input, "after");
    *out_after = after ? json_integer_value(after) : -1;
    if (!last.data || last.length == 0)
        return true;
    if (last.length > 18)
        return false;
    *out_after = 0;
    for (size_t i = 0; i < last.length; i++) {
        if (last.data[i] < '0' || last.data[i] > '9')
            return false;
        *out_after = *out_after * 10 + (last.data[i] - '0');
    }
    return true;
}

static bool refuse_beyond_bounds(rq_call *call)
{
    rq_worker *worker = call->worker;
    rq_admission admission = worker->streams.is_closed
                                 ? RQ_PROCESS_IS_FULL
                                 : rq_relay_admit(worker->relay, call->principal.user_id);
    if (admission == RQ_ADMITTED)
        return false;
    atomic_fetch_add_explicit(&worker->counters.streams_refused, 1, memory_order_relaxed);
    rq_call_refuse(call, admission == RQ_USER_HAS_ENOUGH ? "too_many_streams" : "unavailable", NULL, NULL);
    return true;
}

static rq_step answer_head(rq_call *call)
{
    static const rq_reply_header headers[] = {{"Content-Type", "text/event-stream"},
                                              {"Cache-Control", "no-store"}};
    rq_call_answer(call, 200, NULL, 0, headers, 2);
    return RQ_STEP_ANSWERED;
}

rq_step rq_stream_open(rq_call *call)
{
    rq_worker *worker = call->worker;
    const rq_principal *who = &call->principal;
    int64_t after, now_ms = rq_monotonic_ms();
    if (!read_place(call, &after)) {
        rq_call_refuse_field(call, "/after", "type_integer");
        return RQ_STEP_ANSWERED;
    }
    if (rq_exchange_request(call->exchange)->method == RQ_HEAD)
        return answer_head(call);
    rq_stream *stream = rq_arena_alloc(call->arena, sizeof(*stream));
    if (!stream) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    if (refuse_beyond_bounds(call))
        return RQ_STEP_ANSWERED;
    json_decref(call->input);
    call->input = NULL;
    stream->call = call;
    stream->covered = after;
    stream->check_at_ms = now_ms; /* the principal may be of the cache */
    stream->trusted_until_ms = now_ms + TRUST_MS;
    if (strcmp(who->side, "authority") == 0)
        (void)snprintf(stream->region_party, sizeof(stream->region_party),
                       "00000000-0000-0000-0000-000000%.6s", who->region);
    call->stream = stream;
    TAILQ_INSERT_TAIL(&worker->streams.list, stream, link);
    atomic_fetch_add_explicit(&worker->counters.streams_open, 1, memory_order_relaxed);
    ask_page(stream);
    if (!stream->page_ticket)
        end(stream);
    return RQ_STEP_WAIT;
}
