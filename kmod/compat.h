/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel differences, force-included by Kbuild. One entry: what, since when,
 * when it may go. Supported: 6.1 and later. Empty while none is needed.
 */
#ifndef ZONEFW_COMPAT_H
#define ZONEFW_COMPAT_H
#endif
