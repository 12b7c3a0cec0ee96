# What the demo tells the person who started it, and how it waits.

say() { printf '%s\n' "$*"; }

die() {
    printf '\ndemo: %s\n' "$*" >&2
    exit 1
}

# die_with_log FILE WORDS...: fails and shows where the reason is.
die_with_log() {
    local file=$1
    shift
    if [[ -s $file ]]; then
        printf '\n--- the end of %s\n' "$file" >&2
        tail -n 25 "$file" >&2
        printf -- '---\n' >&2
    fi
    die "$*"
}

# is_alive PID: a child that still runs.
is_alive() { [[ -n ${1:-} ]] && kill -0 "$1" 2>/dev/null; }

# wait_until SECONDS COMMAND...: tries every tenth of a second; false when the time is over.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

is_gone() { ! is_alive "$1"; }

# stop_process PID SECONDS SIGNAL...: each signal gets so many seconds to work; the last resort is KILL.
stop_process() {
    local pid=$1 seconds=$2 signal
    shift 2
    for signal in "$@" KILL; do
        is_alive "$pid" || break
        kill -s "$signal" "$pid" 2>/dev/null || break
        wait_until "$seconds" is_gone "$pid" && break
    done
    wait "$pid" 2>/dev/null || true
}
