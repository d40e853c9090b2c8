#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# examples.sh: every policy of examples/ in the network that its head draws, with real servers. Run in the test machine.
#
# A network is a bridge in the namespace sw; hosts and firewalls are namespaces with a leg in it. Each case builds
# what its example needs and takes it away again.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC1091
. "$here/net/lib.sh"
# shellcheck disable=SC1091
. "$here/demo/servers.sh"
# shellcheck disable=SC2034
WHY='' CHECKS=0 SKIP='' WORLD=''

net_up() { local n; new_ns sw; for n; do on sw ip link add "br-$n" type bridge; on sw ip link set "br-$n" up; done; WORLD=sw; }
# leg NAMESPACE DEV NET ADDR/LEN...: a device of the namespace in a network
leg() {
  local ns=$1 dev=$2 net=$3 a; shift 3
  LEGS=$((LEGS + 1))
  ip link add "l$LEGS" netns sw type veth peer name "$dev" netns "$ns"
  on sw ip link set "l$LEGS" master "br-$net" up
  on "$ns" ip link set "$dev" up
  for a; do case $a in *:*) on "$ns" ip -6 addr add "$a" dev "$dev" nodad;; *) on "$ns" ip addr add "$a" dev "$dev";; esac; done
}
# host NAME NET ADDR/LEN GATEWAY [ADDR6/LEN GATEWAY6]
host() {
  new_ns "$1"; WORLD="$WORLD $1"
  leg "$1" eth0 "$2" "$3" ${5:+"$5"}
  [ -z "${4:-}" ] || on "$1" ip route add default via "$4"
  [ -z "${6:-}" ] || on "$1" ip -6 route add default via "$6"
}
router() { new_ns "$1"; WORLD="$WORLD $1"; on "$1" bash -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'; }
serve() { local h=$1; shift; nsenter --net="/run/netns/$h" pkt serve "$@" & echo $! >> "$T/servers"; }
world_down() {
  local p n
  for n in $WORLD; do for p in $(ip netns pids "$n"); do kill "$p" 2>/dev/null; done; done
  while read -r p; do wait "$p" 2>/dev/null; done < "$T/servers"
  rm -f "$T/servers"
  for n in $WORLD; do on "$n" zonefw flush > /dev/null 2>&1; ip netns del "$n"; done
  WORLD=''
}
use() { # FIREWALL FILE: the example as it stands, without the log that the guest has no listener for
  on "$1" zonefw -q apply "/x/examples/$2" > "$T/apply" 2>&1 || { miss "$2 is refused: $(head -3 "$T/apply" | tr '\n' ' ')"; return 1; }
}
got() { is "$1 > $2:$3" "$(tcp "$1" "$2" "$3" 4000)" open; }
# kept FROM ADDR PORT HOST...: no way, and none of the hosts' legs saw a SYN; the end of an older connection may come by
kept() {
  local from=$1 to=$2 port=$3; shift 3
  watch kept "$@"
  case $(tcp "$from" "$to" "$port" 700) in open) miss "$from reached $to:$port";; *) pass;; esac
  unwatch kept 0.1
  is "behind the firewall: $from > $to:$port" "$(seen kept " I [46] 6 .* $port 2 [0-9]+$")" 0
}
page() { on "$1" curl -s -m 5 "${@:3}" "http://$2/" 2>/dev/null | head -1; }
greets() { printf 'EHLO x\r\nQUIT\r\n' | on "$1" timeout 5 nc -w 3 "$2" "${3:-25}" 2>/dev/null | grep -c '^220'; }
# listens HOST PORT: waits for a server
listens() {
  local i
  for ((i = 0; i < 150; i++)); do
    on "$1" grep -qiE ":$(printf %04X "$2") 0+:0000 0A" /proc/net/tcp /proc/net/tcp6 2>/dev/null && return
    sleep 0.1
  done
  miss "nothing listens on $1:$2"
}
stop_web() { kill "$(cat "/tmp/$1/pid")"; local i; for ((i = 0; i < 50; i++)); do [ -e "/tmp/$1/pid" ] || return; sleep 0.1; done; }
number() { on "$1" zonefw -j show stats | tr ',{}' '\n' | sed -n "s/^ *\"$2\": *//p" | head -1; }

routed() {
  net_up ext dmz int; router fw
  leg fw eth0 ext 203.0.113.129/24 2001:db8:9::1/64; leg fw eth2 dmz 198.51.100.1/24 2001:db8:3::1/64
  leg fw eth1 int 192.0.2.1/24 2001:db8:1::1/64
  host client ext 203.0.113.200/24 203.0.113.129 2001:db8:9::200/64 2001:db8:9::1
  host banned ext 203.0.113.7/24 203.0.113.129
  host web dmz 198.51.100.80/24 198.51.100.1 2001:db8:3::80/64 2001:db8:3::1
  host mx dmz 198.51.100.25/24 198.51.100.1
  host mailer int 192.0.2.10/24 192.0.2.1 2001:db8:1::10/64 2001:db8:1::1
  host admin int 192.0.2.5/24 192.0.2.1
  web_server web "80; listen [::]:80" 'return 200 "the web\n";'
  serve web tcp:22; serve mx tcp:25 tcp:22; serve mailer tcp:25 tcp:80; serve client tcp:80 tcp:25 tcp:22; serve fw tcp:22
  listens web 80; listens mailer 25; listens fw 22; listens client 80
  use fw routed-dmz.conf || return
  is "page" "$(page client 198.51.100.80)" "the web"; is "page, v6" "$(page client '[2001:db8:3::80]' -g)" "the web"
  got client 198.51.100.25 25; got admin 198.51.100.80 22; got admin 203.0.113.200 80; got mx 192.0.2.10 25; got mx 203.0.113.200 25
  kept client 198.51.100.80 22 web; kept client 192.0.2.10 25 mailer; kept client 2001:db8:1::10 80 mailer
  kept banned 198.51.100.80 80 web; kept web 192.0.2.10 25 mailer; kept web 203.0.113.200 22 client
  is "the router itself" "$(tcp web 198.51.100.1 22 700)" timeout
}
three() {
  local n
  net_up ext dmz int; router fw
  leg fw eth0 ext 198.51.100.1/24; leg fw eth2 dmz 10.0.3.1/24 2001:db8:3::1/64; leg fw eth1 int 10.0.2.1/24 2001:db8:2::1/64
  host client ext 198.51.100.77/24 198.51.100.1
  host web dmz 10.0.3.80/24 10.0.3.1; host proxy dmz 10.0.3.81/24 10.0.3.1; host mail dmz 10.0.3.25/24 10.0.3.1
  host maildb int 10.0.2.10/24 10.0.2.1; host pc int 10.0.2.50/24 10.0.2.1
  web_server proxy 443 'return 200 "the site\n";'
  serve web tcp:443 tcp:80; serve mail tcp:25 tcp:443; serve maildb tcp:143 tcp:443 tcp:22; serve client tcp:80 tcp:25; serve pc tcp:443
  listens proxy 443; listens maildb 143; listens client 80; listens mail 25
  use fw three-legged-dmz.conf || return
  is "the published site" "$(page client 198.51.100.1:443)" "the site"
  is "the same address from inside" "$(page pc 198.51.100.1:443)" "the site"
  is "the same address from the DMZ" "$(page web 198.51.100.1:443)" "the site"
  got client 198.51.100.1 2525; got mail 10.0.2.10 143; got mail 198.51.100.77 25; got pc 198.51.100.77 80
  kept client 10.0.3.81 443 proxy; kept client 10.0.2.10 143 maildb; kept proxy 10.0.2.10 143 maildb
  kept mail 10.0.2.10 22 maildb; kept client 198.51.100.1 22 proxy
  # the fast path of internal -> external
  n=$(number fw offload_packets)
  is "a stream" "$(on pc pkt stream 198.51.100.77 80 60 5)" 60
  at_least "packets by the flow table" $(($(number fw offload_packets) - n)) 60
  # the proxy stops: nothing takes its place
  stop_web proxy
  watch fall web mail maildb pc
  is "with the proxy stopped" "$(tcp client 198.51.100.1 443 2000)" refused
  unwatch fall
  is "nothing falls through" "$(seen fall ' I 4 6 198.51.100.77 ')" 0
  on fw zonefw -q set add banned 198.51.100.77
  kept client 198.51.100.1 2525 mail
}
# T2: reverse proxy and mail relay behind two firewalls; A10: either of them alone holds
OPEN='zone a { dev eth0 } zone b { dev eth1 } any -> any { default accept }'
double() {
  net_up ext dmz int; router outer; router inner
  leg outer eth0 ext 198.51.100.1/24; leg outer eth1 dmz 10.0.3.1/24; leg inner eth0 dmz 10.0.3.2/24; leg inner eth1 int 10.0.2.1/24
  on outer ip route add 10.0.2.0/24 via 10.0.3.2; on inner ip route add default via 10.0.3.1
  host client ext 198.51.100.77/24 198.51.100.1
  host proxy dmz 10.0.3.81/24 10.0.3.1; host mx dmz 10.0.3.25/24 10.0.3.1
  host app int 10.0.2.20/24 10.0.2.1; host mail int 10.0.2.10/24 10.0.2.1; host pc int 10.0.2.50/24 10.0.2.1
  for n in proxy mx; do on $n ip route add 10.0.2.0/24 via 10.0.3.2; done
  web_server app 8443 'return 200 "the application inside\n";'
  web_server proxy 80 'proxy_connect_timeout 3s; proxy_pass http://10.0.2.20:8443;'
  mkdir -p /tmp/mail/Maildir; chown 1000:1000 /tmp/mail/Maildir
  mail_server mail 'maildir "/tmp/mail/Maildir" virtual { "@" = post }'
  mail_server mx 'relay host smtp://10.0.2.10 helo mx.example'
  serve client tcp:80 tcp:25; serve app tcp:22; serve pc tcp:80
  listens app 8443; listens proxy 80; listens mail 25; listens mx 25; listens client 80; listens pc 80
  use outer outer.conf && use inner inner.conf || return
  is "by the proxy" "$(page client 198.51.100.1)" "the application inside"
  is "by the proxy, from inside" "$(page pc 10.0.3.81)" "the application inside"
  is "the relay greets" "$(greets client 198.51.100.1)" 1; is "the store greets the relay" "$(greets mx 10.0.2.10)" 1
  is "a message by the relay" "$(mailed client 198.51.100.1)" 1
  got pc 198.51.100.77 80
  kept client 10.0.2.20 8443 app; kept client 10.0.2.10 25 mail; kept mx 10.0.2.20 8443 app; kept proxy 10.0.2.10 25 mail
  kept proxy 10.0.2.20 22 app; kept pc 198.51.100.77 25 client; kept mail 198.51.100.77 25 client
  # the outer one lets everything pass, then the inner one; the client knows a way in
  on outer zonefw -q apply - <<< "$OPEN"
  is "straight to the proxy" "$(page client 10.0.3.81)" "the application inside"
  kept client 10.0.2.20 8443 app; kept client 10.0.2.10 25 mail; kept client 10.0.2.50 80 pc
  use outer outer.conf; on inner zonefw -q apply - <<< "$OPEN"
  is "by the proxy, the inner one open" "$(page pc 10.0.3.81)" "the application inside"
  kept client 10.0.2.20 8443 app; kept client 10.0.3.25 25 mx; kept client 10.0.3.81 80 proxy
  use inner inner.conf
  stop_web proxy
  watch fall app mail pc mx
  is "with the proxy stopped" "$(tcp client 198.51.100.1 80 2000)" refused
  unwatch fall
  is "nothing falls through" "$(seen fall ' I 4 6 198.51.100.77 ')" 0
}
mailed() { # FROM ADDR: does a message arrive in the store?
  local l i
  printf 'EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<root@store.example>\r\nDATA\r\nSubject: %s\r\n\r\nhello\r\n.\r\nQUIT\r\n' "example-$$" |
    while IFS= read -r l; do sleep 0.5; printf '%s\n' "$l"; done | on "$1" timeout 15 nc -w 6 "$2" 25 > "$T/mailed" 2>&1
  for ((i = 0; i < 20; i++)); do grep -rqs "Subject: example-$$" /tmp/mail/Maildir && { echo 1; return; }; sleep 0.5; done
  echo 0
}
home() {
  net_up ext home guest iot dmz; router fw
  leg fw ppp0 ext 198.51.100.1/24; leg fw lan0 home 192.168.1.1/24; leg fw guest0 guest 192.168.2.1/24
  leg fw iot0 iot 192.168.3.1/24; leg fw dmz0 dmz 192.168.4.1/24
  host client ext 198.51.100.77/24 ''
  host pc home 192.168.1.50/24 192.168.1.1; host nas home 192.168.1.20/24 192.168.1.1; host printer home 192.168.1.30/24 192.168.1.1
  host guest guest 192.168.2.9/24 192.168.2.1; host bulb iot 192.168.3.9/24 192.168.3.1; host console dmz 192.168.4.10/24 192.168.4.1
  web_server nas 443 'return 200 "the disks\n";'
  serve client tcp:80 tcp:25 tcp:8080; serve printer tcp:631; serve console tcp:3074 tcp:22 tcp:443; serve nas tcp:22; serve fw tcp:22
  listens nas 443; listens console 3074; listens client 80; listens printer 631; listens fw 22
  is "check has nothing to say" "$(on fw zonefw check /x/examples/home-router.conf 2>&1 | grep -c warning:)" 0
  use fw home-router.conf || return
  watch out client
  got pc 198.51.100.77 80; got bulb 198.51.100.77 80; got guest 198.51.100.77 8080
  unwatch out
  is "they are seen as the router" "$(awk '$2 == "I" && $4 == 6 { print $5 }' "$T/seen-out" | sort -u | tr '\n' ' ')" "198.51.100.1 "
  is "a published service" "$(page client 198.51.100.1:443)" "the disks"; is "from inside, too" "$(page pc 198.51.100.1:443)" "the disks"
  got client 198.51.100.1 3074; got pc 192.168.4.10 22; got guest 192.168.1.30 631
  kept guest 192.168.1.20 443 nas; kept bulb 192.168.1.20 443 nas; kept console 192.168.1.20 22 nas; kept bulb 198.51.100.77 8080 client
  # A11: an exposed host that is not alone in its zone: it works, and check says so
  sed 's/publish any to console name dmz-host/accept http/; s/publish https to nas hairpin name nas/publish any to nas name nas/' \
    /x/examples/home-router.conf > "$T/exposed"
  at_least "check warns" "$(on fw zonefw check "$T/exposed" 2>&1 | grep -c 'warning: the exposed host shares')" 1
  on fw zonefw -q apply "$T/exposed" || miss "the variant is refused"
  is "the exposed host" "$(page client 198.51.100.1:443)" "the disks"
}
lone_host() {
  net_up world; new_ns box; WORLD="$WORLD box"
  leg box eth0 world 192.0.2.100/24
  host client world 192.0.2.77/24 ''; host admin world 192.0.2.5/24 ''
  web_server box 80 'return 200 "the box\n";'
  serve box tcp:22 tcp:5432; serve client tcp:80
  listens box 22; listens client 80
  use box host.conf || return
  is "page" "$(page client 192.0.2.100)" "the box"
  got admin 192.0.2.100 22; got box 192.0.2.77 80
  is "another port" "$(tcp client 192.0.2.100 5432 700)" timeout
  is "who knocks" "$(tcp client 192.0.2.100 22 700)" timeout
  on box zonefw -q set test knockers 192.0.2.77; is "is remembered" $? 0
  is "and kept out" "$(tcp client 192.0.2.100 80 700)" timeout
  is "admins are not" "$(page admin 192.0.2.100)" "the box"
}
forced() {
  local before
  net_up ext dmz int; router fw
  leg fw eth0 ext 198.51.100.1/24; leg fw eth2 dmz 10.0.3.1/24; leg fw eth1 int 10.0.2.1/24
  host out ext 198.51.100.77/24 ''; host proxy dmz 10.0.3.81/24 10.0.3.1; host other dmz 10.0.3.82/24 10.0.3.1; host pc int 10.0.2.50/24 10.0.2.1
  web_server out 80 'return 200 "the world\n";'
  # shellcheck disable=SC2016
  web_server proxy '3128; listen 3129' 'proxy_pass http://$http_host$request_uri;'
  serve out tcp:443 tcp:22; serve other tcp:80
  listens out 80; listens proxy 3128; listens out 443
  use fw forced-proxy.conf || return
  before=$(cat /tmp/proxy/access.log 2> /dev/null | wc -l)	# of the cases before
  watch by out
  is "by the proxy" "$(page pc 198.51.100.77 -x http://10.0.2.1:3128)" "the world"
  is "without being asked" "$(page pc 198.51.100.77)" "the world"
  unwatch by
  is "the world sees the router" "$(awk '$2 == "I" && $4 == 6 { print $5 }' "$T/seen-by" | sort -u | tr '\n' ' ')" "198.51.100.1 "
  at_least "pages by the proxy" "$(($(wc -l < /tmp/proxy/access.log) - before))" 2
  kept pc 198.51.100.77 443 out; kept pc 198.51.100.77 22 out; kept other 198.51.100.77 80 out; kept pc 10.0.3.82 443 other
  stop_web proxy
  watch fall out other
  is "with the proxy stopped" "$(page pc 198.51.100.77)$(page pc 198.51.100.77 -x http://10.0.2.1:3128)" ""
  unwatch fall
  is "nothing falls through" "$(seen fall ' I 4 6 ')" 0
}
case_of() { "$1"; world_down; }
example() { # ID NAME FUNCTION
  # shellcheck disable=SC2317
  case_run() { case_of "$FN"; }
  FN=$3; run_case "$1" "$2" case_run
}

LEGS=0
# shellcheck disable=SC2046
modprobe -a veth bridge dummy nf_log_syslog nfnetlink_log $(modinfo -F depends /x/zonefw.ko | tr ',' ' ') 2>/dev/null
insmod /x/zonefw.ko || { echo "not ok LOAD module does not load"; dmesg | tail -20; exit 1; }
dmesg -c > /dev/null
example X01 "a routed DMZ" routed
example X02 "a published DMZ, three legs" three
example X03 "reverse proxy and mail relay behind two firewalls" double
example X04 "a home router with a DMZ host" home
example X05 "a single machine" lone_host
example X06 "out by a proxy in the DMZ only" forced
rmmod zonefw && echo "ok X00 the module goes afterwards" || echo "not ok X00 the module does not go afterwards"
