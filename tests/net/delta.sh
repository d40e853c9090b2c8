# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# delta.sh: changes of single rules. The kernel makes the next policy of the one in force; what is left alone stays:
# ids, counters, flows. The reference is the same policy applied whole.

rule_field() { # ID-OR-NAME FIELD of show rules
  zf -j show rules | tr '{}' '\n\n' | grep -E "\"(id|name)\": *\"?$1\"?[,]" | tr ',' '\n' | sed -n "s/^ *\"$2\": *\"\{0,1\}\([^\"]*\)\"\{0,1\} *$/\1/p"
}
order() { zf export | grep -oE 'name [a-z][0-9]+' | cut -c6- | tr '\n' ' '; }
# R01: ids, counters and flows of the rules that a change leaves alone
R01() {
  local id n p
  apply "$ZONES$LETS
wan -> dmz { accept tcp dport 80 dst web name w
accept tcp dport 22 dst web name s
default drop }" || return
  tcp_ok ext1 web 80
  id=$(rule_field w id) n=$(rule_field w packets)
  at_least "packets of the rule" "$n" 6
  on ext1 pkt stream "${A4[web]}" 22 60 50 > "$T/r01" & p=$!
  until [ "$(rule_field s packets)" -gt 4 ]; do sleep 0.1; done
  is "add" "$(zf -q rule add from wan to dmz first drop udp dport 9 name x > /dev/null; echo $?)" 0
  is "move" "$(zf rule move w last; zf rule move x after s; echo $?)" 0
  is "replace" "$(zf rule replace x drop udp dport 10 name y; echo $?)" 0
  is "order" "$(zf export | grep -oE 'name [a-z]+$' | tr '\n' ' ')" "name s name y name w "
  is "the replaced rule has its zones" "$(rule_field y from) $(rule_field y to)" "wan dmz"
  is "del" "$(zf rule del y; echo $?)" 0
  is "id of the rule" "$(rule_field w id)" "$id"
  is "its packets" "$(rule_field w packets)" "$n"
  wait $p; is "exchanges of the open flow" "$(cat "$T/r01")" 60
  tcp_ok ext1 web 80
  at_least "its packets, counted on" "$(rule_field w packets)" $((n + 6))
  blocked tcp ext1 web 443
}
# R02: a long run of random changes leaves the policy that its text says, in the kernel, too
R02() {
  local i n at k port want got rules=() edits=100 x
  [ -z "${SLOW:-}" ] || edits=60
  RANDOM=4711
  apply "$ZONES wan -> dmz { $(for i in 1 2 3 4 5 6; do echo "accept tcp dport 80 src 198.18.9.0/24 name a$i"; done)
default drop }
any -> dmz { accept udp dport 7 name a7; }" || return
  rules=(a1 a2 a3 a4 a5 a6 a7)
  for ((i = 0; i < edits; i++)); do
    n=${#rules[@]} at=$((RANDOM % n)) k=$((RANDOM % n)) port=$((RANDOM % 8 + 1))
    x=$((RANDOM % 3)); x=$([ $x = 0 ] && echo accept || { [ $x = 1 ] && echo drop || echo reject; })
    case $((RANDOM % 6)) in
      0) zf -q rule add from wan to dmz first "$x" tcp dport "$port-9" name "b$i" && rules=("b$i" "${rules[@]}");;
      1) zf -q rule add from any to dmz before "${rules[at]}" "$x" tcp dport "$port" name "b$i" &&
        rules=("${rules[@]:0:at}" "b$i" "${rules[@]:at}");;
      2) zf -q rule add from wan, int to any after "${rules[at]}" "$x" udp dport "$port" name "b$i" &&
        rules=("${rules[@]:0:at+1}" "b$i" "${rules[@]:at+1}");;
      3) [ "$n" -lt 4 ] || { zf rule del "${rules[at]}" && rules=("${rules[@]:0:at}" "${rules[@]:at+1}"); };;
      4) [ $k != $at ] || continue
        zf rule move "${rules[at]}" before "${rules[k]}" || miss "edit $i: move"
        got=${rules[at]} want=${rules[k]} rules=("${rules[@]:0:at}" "${rules[@]:at+1}")
        for ((k = 0; k < n; k++)); do [ "${rules[k]}" != "$want" ] || break; done
        rules=("${rules[@]:0:k}" "$got" "${rules[@]:k}");;
      5) zf rule replace "${rules[at]}" "$x" tcp dport "$port" name "c$i" && rules[at]="c$i";;
    esac || miss "edit $i was refused"
  done
  is "order by hand" "$(zf -j show rules | tr '{}' '\n\n' | grep -oE '"name": *"[a-z][0-9]+"' | grep -oE '[a-z][0-9]+' | tr '\n' ' ')" "${rules[*]} "
  answers() { local p f; for f in ext1 pc; do for p in tcp udp; do for port in 1 2 3 4 5 6 7 8 9 80; do
    zf -j explain in "${DEV[$f]}" out dmz1 $p src "${A4[$f]}" sport 1000 dst "${A4[web]}" dport $port |
      grep -oE '"(verdict|rule_name)": *"[a-z0-9]*"'; done; done; done; }
  answers > "$T/r02-edited"
  zf export > "$T/r02"; want=$(stat digest)
  zf flush; zf -q apply "$T/r02" || miss "its export is refused"
  is "digest of its export" "$(stat digest)" "$want"
  is "export of its export" "$(zf export | cmp - "$T/r02" && echo same)" same
  answers > "$T/r02-whole"
  is "answers" "$(wc -l < "$T/r02-whole") $(cmp "$T/r02-edited" "$T/r02-whole" && echo same)" "$(wc -l < "$T/r02-edited") same"
  at_least "answers by rules" "$(grep -c '"rule_name": *"[a-z]' "$T/r02-whole")" 20
  apply "$P0"
}
# R03: what lost its permission by rule del ends with its next packet; a flow beside it does not
R03() {
  local f p=()
  apply "$ZONES wan -> dmz { accept tcp dport 22 src ${A4[ext1]}, ${A6[ext1]} name one
accept tcp dport 22 src ${A4[ext2]}, ${A6[ext2]} name two
default drop }" || return
  for f in 4 6; do
    on ext1 pkt stream "$(addr $f web)" 22 120 50 > "$T/r03-1-$f" & p+=($!)
    on ext2 pkt stream "$(addr $f web)" 22 120 50 > "$T/r03-2-$f" & p+=($!)
  done
  until [ "$(rule_field one packets)" -gt 20 ] && [ "$(rule_field two packets)" -gt 20 ]; do sleep 0.1; done
  zf rule del one; is "rule del" $? 0
  watch r03 web; unwatch r03 1
  is "packets of the flow that lost its rule" "$(seen r03 "^web I [46] 6 (${A4[ext1]}|${A6[ext1]}) ")" 0
  at_least "packets of the other" "$(seen r03 "^web I [46] 6 (${A4[ext2]}|${A6[ext2]}) ")" 4
  wait "${p[@]}"
  for f in 4 6; do is "v$f exchanges of the other" "$(cat "$T/r03-2-$f")" 120; done
  apply "$P0"
}
# R04: what is refused: names twice, rules that are not there, a change that waits; by the same words as ever
R04() {
  local d
  apply "$P0" || return
  zf -q rule add from wan to dmz accept tcp dport 1 name one || miss "add"
  d=$(stat digest)
  zf rule add from wan to dmz accept tcp dport 2 name one 2> "$T/r04"
  is "a name twice" "$? $(grep -c "a second rule named 'one'" "$T/r04")" "1 1"
  zf rule del onee 2> "$T/r04"; is "a name that is not there" "$? $(grep -c "no rule 'onee'.*one" "$T/r04")" "1 1"
  zf rule add from wan to dmz before 999999 accept tcp 2> "$T/r04"; is "a number that is not there" "$? $(grep -c "no rule '999999'" "$T/r04")" "1 1"
  zf rule add from wan to dnz accept tcp 2> "$T/r04"; is "a zone that is not there" "$? $(grep -c "dmz" "$T/r04")" "1 1"
  zf rule add from wan to dmz accept tcp dport 2 src @none 2> "$T/r04"; is "a set that is not there" $? 1
  zf rule replace one accept tcp dport 2 helper nosuch 2> "$T/r04"; is "a helper that is not there" "$? $(grep -c "no such conntrack helper" "$T/r04")" "1 1"
  is "nothing has changed" "$(stat digest)" "$d"
  zf -q apply --confirm 120 - <<< "$P0" || miss "apply --confirm"
  zf rule add from wan to dmz accept tcp dport 2 2> "$T/r04"
  is "while a change waits" "$? $(grep -c 'waiting to be confirmed' "$T/r04")" "1 1"
  zf rollback; is "after the rollback" "$(stat digest)" "$d"
  zf rule del one; is "and then" $? 0
  tcp_ok ext1 web 80
}
# R05: sixteen at a time: all are there, each once, each with an id of its own
R05() {
  local i p=() ids
  apply "$P0" || return
  for ((i = 0; i < 16; i++)); do
    zf rule add from mgmt to wan accept tcp dport $((1000 + i)) name w$i > "$T/r05-$i" & p[i]=$!
  done
  for ((i = 0; i < 16; i++)); do wait "${p[i]}" || miss "writer $i"; done
  ids=$(cat "$T"/r05-* | sort -un | wc -l)
  is "rules and ids" "$(zf export | grep -cE 'name w[0-9]+$') $ids" "16 16"
  apply "$P0"
}
# R06: rules with sets, clocks and rates, beside a publish and with an assertion: the long ways are as right
R06() {
  apply "$ZONES$LETS set s { ${A4[ext2]} }
wan -> dmz { publish tcp dport 8080 to ${A4[web]}:80 name pub
default drop }" || return
  is "a rule with a set" "$(zf -q rule add from wan to dmz accept tcp dport 80 dst web src @s name set; echo $?)" 0
  is "from the set" "$(tcp ext2 "${A4[web]}" 80 3000) $(tcp ext1 "${A4[web]}" 80 700)" "open timeout"
  is "a rule that ends" "$(zf -q rule add from wan to dmz first accept tcp dport 443 dst web expires 15s name end; echo $?)" 0
  tcp_ok ext1 web 443
  for _ in $(seq 300); do zf export | grep -q 'name end' || break; sleep 0.1; done
  is "has ended" "$(tcp ext1 "${A4[web]}" 443 700)" timeout
  is "a change after its end" "$(zf -q rule add from wan to dmz accept tcp dport 25 dst mx name m; echo $?)" 0
  tcp_ok ext1 mx 25
  is "published" "$(tcp ext1 "${FW4[wan]}" 8080 3000)" open
  is "a second publish in its way" "$(zf rule add from wan to dmz publish tcp dport 8080 to "${A4[mx]}:25" 2> "$T/r06"; echo $?)" 1
  is "the publish goes" "$(zf rule del pub; echo $?) $(tcp ext1 "${FW4[wan]}" 8080 700)" "0 timeout"
  is "a rule that fills a set" "$(zf -q rule add from wan to dmz accept tcp dport 22 dst web add src to @s; echo $?)" 0
  is "fills it" "$(tcp ext1 "${A4[web]}" 22 3000) $(zf set test s "${A4[ext1]}"; echo $?)" "open 0"
  apply "$P0
assert never wan -> dmz tcp dport 5432" || return
  zf rule add from wan to dmz accept tcp dport 5000-6000 2> "$T/r06"; is "against an assertion" $? 1
  is "beside it" "$(zf -q rule add from wan to dmz accept tcp dport 5000 dst web; echo $?)" 0
  apply "$P0"
}
# R07: rules that lie packed: known by name and number, moved, replaced, taken away, and compiled anew
R07() {
  local i id d
  apply "$ZONES$LETS wan -> dmz { $(for i in $(seq 200); do echo "accept tcp dport $i src 203.0.113.0/24 name p$i"; done)
accept tcp dport 80 dst web name w
default drop }" || return
  tcp_ok ext1 web 80
  id=$(rule_field p150 id)
  is "move" "$(zf rule move w before p100; zf rule move p150 first; zf rule move "$id" after w; echo $?)" 0
  is "its number" "$(rule_field p150 id)" "$id"
  is "replace" "$(zf rule replace p99 drop tcp dport 81 dst web name q; echo $?)" 0
  is "order" "$(order | grep -o 'p98 .*p101')" "p98 p150 p100 p101"
  is "all of it" "$(zf export | grep -A 4 'name q$' | grep -o 'name .*' | tr '\n' ' ')" "name q name w name p150 name p100 name p101 "
  tcp_ok ext1 web 80
  for i in $(seq 40); do zf rule del "p$((i + 20))" || miss "del p$((i + 20))"; done
  tcp_ok ext1 web 80
  is "rules that are left" "$(zf export | grep -cE 'name p[0-9]+$')" 159
  d=$(stat digest)
  zf export > "$T/r07"; is "the same, whole" "$(zf -q apply "$T/r07"; stat digest)" "$d"
  is "number" "$(rule_field p150 id)" "$id"
  blocked tcp ext1 web 81
  zf stats reset; is "counters" "$(rule_field w packets)" 0
  apply "$P0"
}
