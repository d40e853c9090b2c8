// SPDX-License-Identifier: GPL-2.0
// A header's address is read anew after what may move the packet's data.
// bad: ih = ip_hdr(skb); if (!pskb_may_pull(skb, n)) return; use(ih->daddr);
@@
expression H, S;
identifier hdr =~ "^(ip_hdr|ipv6_hdr|tcp_hdr|udp_hdr|icmp_hdr|skb_network_header|skb_transport_header)$";
identifier pull =~ "^(pskb_may_pull|skb_ensure_writable|skb_linearize|pskb_expand_head|skb_cow|skb_cow_head|skb_unclone)$";
identifier member;
expression E;
@@
* H = hdr(S);
  ... when != H = E
* pull(S, ...)
  ... when != H = E
* H->member

@@
expression S;
identifier H;
type T;
identifier hdr =~ "^(ip_hdr|ipv6_hdr|tcp_hdr|udp_hdr|icmp_hdr|skb_network_header|skb_transport_header)$";
identifier pull =~ "^(pskb_may_pull|skb_ensure_writable|skb_linearize|pskb_expand_head|skb_cow|skb_cow_head|skb_unclone)$";
identifier member;
expression E;
@@
* T H = hdr(S);
  ... when != H = E
* pull(S, ...)
  ... when != H = E
* H->member
