#!/bin/sh
# Installs the servers that tests run against, from the distribution, where that may be done. What is missing in the
# end is said by the tests that need it. Does nothing when everything is there already.
set -u
PACKAGES="openssh-server sudo postgresql mariadb-server redis-server rabbitmq-server nginx-light prometheus
prometheus-alertmanager chromium fonts-dejavu-core bubblewrap
memcached dnsmasq-base procps curl glewlwyd systemd shellcheck faketime iptables e2fsprogs
supervisor openssl perl-base postfix libsasl2-modules iproute2 postgresql-client"

missing=""
for package in $PACKAGES; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
    echo "not installed (no apt-get, or not root):$missing"
    exit 0
fi

# A server that is installed must not start by itself: tests start their own, on ports of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing:$missing"
apt-get -o DPkg::Lock::Timeout=300 update -qq >/dev/null 2>&1
for package in $missing; do # one by one: one that cannot be had must not keep the others away
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || echo "could not install $package"
done
exit 0
