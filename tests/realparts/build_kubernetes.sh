#!/bin/sh
# Builds kube-apiserver and kube-controller-manager from the distribution's own source package, once, into a cache
# outside the clone, so that the tests meet the real server (see kubernetes.py). 7 to 15 minutes; needs root for apt.
# Prints the folder of the programs. Does nothing when they are there already.
set -eu
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/steadyhand/kubernetes"
PROGRAMS="kube-apiserver kube-controller-manager"
RECIPE=2 # what is built in another way is built again
PACKAGES="golang-go etcd-server dpkg-dev rsync jq make"

mkdir -p "$CACHE"
exec 9>"$CACHE/lock"
flock 9 # a build that goes on already is waited for

complete() { # the programs, and the published description of the API
    for name in $PROGRAMS; do [ -x "$CACHE/bin/$name" ] || return 1; done
    [ -s "$CACHE/swagger.json" ] && [ "$(cat "$CACHE/recipe" 2>/dev/null)" = "$RECIPE" ]
}
packages() {
    wanted=""
    for package in $1; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || wanted="$wanted $package"
    done
    [ -z "$wanted" ] && return 0
    if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
        echo "not installed (no apt-get, or not root):$wanted" >&2
        exit 1
    fi
    echo "installing:$wanted" >&2
    policy=/usr/sbin/policy-rc.d # a server that is installed must not start by itself
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=600 update -qq >/dev/null 2>&1 || true
    # shellcheck disable=SC2086 the list is words
    apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends $wanted >/dev/null
}

if complete; then
    packages etcd-server
    echo "$CACHE/bin"
    exit 0
fi
packages "$PACKAGES"

work="$CACHE/work"
rm -rf "$work"
mkdir -p "$work/parts" "$work/lists/partial" "$work/home" "$CACHE/bin"
cd "$work"
# A list of sources of our own: the machine's stays as it is.
if [ -e /etc/apt/sources.list.d/debian.sources ]; then
    sed 's/^Types: deb$/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >parts/src.sources
else
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >parts/src.list
fi
apt="-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$work/parts -o Dir::State::lists=$work/lists -o APT::Sandbox::User=root"
# shellcheck disable=SC2086 the options are words
apt-get $apt update -qq >&2
# shellcheck disable=SC2086
apt-get $apt source --download-only -qq kubernetes >&2
dpkg-source --no-check -x kubernetes_*.dsc src >&2
cd src
mkdir -p .go/src/k8s.io
ln -sfn ../../.. .go/src/k8s.io/kubernetes
# A library in there walks maps by a function of the runtime that takes one more argument since Go 1.18: without this,
# the server ends at the first custom resource.
if go version 2>/dev/null | grep -Eq 'go1\.(1[89]|[2-9][0-9])' || /usr/lib/go/bin/go version | grep -Eq 'go1\.(1[89]|[2-9][0-9])'; then
    walk=vendor/github.com/modern-go/reflect2
    sed -i -e 's/^func mapiterinit(rtype unsafe.Pointer, m unsafe.Pointer) \*hiter/func mapiterinit(rtype unsafe.Pointer, m unsafe.Pointer, it *hiter)/' \
        -e 's|^\t// rest fields are ignored|\tt, h, buckets, bptr, overflow, oldoverflow unsafe.Pointer\n\tstart uintptr\n\toffset uint8\n\twrapped bool\n\tB, i uint8\n\tbucket, check uintptr|' \
        "$walk/unsafe_link.go"
    sed -i -e 's/^\treturn &UnsafeMapIterator{/\tit := new(hiter)\n\tmapiterinit(type2.rtype, *(*unsafe.Pointer)(obj), it)\n&/' \
        -e 's/hiter:      mapiterinit(.*)),/hiter:      it,/' "$walk/unsafe_map.go"
fi
echo "building $PROGRAMS: this takes minutes" >&2
GOPATH="$PWD/.go" PATH="/usr/lib/go/bin:$PATH" CGO_ENABLED=0 HOME="$work/home" GOPROXY=off GOFLAGS='' \
    nice make WHAT="cmd/kube-apiserver cmd/kube-controller-manager" GOLDFLAGS="-s -w" >"$CACHE/build.log" 2>&1 || {
    tail -20 "$CACHE/build.log" >&2
    exit 1
}
for name in $PROGRAMS; do
    built=$(find _output -type f -name "$name" -perm -100 | head -1)
    cp "$built" "$CACHE/bin/$name.new" && mv "$CACHE/bin/$name.new" "$CACHE/bin/$name"
done
cp api/openapi-spec/swagger.json "$CACHE/swagger.json"
echo "$RECIPE" >"$CACHE/recipe"
cd "$CACHE" && chmod -R u+w work && rm -rf work
echo "$CACHE/bin"
