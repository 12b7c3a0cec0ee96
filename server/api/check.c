/* The server's tables against the database's, before serving. */
#include <string.h>

#include "rongqiao/api.h"
#include "rongqiao/db.h"
#include "worker.h"

static bool has_route(const char *kind, const char *action)
{
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++) {
            const rq_route *route = &rq_all_routes[i]->rows[j];
            if (route->kind && strcmp(route->kind, kind) == 0 && strcmp(route->action, action) == 0)
                return true;
        }
    return false;
}

static bool has_move(const json_t *moves, const char *kind, const char *action)
{
    for (size_t i = 0; i < json_array_size(moves); i++) {
        const json_t *move = json_array_get(moves, i);
        if (strcmp(json_string_value(json_array_get(move, 0)), kind) == 0 &&
            strcmp(json_string_value(json_array_get(move, 1)), action) == 0)
            return true;
    }
    return false;
}

static rq_status compare(const json_t *moves, rq_error *error)
{
    for (size_t i = 0; i < json_array_size(moves); i++) {
        const json_t *move = json_array_get(moves, i);
        const char *kind = json_string_value(json_array_get(move, 0));
        const char *action = json_string_value(json_array_get(move, 1));
        if (!json_is_true(json_array_get(move, 2)) && !has_route(kind, action))
            return rq_fail(error, RQ_INVALID,
                           "the database has the move %s.%s, the server has no route for it", kind, action);
    }
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++) {
            const rq_route *route = &rq_all_routes[i]->rows[j];
            if (route->kind && !has_move(moves, route->kind, route->action))
                return rq_fail(error, RQ_INVALID,
                               "the server's route %s is a move the database does not have: %s.%s",
                               route->path, route->kind, route->action);
        }
    return RQ_OK;
}

/* Every statement that a route names must be compiled in. */
static rq_status check_statements(rq_error *error)
{
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++) {
            const rq_route *route = &rq_all_routes[i]->rows[j];
            const char *names[] = {route->statement, route->prelude};
            for (size_t k = 0; k < 2; k++)
                if (names[k] && !rq_statement_find(names[k]))
                    return rq_fail(error, RQ_INTERNAL,
                                   "route %s names the statement %s, which does not exist", route->path,
                                   names[k]);
            if (!route->statement && !route->compute)
                return rq_fail(error, RQ_INTERNAL, "route %s does nothing", route->path);
        }
    return RQ_OK;
}

rq_status rq_api_check_tables(PGconn *connection, rq_error *error)
{
    rq_status status = check_statements(error);
    if (status != RQ_OK)
        return status;
    PGresult *result = PQexec(connection, rq_statement_find("check/tables")->text);
    json_t *moves =
        PQresultStatus(result) == PGRES_TUPLES_OK ? json_loads(PQgetvalue(result, 0, 0), 0, NULL) : NULL;
    if (moves)
        status = compare(moves, error);
    else
        status =
            rq_fail(error, RQ_IO, "cannot read the table of transitions: %s", PQerrorMessage(connection));
    json_decref(moves);
    PQclear(result);
    return status;
}
