/* A simulation: one worker of the server with its real protocol core, calls and database lanes, real libpq
 * and libevent, in one thread; a clock that only the simulation moves, a PostgreSQL that answers when it is
 * told to, and clients who send what and when the seed says. The same seed plays the same way, to the byte.
 */
#ifndef RONGQIAO_TESTS_SIM_H
#define RONGQIAO_TESTS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_UUID_TEXT = 36, SIM_HASH_TEXT = 64 };

/* Chance and time (sim_world.c) -------------------------------------------------------------------- */

void sim_seed(uint64_t seed);
/* A number below `bound`. */
uint32_t sim_below(uint32_t bound);
/* Once in `times`. */
bool sim_once_in(uint32_t times);
int64_t sim_now_ms(void);
void sim_advance_ms(int64_t ms);

/* Writes a line of the play when it is to be seen, and takes it into the play's sum in any case. */
void sim_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sim_show_all(bool is_shown);
uint64_t sim_sum(void);
/* Ends the program with the seed and the reason. */
void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* PostgreSQL (sim_postgres.c) ---------------------------------------------------------------------- */

/* Listens on a socket in `folder`. */
void sim_postgres_open(const char *folder);
void sim_postgres_close(void);
/* Takes what has come in: connections, and messages, whose effects happen now. Answers wait. */
void sim_postgres_read(void);
/* Lets a piece of some waiting answer out; false when none waits. */
bool sim_postgres_answer(void);
/* Cuts one connection in the middle of whatever it does. */
void sim_postgres_cut(void);
/* Whether it takes connections. */
void sim_postgres_set_up(bool is_up);
/* Whether statements fail now and then. */
void sim_postgres_set_moody(bool is_moody);
/* How often the write with this key was committed. */
unsigned sim_postgres_commits(const char *key);

/* Clients (sim_clients.c) -------------------------------------------------------------------------- */

void sim_clients_open(const char *path);
void sim_clients_close(void);
/* Some client does something: connects, asks, sends a piece, stops sending, goes away. */
void sim_clients_act(void);
/* Every client takes what has come, and holds it against what it asked. */
void sim_clients_read(void);
/* Every client sends the rest of what it began. */
void sim_clients_finish(void);
/* Every client must have all its answers. */
void sim_clients_check(void);

#endif
