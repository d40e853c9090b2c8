# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# boot.sh: group P: a broken configuration at boot (P02), and the session that issues the change (P04).

closed_module() { # the module as the unit loads it, no policy anywhere, every other namespace opened
  local h
  zf -q flush; rmmod zonefw || { miss "the module is in use"; return 1; }
  insmod /x/zonefw.ko boot=closed || { miss "does not load"; return 1; }
  # shellcheck disable=SC2154
  for h in $hosts; do on "$h" zonefw -q flush; done
}
# P02: what the unit runs, with files that are wrong
P02() {
  local f
  [ -x /x/packaging/boot ] || { miss "packaging/boot is not in this machine"; return; }
  mkdir -p "$T/etc/dir.conf"
  printf '%s\n' "$ZONES" 'mgmt -> self { accept tcp dport 22; default drop }' 'self -> mgmt { default accept }' > "$T/etc/failsafe"
  printf '%s\n' "$P0" 'wan -> dmz { acept }' > "$T/etc/syntax.conf"
  printf '%s\n' "$P0" 'wna -> dmz { accept }' > "$T/etc/zone.conf"
  printf '# nothing\n\n' > "$T/etc/empty.conf"
  printf '%s\n' "$P0" > "$T/etc/good.conf"
  for f in syntax zone empty missing dir; do
    closed_module || return
    fw bash /x/packaging/boot "$T/etc/$f.conf" "$T/etc/failsafe" > "$T/o" 2>&1; is "$f: exit code" $? 1
    at_least "$f: says where" "$(grep -cE '^(/[^:]*|<command line>):[0-9]+(:[0-9]+)?: error: ' "$T/o")" 1
    is "$f: management" "$(tcp adm "${FW4[mgmt]}" 22)" open
    is "$f: the others" "$(tcp pc "${FW4[int]}" 22 700) $(tcp ext1 "${FW4[wan]}" 80 700)" "timeout timeout"
    is "$f: saving" "$(zf export 2>&1 > "$T/saved" | grep -c 'failsafe policy') $(wc -c < "$T/saved")" "1 0"
    is "$f: shown" "$(zf show | grep -c '^failsafe ')" 1
  done
  blocked tcp ext1 web 80; blocked tcp adm web 22
  is "saving by force" "$(zf export --force | grep -c '^zone')" 4
  zf -q apply "$T/etc/good.conf" || miss "the mended file"
  is "saving again" "$(zf export | grep -c '^zone') $(zf show | grep -c '^failsafe')" "4 0"
  # a policy in force is not replaced by the failsafe one
  fw bash /x/packaging/boot "$T/etc/syntax.conf" "$T/etc/failsafe" > "$T/o" 2>&1; is "reload of a broken file" "$? $(grep -c 'stays in force' "$T/o")" "1 1"
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
  # neither file: closed; then the good one
  closed_module || return
  fw bash /x/packaging/boot "$T/etc/missing.conf" "$T/etc/missing" > "$T/o" 2>&1; is "no failsafe: exit code" $? 1
  is "no failsafe: closed" "$(stat state) $(tcp adm "${FW4[mgmt]}" 22 700) $(tcp ext1 "${A4[web]}" 80 700)" "closed timeout timeout"
  fw bash /x/packaging/boot "$T/etc/good.conf" "$T/etc/failsafe" > "$T/o" 2>&1; is "a good file: exit code" $? 0
  is "a good file: state" "$(stat state)" active
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
  zf -q flush; rmmod zonefw && insmod /x/zonefw.ko && apply "$P0"
}
# P04: a change that would cut the session it comes from
P04() {
  local d s
  apply "$P0 wan -> self { accept tcp dport 22 }" || return
  d=$(stat digest)
  for s in "${A4[adm]} 40000 ${FW4[mgmt]} 22" "${A6[adm]} 40000 ${FW6[mgmt]} 22" "${A4[ext1]} 40000 ${FW4[wan]} 22" "${A6[ext1]} 40000 ${FW6[wan]} 22"; do
    printf '%s\n' "$ZONES" 'int -> self { accept tcp dport 22 }' | SSH_CONNECTION=$s zf apply - > "$T/o" 2>&1
    is "session $s" "$? $(grep -c 'cut your own session' "$T/o")" "4 1"
  done
  is "nothing changed" "$(stat digest)" "$d"
  is "the session's port" "$(tcp adm "${FW4[mgmt]}" 22)" open
  printf '%s\n' "$P0" | SSH_CONNECTION="${A4[adm]} 40000 ${FW4[mgmt]} 22" zf -q apply -; is "a policy that keeps it" $? 0
  printf '%s\n' "$ZONES" 'int -> self { accept tcp dport 22 }' | SSH_CONNECTION="${A4[adm]} 40000 ${FW4[mgmt]} 22" zf -q apply --force -; is "by force" $? 0
  is "by force it is cut" "$(tcp adm "${FW4[mgmt]}" 22 700)" timeout
  is "twin: whom it lets in" "$(tcp pc "${FW4[int]}" 22)" open
  apply "$P0"
}
