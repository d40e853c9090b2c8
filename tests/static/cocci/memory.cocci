// SPDX-License-Identifier: GPL-2.0
// Memory: an allocation is looked at before it is used, its size cannot wrap, and what kv*alloc() gave kvfree() takes.
@unseen@
expression P;
identifier alloc =~ "^(k[vmz]*alloc|kcalloc|kvcalloc|kvmalloc_array|kmalloc_array|kmemdup|kvmemdup|alloc_percpu_gfp|__alloc_percpu|genlmsg_new|nlmsg_new|zonefw_mem_get)$";
identifier member;
expression E;
@@
* P = alloc(...);
  ... when != !P
      when != P == NULL
      when != P != NULL
(
* P->member
|
* *P
|
* P[E]
)

@unseen_at_birth@
identifier P;
type T;
identifier alloc =~ "^(k[vmz]*alloc|kcalloc|kvcalloc|kvmalloc_array|kmalloc_array|kmemdup|kvmemdup|alloc_percpu_gfp|__alloc_percpu|genlmsg_new|nlmsg_new|zonefw_mem_get)$";
identifier member;
expression E;
@@
* T P = alloc(...);
  ... when != !P
      when != P == NULL
      when != P != NULL
(
* P->member
|
* *P
|
* P[E]
)

@wraps@
identifier alloc =~ "^(kmalloc|kzalloc|kvmalloc|kvzalloc)$";
expression A, B;
constant C;
@@
(
  alloc(C * sizeof(...), ...)
|
* alloc(A * sizeof(B), ...)
|
* alloc(sizeof(B) * A, ...)
)

@kv@
expression P;
identifier alloc =~ "^kv[a-z_]*alloc[a-z_]*$";
expression E;
@@
* P = alloc(...)
  ... when != P = E
* kfree(P)

@kv_at_birth@
identifier P;
type T;
identifier alloc =~ "^kv[a-z_]*alloc[a-z_]*$";
expression E;
@@
* T P = alloc(...);
  ... when != P = E
* kfree(P);
