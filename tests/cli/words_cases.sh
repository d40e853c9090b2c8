# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Words: what they mean, and what is said of those in the wrong place. Sourced by run.sh.

t "not a service with source ports" 0 "no errors" "service s { tcp sport 20 dport 1024-65535; udp dport 53; icmp type echo-request }
$Z2 lan -> wan { drop ! s; accept }
assert drop lan -> wan tcp src 10.0.0.1 dst 1.1.1.1 sport 20 dport 22
assert drop lan -> wan tcp src 10.0.0.1 dst 1.1.1.1 sport 21 dport 2222
assert accept lan -> wan tcp src 10.0.0.1 dst 1.1.1.1 sport 20 dport 2222
assert drop lan -> wan udp src 10.0.0.1 dst 1.1.1.1 dport 54
assert accept lan -> wan udp src 10.0.0.1 dst 1.1.1.1 dport 53
assert drop lan -> wan icmp src 10.0.0.1 dst 1.1.1.1 type 9
assert accept lan -> wan icmp src 10.0.0.1 dst 1.1.1.1 type 8
assert drop lan -> wan gre src 10.0.0.1 dst 1.1.1.1"
