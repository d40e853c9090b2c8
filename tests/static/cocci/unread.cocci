// SPDX-License-Identifier: GPL-2.0
// What puts an attribute into a message may find no room, and what may fail says so to nobody who does not look.
// bad: nla_put_u32(msg, ZONEFW_A_GEN, gen);
@@
identifier f =~ "^(nla_put.*|nla_parse.*|nlmsg_parse.*|nf_register_net_hooks?|genl_register_family|register_netdevice_notifier|skb_ensure_writable|pskb_may_pull|nf_ct_netns_get|zonefw_publish|zonefw_swap_in)$";
@@
* f(...);
