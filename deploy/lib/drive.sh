# What acts on the server as its users do, once it runs.

# driver SCRIPT ARGUMENTS...: one of the Python programs that speak to the server as its users do. It runs beside, so
# that a signal is answered at once.
driver_pid=
driver() {
    local script=$1 code=0
    shift
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONIOENCODING=utf-8 /usr/bin/python3 "$library/$script" \
        --port "$port" --certificate "$certificate" --data "$root/deploy/demo-data" --logins "$demo_dir/logins" "$@" &
    driver_pid=$!
    wait "$driver_pid" || code=$?
    driver_pid=
    return $code
}

# The first operator comes from the server's own command; it makes everybody else over the API.
make_first_operator() {
    local password
    password=Demo-$(openssl rand -hex 8)
    (umask 077 && printf '%s\n' "$password" >"$demo_dir/logins")
    rongqiao user add operator 运营员甲 operator <<<"$password" >/dev/null || die "the first operator could not be made"
}
