// SPDX-License-Identifier: GPL-2.0
// Nothing sleeps between rcu_read_lock() or a spinlock and its end.
// bad: rcu_read_lock(); p = kzalloc(n, GFP_KERNEL); rcu_read_unlock();
@@
identifier f =~ "^(k[a-z]*alloc[a-z_]*|genlmsg_new|nlmsg_new|alloc_percpu_gfp)$";
expression L;
@@
(
  rcu_read_lock()
|
  spin_lock_bh(L)
|
  spin_lock(L)
)
  ... when != rcu_read_unlock()
      when != spin_unlock_bh(L)
      when != spin_unlock(L)
(
* f(..., GFP_KERNEL, ...)
|
* f(..., GFP_KERNEL_ACCOUNT, ...)
|
* f(..., GFP_KERNEL)
|
* f(..., GFP_KERNEL_ACCOUNT)
|
* mutex_lock(...)
|
* rtnl_lock()
|
* cond_resched()
|
* synchronize_rcu()
|
* synchronize_net()
|
* flush_delayed_work(...)
|
* cancel_delayed_work_sync(...)
)
