// SPDX-License-Identifier: GPL-2.0
// A lock is given back on every way out of the function that took it.
// bad: mutex_lock(&zn->lock); if (err) return err;
// Who is called with it held, gives it back for a while and takes it again, is right to return with it.
@again@
expression L;
position p;
@@
(
  spin_unlock_bh(L);
  ...
  spin_lock_bh@p(L);
|
  mutex_unlock(L);
  ...
  mutex_lock@p(L);
)

@@
expression L;
position p != again.p;
@@
(
* mutex_lock@p(L);
  ... when != mutex_unlock(L)
* return ...;
|
* spin_lock_bh@p(L);
  ... when != spin_unlock_bh(L)
* return ...;
|
* spin_lock(L);
  ... when != spin_unlock(L)
* return ...;
)

@@
@@
(
* rcu_read_lock();
  ... when != rcu_read_unlock()
* return ...;
|
* rtnl_lock();
  ... when != rtnl_unlock()
* return ...;
|
* local_bh_disable();
  ... when != local_bh_enable()
* return ...;
)
