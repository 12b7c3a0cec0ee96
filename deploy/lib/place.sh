# Where the demo keeps what it makes, and who runs it: PostgreSQL refuses root, so root hands over to "postgres".

# choose_user: sets run_user and the prefix of every command that runs as it, with an environment of its own.
# Children get a signal when this script dies, however it dies.
choose_user() {
    local clean=(env -i -C / LANG=C.UTF-8 TZ=UTC PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
    run_user=$(id -un)
    as_user=("${clean[@]}" HOME="$HOME")
    as_daemon=(setsid setpriv --pdeathsig INT)
    if ((EUID == 0)); then
        run_user=postgres
        id -u "$run_user" >/dev/null 2>&1 || die "there is no user $run_user; is postgresql-15 installed?"
        local become=(--reuid="$run_user" --regid="$(id -gn "$run_user")" --init-groups)
        as_user=(setpriv "${become[@]}" "${clean[@]}" HOME=/)
        as_daemon+=("${become[@]}")
    fi
    as_daemon+=("${clean[@]}" HOME=/)
}

# choose_run_dir DEMO_DIR: sets run_dir, which belongs to run_user. Under a folder that this user may not enter
# (a checkout in /root), it lies in /var/lib instead, with a link to it.
choose_run_dir() {
    local demo=$1
    run_dir=$demo/run
    if ((EUID == 0)) && ! "${as_user[@]}" test -x "$demo"; then
        run_dir=/var/lib/rongqiao-demo/$(printf %s "$demo" | sha256sum | cut -c 1-12)
        mkdir -p "$run_dir"
        ln -sfnT "$run_dir" "$demo/run"
    fi
    mkdir -p "$run_dir"
    chmod 755 "$run_dir"
    ((EUID != 0)) || chown "$run_user:" "$run_dir"
}

# clear_run_dir: removes what an earlier demo made there; nothing of it may run any more.
clear_run_dir() {
    find "${run_dir:?}/" -mindepth 1 -maxdepth 1 -exec rm -rf -- {} +
}

# hand_over SOURCE TARGET: copies a file or folder to run_dir for run_user.
hand_over() {
    rm -rf -- "${run_dir:?}/$2"
    mkdir -p "$(dirname -- "$run_dir/$2")"
    cp -r -- "$1" "$run_dir/$2"
    ((EUID != 0)) || chown -R "$run_user:" "$run_dir/$2"
}
