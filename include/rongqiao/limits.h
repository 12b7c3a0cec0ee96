/* Every limit of the server in one place. Where a setting can change one, this is its default. */
#ifndef RONGQIAO_LIMITS_H
#define RONGQIAO_LIMITS_H

enum {
    /* HTTP (security contract: 414 above the target, 431 above the fields or the block). */
    RQ_LIMIT_REQUEST_LINE = 8192,
    RQ_LIMIT_HEADER_BYTES = 16384,
    RQ_LIMIT_HEADER_FIELDS = 64,
    RQ_LIMIT_BODY_BYTES = 65536,
    RQ_LIMIT_IMPORT_BODY_BYTES = 1 << 20,
    RQ_LIMIT_CHUNK_SIZE_DIGITS = 8,

    /* Deadlines of a connection, absolute, in milliseconds. */
    RQ_LIMIT_HANDSHAKE_MS = 5000,
    RQ_LIMIT_HEAD_MS = 10000,
    RQ_LIMIT_BODY_MS = 15000,
    RQ_LIMIT_IDLE_MS = 60000,
    RQ_LIMIT_WRITE_STALL_MS = 20000,
    RQ_LIMIT_LINGER_MS = 2000,
    RQ_LIMIT_DRAIN_IDLE_MS = 2000,
    RQ_LIMIT_CONNECTION_AGE_MS = 3600000,
    RQ_LIMIT_CONNECTION_REQUESTS = 10000,
    RQ_LIMIT_CONNECTIONS_PER_WORKER = 8192,
    RQ_LIMIT_HANDSHAKES_PER_WORKER = 256,
    RQ_LIMIT_ACCEPTS_PER_WAKE = 4,
    RQ_LIMIT_ACCEPT_PAUSE_MS = 250,     /* after the process ran out of descriptors */
    RQ_LIMIT_START_HOLD_MS = 5000,      /* a worker that cannot serve yet leaves new connections to others */
    RQ_LIMIT_HANDSHAKE_FLOOR_MS = 500,  /* at the cap, a handshake this old gives way to a new one */
    RQ_LIMIT_HALF_CLOSED_MS = 1000,     /* how long work goes on for a client that has closed its side */
    RQ_LIMIT_STREAM_BACKLOG = 1 << 18,  /* bytes of a stream that its reader has not taken */
    RQ_LIMIT_STREAM_SILENCE_MS = 30000, /* how long a stream's peer may leave what was sent unacknowledged */
    RQ_LIMIT_WRITE_STALL_BYTES = 65536, /* each renews the write deadline, so a reader needs 3 kB/s */

    /* Memory of one exchange. */
    RQ_LIMIT_EXCHANGE_ARENA = 8 << 20,
    RQ_LIMIT_REPLY_BYTES = 16 << 20,

    /* The portal's files, read at start. */
    RQ_LIMIT_FILES = 1024,
    RQ_LIMIT_FILE_BYTES = 4 << 20,
    RQ_LIMIT_FILE_NAME = 255,
    RQ_LIMIT_FILE_DEPTH = 8,

    /* Database lanes. */
    RQ_LIMIT_LANE_QUEUE = 1000,
    RQ_LIMIT_LANE_WAIT_MS = 2000,
    RQ_LIMIT_FAST_DEPTH = 32,
    RQ_LIMIT_WRITE_DEPTH = 4,
    RQ_LIMIT_SLOW_DEPTH = 1,
    RQ_LIMIT_LANE_CONNECTIONS = 64,
    RQ_LIMIT_DB_CONNECT_MS = 5000, /* per host of the conninfo */
    RQ_LIMIT_DB_PREPARE_MS = 10000,
    RQ_LIMIT_DB_BACKOFF_FIRST_MS = 50,
    RQ_LIMIT_DB_BACKOFF_MAX_MS = 3000, /* full jitter, and one attempt at a time a lane: no storm */
    RQ_LIMIT_DB_SHARED_CALLS = 16,     /* reads in one segment */
    RQ_LIMIT_DB_SHARED_SEGMENTS = 2,   /* of those on their way, while the next one gathers */
    RQ_LIMIT_DB_GRACE_MS = 1000,       /* past the statement timeout, before a connection is given up */
    RQ_LIMIT_DB_SHORTAGE_MS = 2000, /* a lane is not ready so long after PostgreSQL lacked disk or memory */
    RQ_LIMIT_DB_LOCK_MS = 2000,
    RQ_LIMIT_DB_IDLE_TRANSACTION_MS = 10000,
    RQ_LIMIT_DB_LIFETIME_MS = 1800000, /* and up to twice as long */
    RQ_LIMIT_DB_PULSE_MS = 1000,
    RQ_LIMIT_DB_TLS_READS = 64,          /* of one wake-up */
    RQ_LIMIT_MIGRATION_BYTES = 64 << 20, /* one file with its CSV files */

    /* Password hashing. */
    RQ_LIMIT_HASH_THREADS = 2,
    RQ_LIMIT_HASH_QUEUE = 64,

    /* Logging in (server/api/login_guard.h). */
    RQ_LIMIT_LOGIN_ADDRESS_BURST = 50,
    RQ_LIMIT_LOGIN_BURST = 10,
    RQ_LIMIT_LOGIN_HELD_MS = 5000,
    RQ_LIMIT_LOGINS_HELD = 256, /* of each worker, at once */

    /* What a stored match keeps of each class. */
    RQ_LIMIT_MATCH_ELIGIBLE = 20,
    RQ_LIMIT_MATCH_NEAR = 10,
    RQ_LIMIT_MATCH_UNKNOWN = 10,

    /* Products that are read at once when the catalogue is loaded as a whole. */
    RQ_LIMIT_CATALOGUE_PAGE = 2000,

    /* Questions about products' markets that wait for the desk, and needs that it reads at once. */
    RQ_LIMIT_MARKET_QUEUE = 16,
    RQ_LIMIT_MARKET_PAGE = 2000,

    /* Open needs of a listed product that are looked at one by one, and of these at once. */
    RQ_LIMIT_ANNOUNCED_NEEDS = 1 << 20,
    RQ_LIMIT_ANNOUNCE_PAGE = 500,

    /* Memory of one sealing or run of a round beside its exchange: 5,000 needs with their wishes. */
    RQ_LIMIT_ROUND_ARENA = 8 << 20,

    /* Rows of the trail that are sealed at once, and that are vouched for by a checkpoint at the latest. */
    RQ_LIMIT_AUDIT_BATCH = 1000,
    RQ_LIMIT_AUDIT_ROW_BYTES = 1 << 20,
    RQ_LIMIT_AUDIT_BATCH_BYTES = 1 << 20,

    /* Input documents. */
    RQ_LIMIT_JSON_DEPTH = 32,
    RQ_LIMIT_PROBLEM_FIELDS = 32,
    RQ_LIMIT_PAGE_ROWS = 100,
    RQ_LIMIT_SHEET_ROWS = 10000, /* of a list as CSV */
    RQ_LIMIT_SHEET_PAGE = 200,   /* of these, read with one statement */
    RQ_LIMIT_IMPORT_ROWS = 5000,
};

#endif
