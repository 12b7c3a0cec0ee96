# Debian 12 packages for building, serving and testing, and how to get what is missing. Sourced by deploy/demo,
# tests/run and tests/bench/run.

BUILD_PACKAGES="build-essential cmake ninja-build pkg-config libevent-dev libpq-dev libssl-dev libjansson-dev"
SERVE_PACKAGES="postgresql-15 postgresql-client-15 openssl python3 curl ca-certificates"
TEST_PACKAGES="$SERVE_PACKAGES libcmocka-dev libfaketime"
FUZZ_PACKAGES="clang libclang-rt-14-dev"
PROXY_PACKAGES="nginx libnginx-mod-stream haproxy"
BROWSER_PACKAGES="chromium-headless-shell fonts-noto-cjk"

# Debian's PostgreSQL makes and starts a cluster "main" when it is installed. Our clusters are private ones: a drop-in
# of postgresql-common, there only for this installation, says no. Clusters that exist already are not touched.
NO_MAIN_CLUSTER=/etc/postgresql-common/createcluster.d/rongqiao.conf
# It starts nginx and HAProxy, too, which our tests start themselves; a policy says no in the same way.
NO_START=/usr/sbin/policy-rc.d

# portal_packages: what building the portal takes. A Node that comes from elsewhere will do, and Debian's npm would
# conflict with it.
portal_packages() {
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
}

# missing_packages NAME ...: prints those that are not installed.
missing_packages() {
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
    done
}

# need_packages NAME ...: installs those that are missing; asks nothing and fetches nothing when none is.
need_packages() {
    local missing=() as_root=() status=0 no_start=
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "these packages are missing, and installing them needs root or sudo: ${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    echo "installing: ${missing[*]}"
    "${as_root[@]}" mkdir -p "${NO_MAIN_CLUSTER%/*}"
    echo 'create_main_cluster = false' | "${as_root[@]}" tee "$NO_MAIN_CLUSTER" >/dev/null
    if [[ " ${missing[*]}" =~ \ (nginx|haproxy) ]] && [ ! -e "$NO_START" ]; then
        no_start=$NO_START
        printf '#!/bin/sh\ncase $1 in nginx | haproxy) exit 101 ;; esac\n' | "${as_root[@]}" tee "$no_start" >/dev/null
        "${as_root[@]}" chmod 755 "$no_start"
    fi
    "${as_root[@]}" timeout 900 apt-get -q -o DPkg::Lock::Timeout=120 update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive timeout 1800 apt-get -q -y -o DPkg::Lock::Timeout=120 \
            install --no-install-recommends "${missing[@]}" </dev/null || status=1
    "${as_root[@]}" rm -f "$NO_MAIN_CLUSTER" ${no_start:+"$no_start"}
    "${as_root[@]}" rmdir --ignore-fail-on-non-empty "${NO_MAIN_CLUSTER%/*}"
    return $status
}
