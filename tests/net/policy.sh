# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# policy.sh: the policies of the cases. P0 is the text-book DMZ, without NAT.
# shellcheck disable=SC2034
ZONES='
zone wan { dev wan*; antispoof }
zone dmz { dev dmz*; antispoof }
zone int { dev int*; antispoof }
zone mgmt { dev mgm*; antispoof }
'
LETS='
let web = 198.18.3.80, 2001:2:0:3::80
let mx = 198.18.3.25, 2001:2:0:3::25
let rp = 198.18.3.81, 2001:2:0:3::81
let db = 198.18.2.54, 2001:2:0:2::54
let mail = 198.18.2.26, 2001:2:0:2::26
let app = 198.18.2.84, 2001:2:0:2::84
let resolver = 198.18.9.11, 2001:2:0:9::11
'
P0="$ZONES$LETS"'
wan -> dmz {
	accept tcp dport 80, 443 dst web
	accept tcp dport 25 dst mx
	accept tcp dport 443 dst rp
	default drop
}
dmz -> int {
	accept tcp dport 8443 src rp dst app
	accept tcp dport 5432 src web dst db
	accept tcp dport 25 src mx dst mail
	default drop
}
dmz -> wan {
	accept tcp dport 25 src mx
	accept udp dport 53 dst resolver
	default drop
}
int -> dmz {
	accept tcp dport 80, 443 dst web
	accept tcp dport 443 dst rp
	accept tcp dport 25 src mail dst mx
	default drop
}
int -> wan {
	drop tcp dport 25
	default accept
}
mgmt -> self { accept tcp dport 22 }
mgmt -> dmz { accept tcp dport 22 }
self -> any { default accept }
'
# for the comparison with the model: one rule a line, every kind of default
PM="$ZONES$LETS"'
any -> any {
	drop proto 47
}
wan -> dmz {
	accept tcp dport 22, 80
	accept icmp type echo-request
	default drop
}
wan -> self {
	accept icmpv6 type echo-request
	accept udp dport 53
}
dmz -> int {
	accept proto 132
	accept udp dport 53 src web
	accept tcp dport 80 src mx
	default drop
}
dmz -> dmz {
	accept udp dport 1-100
	drop tcp dport 80
	accept tcp
}
int -> any {
	drop udp dport 53
	default accept
}
int -> int {
	accept tcp dport 0-79
	default drop
}
int -> self {
	accept tcp dport 80
	default drop
}
mgmt -> any {
	default accept
}
mgmt -> wan {
	drop ipv6 tcp
}
self -> wan {
	accept udp
	accept ipv4 tcp dport 80
	default drop
}
self -> any {
	default accept
}
'
