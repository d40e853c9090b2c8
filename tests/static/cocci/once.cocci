// SPDX-License-Identifier: GPL-2.0
// The policy is loaded once for a packet: two loads in one function may see two policies.
// bad: a = rcu_dereference(zn->policy); b = rcu_dereference(zn->policy);
@@
expression N;
@@
* rcu_dereference(N->policy)
  ...
* rcu_dereference(N->policy)

@@
expression N;
@@
* rcu_dereference(N->fast)
  ...
* rcu_dereference(N->fast)
