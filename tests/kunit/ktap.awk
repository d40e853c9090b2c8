# SPDX-License-Identifier: GPL-2.0
# KTAP of our suites on standard input: one line a test (of a parameterised one: one a row), then the sum. What the
# kernel says beside it (BUG, WARNING, a leak, ...) is a failure, and so is a plan that was not kept and a status of
# the machine that is not 0.
function count(line) {
	if (line ~ /not ok/) failed++; else passed++
	bad = line ~ /not ok/
	sub(/^ */, "", line); sub(/^(not )?ok [0-9]+ (- )?/, "", line); sub(/ *#.*/, "", line)
	print (bad ? "not ok " : "ok ") suite ": " (rows_of != "" ? rows_of ": " : "") line
}
function fail(why) { failed++; print "not ok " why }
/^ *# Subtest: zonefw_/ { suite = $NF; cases = 0; next }
/^ *# Subtest: / { rows_of = $NF; next }
/^    1\.\.[0-9]+/ { plan = substr($1, 4); next }
/BUG|WARNING|KASAN|UBSAN|suspicious RCU|circular locking|sleeping function|refcount_t|Oops|general protection|detected stall|soft lockup/ {
	fail("log: " $0); next }
/^unreferenced object/ { fail("lost memory: " $0); next }
/^ +comm |^ +\[</ { print "    " $0; next }
/EXPECTATION FAILED|ASSERTION FAILED/ { detail = 6 }
detail > 0 { print "    " $0; detail--; if ($0 !~ /ok [0-9]/) next }
/# (seed|.*: seed) / { print "    " $0 }
/^        (not )?ok [0-9]+ / { count($0); rows++; next }
/^    (not )?ok [0-9]+ / { # a parameterised one has been counted by its rows
	cases++; rows_of = ""
	if (!rows) count($0)
	rows = 0; next }
/^(not )?ok [0-9]+ (- )?zonefw_/ {
	suites++
	if (cases != plan) fail(suite ": " cases + 0 " of " plan " tests ended")
	if ($0 ~ /^not ok/ && !failed) fail($NF)
	next }
/^not ok / { failed++; print }
END {
	if (suites != want) fail(suites + 0 " suites ended, not " want)
	if (status) fail("the test machine did not report success")
	print passed + 0 " passed, " failed + 0 " failed"
	exit failed > 0
}
