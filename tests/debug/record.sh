# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# record.sh: two policies for the namespace ft, and the program's own messages there: $T/messages has one or more of every
# command, with every attribute that the program knows. For fuzz.sh and stress.sh.

policies() {
  cp "${here:?}/all.conf" "$T/all"
  modprobe nf_conncount 2> /dev/null || sed -i '/ conns /d' "$T/all"
  sed -i 's/^set banned/set guests timeout 1h { 192.0.2.1 }\n&/; s/^	accept tcp dport 80$/& name web/' "$T/all"
  printf '%s\n' 'zone up { dev up0 }' 'zone many { dev many* }' 'set guests { 192.0.2.1 }' \
    'up -> self { accept tcp dport 80 name web; accept udp dport 7000; drop src @guests; default drop log }' \
    'self -> any { default accept }' > "$T/small"
  printf '%s\n' 'zone up { dev up0 }' 'up -> nowhere { accept }' > "$T/broken"
}
rec() { on ft env LD_PRELOAD=/x/nthnl.so NL_RECORD="$T/messages" NTH_QUIT=1 zonefw "$@" > /dev/null 2>&1; }

recorded() {
  local w
  rm -f "$T/messages"
  rec apply "$T/all"; is "the policy of everything" $? 0
  rec apply "$T/small"; is "the small policy" $? 0
  rec apply -n "$T/small"
  for w in "set add guests 192.0.2.77,2001:db8::/64" "set del guests 192.0.2.9" "set test guests 192.0.2.9" "set flush guests" "set show guests" \
    "rule add from up to self first accept tcp dport 81 name added" "rule replace web accept tcp dport 82 name web" \
    "rule move web last" "rule del web" "set create fresh addr timeout 1m" "zone add extra dev extra0" "policy set from up to self reject log" \
    "policy del from self to any"; do
    # shellcheck disable=SC2086
    rec $w
  done
  rec apply --confirm 30m "$T/all"; rec confirm
  for w in matrix zones rules sets nat flows drops stats options; do rec show $w; done
  rec diff --flows "$T/small"
  rec explain from up to many tcp src 198.19.0.2 dst 198.19.0.80 dport 80
  rec explain in up0 out many1 udp src 2001:2:0:19::2 dst 2001:2:0:19::80 dport 53 --file "$T/small"
  rec flow kill udp dport 7000; rec flow show from up; rec monitor trace tcp dport 80
  rec rule del passing; rec zone del lone; rec set destroy knocked; rec stats reset
  rec apply --confirm 30m "$T/small"; rec rollback; rec panic on; rec panic off; rec flush
}
