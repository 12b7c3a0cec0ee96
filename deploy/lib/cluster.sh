# The demo's own PostgreSQL cluster: no TCP, one socket in a folder that only the cluster's user may enter (so that
# "trust" trusts only this user), checksums on, durable as it is by default.

postgres_bin=/usr/lib/postgresql/15/bin
postgres_pid=

# Connection string for libpq; values are quoted by its rules.
conninfo() {
    local host=${socket_dir//\\/\\\\}
    printf "host='%s' dbname=%s user=%s" "${host//\'/\\\'}" "$1" "$2"
}

# A socket's path may have 107 bytes; a deep checkout gets its socket folder elsewhere.
choose_socket_dir() {
    socket_dir=$run_dir/socket
    if ((${#socket_dir} > 80)); then
        socket_dir=/tmp/rongqiao-$(printf %s "$run_dir" | sha256sum | cut -c 1-12)
    fi
    [[ ! -L $socket_dir ]] || die "$socket_dir is a link; it must be a folder"
    "${as_user[@]}" mkdir -p -m 700 "$socket_dir" || die "cannot make the folder $socket_dir"
    [[ $(stat -c %U "$socket_dir") == "$run_user" ]] || die "$socket_dir belongs to somebody else"
    chmod 700 "$socket_dir"
}

make_cluster() {
    local log=$run_dir/postgres.log
    say "建立私有 PostgreSQL 集群 / making a private PostgreSQL cluster"
    rm -rf -- "${run_dir:?}/cluster"
    "${as_user[@]}" "$postgres_bin/initdb" --pgdata="$run_dir/cluster" --data-checksums --encoding=UTF8 \
        --locale=C.UTF-8 --username=rongqiao_owner --auth-local=trust --auth-host=reject --no-instructions \
        >"$log" 2>&1 || die_with_log "$log" "initdb failed"
}

cluster_answers() {
    is_alive "$postgres_pid" || return 0
    "$postgres_bin/pg_isready" --quiet --host="$socket_dir" --username=rongqiao_owner --dbname=postgres
}

# A cluster that somebody else's process serves is left alone.
refuse_running_cluster() {
    local pid_file=$run_dir/cluster/postmaster.pid running
    [[ -e $pid_file ]] || return 0
    running=$(head -n 1 "$pid_file")
    if [[ $(cat "/proc/$running/comm" 2>/dev/null) == postgres ]]; then
        die "PostgreSQL of an earlier demo still runs; stop it with: kill -INT $running"
    fi
}

start_cluster() {
    local log=$run_dir/postgres.log
    choose_socket_dir
    # Times in UTC and messages in English, whatever the machine says.
    "${as_daemon[@]}" "$postgres_bin/postgres" -D "$run_dir/cluster" -c listen_addresses= \
        -c "unix_socket_directories=\"$socket_dir\"" -c unix_socket_permissions=0700 -c max_connections=100 \
        -c lc_messages=C -c timezone=UTC >>"$log" 2>&1 </dev/null &
    postgres_pid=$!
    wait_until 60 cluster_answers || die_with_log "$log" "PostgreSQL did not answer within 60 s"
    is_alive "$postgres_pid" || die_with_log "$log" "PostgreSQL did not start"
}

stop_cluster() {
    [[ -n $postgres_pid ]] || return 0
    stop_process "$postgres_pid" 30 INT QUIT
    postgres_pid=
    rmdir --ignore-fail-on-non-empty "$socket_dir"
}

# sql FILE_OR_DASH: runs SQL as the owner; one row a line.
sql() {
    "${as_user[@]}" "$postgres_bin/psql" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
        --dbname="$(conninfo "${2:-rongqiao}" rongqiao_owner)" --file=- <"$1"
}
