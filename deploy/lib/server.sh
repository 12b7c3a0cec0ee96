# The server: its certificate, its settings, its start and its end.

server_pid=
port=
admin_port=

# A self-signed ECDSA P-256 certificate for the loopback names; made anew a day before it ends.
make_certificate() {
    local log=$run_dir/certificate.log
    certificate=$run_dir/tls/certificate.pem
    if [[ -s $certificate && -s $run_dir/tls/key.pem ]] &&
        openssl x509 -checkend 86400 -noout -in "$certificate" >/dev/null; then
        return
    fi
    say "签发自签名证书 / making a self-signed certificate"
    "${as_user[@]}" mkdir -p "$run_dir/tls"
    "${as_user[@]}" sh -c 'umask 077 && exec "$@"' sh openssl req -x509 -newkey ec \
        -pkeyopt ec_paramgen_curve:P-256 -sha256 -noenc -days 365 -subj '/CN=localhost/O=Rongqiao demo' \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' \
        -addext 'keyUsage=critical,digitalSignature,keyCertSign' -addext 'extendedKeyUsage=serverAuth' \
        -keyout "$run_dir/tls/key.pem" -out "$certificate" >"$log" 2>&1 ||
        die_with_log "$log" "openssl could not make the certificate"
    chmod 644 "$certificate"
}

write_settings() {
    local cores
    cores=$(nproc)
    # Each worker has four connections; the cluster takes a hundred.
    cat >"$run_dir/server.conf" <<SETTINGS
listen_address = 127.0.0.1
listen_port = $wanted_port
admin_address = 127.0.0.1
admin_port = 0
port_file = $run_dir/ports
certificate_file = $certificate
key_file = $run_dir/tls/key.pem
workers = $((cores < 8 ? cores : 8))
drain_ms = 5000
database = $(conninfo rongqiao rongqiao_app)
migration_database = $(conninfo rongqiao rongqiao_owner)
migrations_directory = $run_dir/migrations
audit_origin = rongqiao-demo
audit_key_file = $run_dir/keys/audit.pem
audit_public_key_file = $run_dir/keys/audit-public.pem
audit_checkpoint_directory = $run_dir/checkpoints
private_key_file = $run_dir/keys/private.keys
portal_dir = $([[ ! -d $run_dir/portal ]] || printf %s "$run_dir/portal")
SETTINGS
    ((EUID != 0)) || chown "$run_user:" "$run_dir/server.conf"
}

# rongqiao COMMAND...: an administrative command of the server's program.
rongqiao() { "${as_user[@]}" "$run_dir/bin/rongqiao" --config "$run_dir/server.conf" "$@"; }

# The keys of the trail's checkpoints and of personal data, made once; they and the checkpoints lie outside the cluster.
make_keys() {
    local log=$run_dir/keys.log
    "${as_user[@]}" mkdir -p -m 700 "$run_dir/keys" "$run_dir/checkpoints"
    [[ -s $run_dir/keys/audit.pem ]] || rongqiao audit key >"$log" 2>&1 ||
        die_with_log "$log" "the key of the audit trail could not be made"
    [[ -s $run_dir/keys/private.keys ]] || rongqiao keys make >"$log" 2>&1 ||
        die_with_log "$log" "the keys of personal data could not be made"
}

migrate() {
    local log=$run_dir/migrate.log
    if [[ $(echo "select count(*) from pg_database where datname = 'rongqiao'" | sql /dev/stdin postgres) == 0 ]]; then
        echo 'create database rongqiao' | sql /dev/stdin postgres
    fi
    rongqiao migrate >"$log" 2>&1 || die_with_log "$log" \
        "the migration failed (a demo of an older checkout is removed by: rm -rf ${demo_dir@Q} ${run_dir@Q})"
}

server_answers() {
    is_alive "$server_pid" || return 0
    [[ -s $run_dir/ports ]] || return 1
    read -r port admin_port <"$run_dir/ports"
    curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:$admin_port/readyz"
}

start_server() {
    local log=$run_dir/server.log
    rm -f -- "$run_dir/ports"
    "${as_daemon[@]}" "$run_dir/bin/rongqiao" --config "$run_dir/server.conf" serve >>"$log" 2>&1 </dev/null &
    server_pid=$!
    wait_until 30 server_answers || die_with_log "$log" "the server was not ready within 30 s"
    is_alive "$server_pid" || die_with_log "$log" "the server did not start"
}

stop_server() {
    [[ -n $server_pid ]] || return 0
    stop_process "$server_pid" 15 TERM
    server_pid=
}

# is_port_taken PORT: somebody listens there.
is_port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
