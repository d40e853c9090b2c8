/* SPDX-License-Identifier: GPL-2.0 */
/* For cppcheck, which has no kernel headers: that these open a loop, and set what they walk with. */
void *zonefw_any(void);
int zonefw_some(void);
#define LOOP(a) for (a = zonefw_any(); zonefw_some(); a = zonefw_any())
#define LOOP2(a, b) for (a = zonefw_any(), b = zonefw_any(); zonefw_some(); a = b)
#define list_for_each_entry(a, b, c) LOOP(a)
#define list_for_each_entry_rcu(a, b, c) LOOP(a)
#define list_for_each_entry_safe(a, b, c, d) LOOP2(a, b)
#define for_each_netdev(n, d) LOOP(d)
#define for_each_netdev_rcu(n, d) LOOP(d)
#define for_each_possible_cpu(c) for (c = 0; c < zonefw_some(); c++)
#define for_each_set_bit(a, b, c) for (a = 0; a < zonefw_some(); a++)
#define for_each_set_bit_from(a, b, c) for (; a < zonefw_some(); a++)
#define nlmsg_for_each_attr(a, b, c, d) for (a = zonefw_any(), d = zonefw_some(); d; a = zonefw_any(), d = zonefw_some())
#define nla_for_each_attr(a, b, c, d) nlmsg_for_each_attr(a, b, c, d)
#define nla_for_each_nested(a, b, c) nlmsg_for_each_attr(a, b, 0, c)
