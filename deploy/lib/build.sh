# Builds the server (release, without the tests), and the portal when PORTAL is ON.

# build_server ROOT INTO PORTAL
build_server() {
    local root=$1 into=$2 portal=$3
    local log=$into/build.log
    mkdir -p "$into" 2>/dev/null && [[ -w $into ]] ||
        die "cannot write to $into: it belongs to $(stat -c %U "$into" 2>/dev/null || echo somebody else)"
    say "编译 / building (release)"
    { (cd "$root" && cmake --preset release -B "$into" -DRQ_TESTS=OFF -DRQ_PORTAL="$portal") && cmake --build "$into"; } >"$log" 2>&1 ||
        die_with_log "$log" "the build failed"
}
