# Debian 12 packages for building, serving and testing, and how to get what is missing. Sourced by deploy/demo,
# tests/run and tests/bench/run.

BUILD_PACKAGES="build-essential cmake ninja-build pkg-config libevent-dev libpq-dev libssl-dev libjansson-dev"
SERVE_PACKAGES="postgresql-15 postgresql-client-15 openssl python3 curl ca-certificates"
TEST_PACKAGES="$SERVE_PACKAGES libcmocka-dev"

# need_packages NAME ...: installs those that are missing; asks nothing and fetches nothing when none is.
need_packages() {
    local missing=() name as_root=()
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "these packages are missing, and installing them needs root or sudo: ${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    echo "installing: ${missing[*]}"
    # Our clusters are private ones; Debian's default cluster is not wanted unless PostgreSQL is here already.
    if ! dpkg-query -W -f '${Status}' postgresql-common 2>/dev/null | grep -q 'install ok installed' &&
        [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        "${as_root[@]}" mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        -o Dpkg::Options::=--force-confold "${missing[@]}"
}
