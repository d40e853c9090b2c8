#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# install.sh [KDIR]: make install, uninstall and dkms-install into a tree of their own. Ends with "N passed, N failed".
cd "$(dirname "$0")/../.." || exit 1
kdir=${1:-$(ls -d /lib/modules/*/build 2>/dev/null | sort -V | tail -1)}
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
pass=0 fail=0
is() { # NAME SEEN WANTED
	if [ "$2" = "$3" ]; then pass=$((pass + 1)); else fail=$((fail + 1)); echo "FAIL: $1"; diff <(echo "$3") <(echo "$2") | sed 's/^/    /'; fi
}
mk() { make -s KDIR="$kdir" "$@" > "$tmp/log" 2>&1 || { fail=$((fail + 1)); echo "FAIL: make $*"; tail -5 "$tmp/log"; }; }
tree() { (cd "$1" && find . ! -type d | sed 's|^\./||' | LC_ALL=C sort); }

for prefix in /usr /opt/zone; do
	d=$tmp/root$prefix
	mk install DESTDIR="$d" PREFIX=$prefix
	p=${prefix#/}
	rel=$(cd "$d/lib/modules" && echo *)
	# shellcheck disable=SC2046
	is "$prefix: the files" "$(tree "$d" | sed "s|/$rel/|/REL/|")" "$(printf '%s\n' lib/modules/REL/updates/zonefw.ko lib/systemd/system/zonefw.service \
		$p/sbin/zonefw $p/share/zonefw/{boot,services.conf} $p/share/bash-completion/completions/zonefw \
		$p/share/man/man8/zonefw.8 $p/share/man/man5/zonefw.conf.5 $p/share/doc/zonefw/{README.md,CHANGELOG.md} \
		$p/share/doc/zonefw/examples/failsafe.conf $(cd examples && for e in *.conf; do echo "$p/share/doc/zonefw/examples/$e"; done) | LC_ALL=C sort)"
	is "$prefix: the module's folder is the one modprobe looks into" "$(modinfo -F vermagic "$d/lib/modules/$rel/updates/zonefw.ko" | cut -d' ' -f1)" "$rel"
	is "$prefix: who may run and who may write" "$(cd "$d" && stat -c %a $p/sbin/zonefw $p/share/zonefw/boot lib/systemd/system/zonefw.service $p/share/man/man8/zonefw.8 | tr '\n' ' ')" "755 755 644 644 "
	is "$prefix: the program starts" "$("$d$prefix/sbin/zonefw" --version)" "zonefw $(sed -n 's/^VERSION.*:= //p' Makefile)"
	unit=$d/lib/systemd/system/zonefw.service
	is "$prefix: what the unit runs exists" "$(sed -n 's/^Exec[A-Za-z]*=-\{0,1\}\([^ ]*\).*/\1/p' "$unit" | while read -r x; do [ -x "$d$x" ] || echo "$x"; done)" ""
	is "$prefix: the unit" "$(grep -cE '^(Before=network-pre.target|Wants=network-pre.target|Type=oneshot|DefaultDependencies=no)' "$unit") $(grep -c @ "$unit")" "4 0"
	if command -v systemd-analyze > /dev/null && [ $prefix = /usr ]; then
		sed "s|=/usr/|=$d/usr/|" "$unit" > "$tmp/zonefw.service"
		is "systemd reads the unit" "$(systemd-analyze verify --man=no "$tmp/zonefw.service" 2>&1 | grep -F zonefw)" ""
	fi
	for e in "$d$prefix"/share/doc/zonefw/examples/*.conf; do
		is "$prefix: ${e##*/} is sound" "$("$d$prefix/sbin/zonefw" -q check "$e" 2>&1 | grep error)" ""
	done
	echo mine > "$d/etc/zonefw/zonefw.conf"
	mk uninstall DESTDIR="$d" PREFIX=$prefix
	is "$prefix: what uninstall leaves is the user's" "$(tree "$d")" "etc/zonefw/zonefw.conf"
done
is "completion has no error" "$(bash -n userspace/completion/zonefw.bash 2>&1)" ""
d=$tmp/dkms
mk dkms-install DESTDIR="$d"
src=$(echo "$d"/usr/src/zonefw-*)
is "dkms: the versions agree" "${src##*/zonefw-} $(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$src/dkms.conf")" "$(sed -n 's/^VERSION.*:= \(.*\)/\1 \1/p' Makefile)"
is "dkms: nothing built is in it" "$(find "$src" -name '*.o' -o -name '*.ko' -o -name '*.cmd' -o -name '__pycache__' | head -3)" ""
# as dkms does it, in a copy and in nothing but that
cp -r "$src" "$tmp/build"
make -s -C "$kdir" M="$tmp/build" modules > "$tmp/log" 2>&1
is "dkms: it builds from this tree alone" "$? $(grep -c warning: "$tmp/log")" "0 0"
[ -s "$tmp/build/zonefw.ko" ] && pass=$((pass + 1)) || { fail=$((fail + 1)); echo "FAIL: dkms: no module"; tail -3 "$tmp/log"; }
mk dkms-uninstall DESTDIR="$d"
is "dkms-uninstall leaves nothing" "$(tree "$d")" ""
echo "$pass passed, $fail failed"
[ $fail = 0 ]
