/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * zonefw: the generic netlink family "zonefw", version 1.
 *
 * A policy travels as ONE message (ZONEFW_CMD_APPLY) that repeats a top-level
 * attribute per object, and replaces the policy in force in one step. A single
 * change is the same message with one object more or less; ZONEFW_A_GEN names
 * the generation it was built on, and a stale one is refused with -ESTALE.
 * Attribute numbers are append-only. Multi-byte integers are in host order
 * unless a comment says otherwise; addresses are in network order.
 */
#ifndef _LINUX_ZONEFW_H
#define _LINUX_ZONEFW_H

#include <linux/types.h>

#define ZONEFW_GENL_NAME	"zonefw"
#define ZONEFW_GENL_VERSION	1
#define ZONEFW_ABI		1	/* handshake: both sides must agree */
#define ZONEFW_MCGRP_EVENTS	"events"
#define ZONEFW_MCGRP_DROPS	"drops"

#define ZONEFW_NAME_MAX		31	/* bytes of a name, without the NUL */
#define ZONEFW_PREFIX_MAX	63	/* bytes of a log prefix */
#define ZONEFW_TEXT_MAX		16384	/* bytes of a statement's text */
#define ZONEFW_ZONES_MAX	250	/* declared zones, without self */
#define ZONEFW_RULES_MAX	1000000
#define ZONEFW_LIST_MAX		1024	/* elements of one list of a rule */

/* Zone ids: self is 0, declared zones count from 1 in the order of the message */
#define ZONEFW_ZONE_SELF	0
#define ZONEFW_ZONE_NONE	0xfffe
#define ZONEFW_ZONE_ANY		0xffff

enum zonefw_cmd {
	ZONEFW_CMD_UNSPEC,
	ZONEFW_CMD_INFO,	/* do: state and statistics -> ABI, STATE, GEN, ... */
	ZONEFW_CMD_APPLY,	/* do: a whole policy; reply: GEN */
	ZONEFW_CMD_FLUSH,	/* do: no policy any more (state open) */
	ZONEFW_CMD_PANIC,	/* do: PANIC u8 0|1 */
	ZONEFW_CMD_STATS_RESET,	/* do: all counters to zero */
	ZONEFW_CMD_GET_ZONES,	/* dump: ZONE as applied, ID, DEVNAME..., PACKETS, BYTES */
	ZONEFW_CMD_GET_RULES,	/* dump: RULE as applied, ID, PACKETS, BYTES */
	ZONEFW_CMD_GET_CELLS,	/* dump: one per pair that has a rule or a default */
	ZONEFW_CMD_EXPLAIN,	/* do: EX_* in, EX_* out */
	ZONEFW_CMD_EVENT,	/* notification */
	ZONEFW_CMD_DROP,	/* notification */
	ZONEFW_CMD_GET_CELLDEFS, /* dump: CELLDEF as applied */
	__ZONEFW_CMD_MAX
};
#define ZONEFW_CMD_MAX (__ZONEFW_CMD_MAX - 1)

/* top level of every message */
enum zonefw_attr {
	ZONEFW_A_UNSPEC,
	ZONEFW_A_PAD,
	ZONEFW_A_ABI,		/* u32 */
	ZONEFW_A_GEN,		/* u32 generation: APPLY: expected one, absent or 0: any */
	ZONEFW_A_STATE,		/* u8 enum zonefw_state */
	ZONEFW_A_ZONE,		/* nested zonefw_attr_zone; APPLY: repeated */
	ZONEFW_A_RULE,		/* nested zonefw_attr_rule; APPLY: repeated, in file order */
	ZONEFW_A_CELLDEF,	/* nested zonefw_attr_celldef; APPLY: repeated */
	ZONEFW_A_OPTIONS,	/* nested zonefw_attr_opt */
	ZONEFW_A_FLAGS,		/* u32 ZONEFW_APPLY_* */
	ZONEFW_A_STATS,		/* binary: u64[] indexed by enum zonefw_stat */
	ZONEFW_A_NZONES,	/* u32 */
	ZONEFW_A_NRULES,	/* u32 */
	ZONEFW_A_DIGEST,	/* binary 8: INFO: digest over the objects as applied */
	ZONEFW_A_PANIC,		/* u8 0|1 */
	ZONEFW_A_ID,		/* u32 zone id or rule id in dumps and events */
	ZONEFW_A_PACKETS,	/* u64 */
	ZONEFW_A_BYTES,		/* u64 */
	ZONEFW_A_DEVNAME,	/* string, repeated: GET_ZONES: devices in the zone now */
	ZONEFW_A_FROM,		/* u16 zone id */
	ZONEFW_A_TO,		/* u16 zone id */
	ZONEFW_A_ACTION,	/* u8 enum zonefw_action: GET_CELLS: the default in force */
	ZONEFW_A_CELLFLAGS,	/* u32 ZONEFW_CELL_* */
	ZONEFW_A_COUNT,		/* u32: GET_CELLS: rules in the cell */
	ZONEFW_A_REASON,	/* u8 enum zonefw_reason */
	ZONEFW_A_EX_PROTO,	/* u8 IP protocol; EXPLAIN, DROP */
	ZONEFW_A_EX_SRC,	/* binary 4 or 16 */
	ZONEFW_A_EX_DST,	/* binary 4 or 16 */
	ZONEFW_A_EX_SPORT,	/* u16 host order */
	ZONEFW_A_EX_DPORT,	/* u16 host order */
	ZONEFW_A_EX_TYPE,	/* u8 ICMP type */
	ZONEFW_A_EX_CODE,	/* u8 ICMP code */
	ZONEFW_A_EX_IN,		/* string device; reply: the device, if any */
	ZONEFW_A_EX_OUT,	/* string device */
	ZONEFW_A_PREFIX,	/* string: DROP: the rule's log prefix */
	ZONEFW_A_OPTTEXT,	/* string: INFO: text of the options block as applied */
	ZONEFW_A_EXTRATEXT,	/* string: APPLY/INFO: statements with no kernel object (assert), for export */
	__ZONEFW_A_MAX
};
#define ZONEFW_A_MAX (__ZONEFW_A_MAX - 1)

enum zonefw_attr_zone {
	ZONEFW_AZ_UNSPEC,
	ZONEFW_AZ_NAME,		/* string */
	ZONEFW_AZ_PARENT,	/* u16 id of an earlier zone */
	ZONEFW_AZ_DEV,		/* string with * and ?, repeated */
	ZONEFW_AZ_GROUP,	/* u32, repeated */
	ZONEFW_AZ_NETS,		/* struct zonefw_net[] */
	ZONEFW_AZ_FLAGS,	/* u32 ZONEFW_ZONE_* */
	ZONEFW_AZ_TEXT,		/* string: the statement in canonical form */
	__ZONEFW_AZ_MAX
};
#define ZONEFW_AZ_MAX (__ZONEFW_AZ_MAX - 1)
#define ZONEFW_ZONE_ANTISPOOF	1u

struct zonefw_net {		/* a prefix; bits behind len must be 0 */
	__u8 family;		/* 4 or 6 */
	__u8 len;
	__u8 pad[2];
	__u8 addr[16];
};

enum zonefw_attr_rule {
	ZONEFW_AR_UNSPEC,
	ZONEFW_AR_ID,		/* u32: keep this id and its counters; 0/absent: a new one */
	ZONEFW_AR_NAME,		/* string */
	ZONEFW_AR_FROM,		/* u16[] zone ids or ANY */
	ZONEFW_AR_TO,		/* u16[] */
	ZONEFW_AR_TEXT,		/* string: the rule in canonical form */
	ZONEFW_AR_WHERE,	/* string FILE:LINE */
	ZONEFW_AR_COMMENT,	/* string */
	ZONEFW_AR_ACTION,	/* u8 enum zonefw_action */
	ZONEFW_AR_ARG,		/* u32: reject: enum zonefw_reject; queue: number */
	ZONEFW_AR_FLAGS,	/* u32 ZONEFW_RULE_* */
	ZONEFW_AR_LOG,		/* string prefix (may be empty); presence means log */
	ZONEFW_AR_FAMILY,	/* u8 4 or 6 */
	ZONEFW_AR_L4,		/* struct zonefw_l4[]: one of them must match */
	ZONEFW_AR_SRC,		/* struct zonefw_addr[]: one of them must match */
	ZONEFW_AR_DST,		/* struct zonefw_addr[] */
	ZONEFW_AR_IN,		/* string pattern, repeated */
	ZONEFW_AR_OUT,		/* string pattern, repeated */
	ZONEFW_AR_MAC,		/* u8[6][] */
	ZONEFW_AR_MARK,		/* u32[2]: value, mask */
	ZONEFW_AR_DSCP,		/* u8 0..63 */
	__ZONEFW_AR_MAX
};
#define ZONEFW_AR_MAX (__ZONEFW_AR_MAX - 1)

#define ZONEFW_RULE_NEG_SRC	(1u << 0)	/* negated list: matches what is not in it */
#define ZONEFW_RULE_NEG_DST	(1u << 1)
#define ZONEFW_RULE_NEG_IN	(1u << 2)
#define ZONEFW_RULE_NEG_OUT	(1u << 3)
#define ZONEFW_RULE_NEG_MAC	(1u << 4)
#define ZONEFW_RULE_NEG_MARK	(1u << 5)
#define ZONEFW_RULE_NEG_DSCP	(1u << 6)
#define ZONEFW_RULE_BYPASS	(1u << 7)	/* queue: accept when nobody listens */
#define ZONEFW_RULE_ALL		0xffu

/* A box of the transport layer. Ranges are inclusive, host order. */
struct zonefw_l4 {
	__u16 sport_lo, sport_hi;	/* 0..65535: any, also a packet without ports */
	__u16 dport_lo, dport_hi;
	__u8 type_lo, type_hi;		/* ICMP type, when F_TYPE */
	__u8 code_lo, code_hi;
	__u8 proto;			/* when F_PROTO */
	__u8 flags;			/* ZONEFW_L4_* */
	__u8 pad[2];
};
#define ZONEFW_L4_F_PROTO	1u
#define ZONEFW_L4_F_PORTS	2u	/* ports must be known and in the ranges */
#define ZONEFW_L4_F_TYPE	4u	/* type must be known and in the range */

struct zonefw_addr {
	__u8 family;		/* 4 or 6 (v4 in the first 4 bytes) */
	__u8 kind;		/* 0: lo <= x <= hi; 1: (x & hi) == lo */
	__u8 pad[2];
	__u8 lo[16];
	__u8 hi[16];
};

enum zonefw_attr_celldef {
	ZONEFW_AC_UNSPEC,
	ZONEFW_AC_FROM,		/* u16 zone id or ANY */
	ZONEFW_AC_TO,		/* u16 */
	ZONEFW_AC_ACTION,	/* u8 enum zonefw_action; absent: no default here */
	ZONEFW_AC_ARG,		/* u32 enum zonefw_reject */
	ZONEFW_AC_LOG,		/* string */
	ZONEFW_AC_FLAGS,	/* u32 ZONEFW_CELL_* */
	ZONEFW_AC_TEXT,		/* string: options and default in canonical form */
	__ZONEFW_AC_MAX
};
#define ZONEFW_AC_MAX (__ZONEFW_AC_MAX - 1)

#define ZONEFW_CELL_LOG		(1u << 0)
#define ZONEFW_CELL_HAS_DEFAULT	(1u << 1)	/* GET_CELLS only */

enum zonefw_attr_opt {
	ZONEFW_AO_UNSPEC,
	ZONEFW_AO_LOG,		/* u8 enum zonefw_log */
	ZONEFW_AO_NFLOG_GROUP,	/* u16 */
	ZONEFW_AO_LOG_RATE,	/* u32 packets per ZONEFW_AO_LOG_PER seconds */
	ZONEFW_AO_LOG_PER,	/* u32 seconds: 1, 60, 3600, 86400 */
	ZONEFW_AO_INVALID_ACCEPT, /* u8 0|1 */
	ZONEFW_AO_REMATCH,	/* u8 0|1, default 1 */
	ZONEFW_AO_TAG_MASK,	/* u32, contiguous, wide enough for the zones, or 0 */
	ZONEFW_AO_TEXT,		/* string: the statement in canonical form */
	__ZONEFW_AO_MAX
};
#define ZONEFW_AO_MAX (__ZONEFW_AO_MAX - 1)

enum zonefw_state { ZONEFW_STATE_OPEN, ZONEFW_STATE_CLOSED, ZONEFW_STATE_ACTIVE, ZONEFW_STATE_PANIC };

enum zonefw_action {
	ZONEFW_DROP, ZONEFW_ACCEPT, ZONEFW_REJECT, ZONEFW_QUEUE, ZONEFW_CONTINUE,
	__ZONEFW_ACTION_MAX
};
enum zonefw_reject {
	ZONEFW_REJ_AUTO, ZONEFW_REJ_TCP_RESET, ZONEFW_REJ_PORT, ZONEFW_REJ_HOST,
	ZONEFW_REJ_NET, ZONEFW_REJ_ADMIN, __ZONEFW_REJ_MAX
};
enum zonefw_log { ZONEFW_LOG_NONE, ZONEFW_LOG_KERNEL, ZONEFW_LOG_NFLOG };

/* The closed list of reasons. Words: rule default established related builtin
 * rematch invalid unzoned spoofed no-policy closed panic error */
enum zonefw_reason {
	ZONEFW_R_RULE, ZONEFW_R_DEFAULT, ZONEFW_R_ESTABLISHED, ZONEFW_R_RELATED,
	ZONEFW_R_BUILTIN, ZONEFW_R_REMATCH, ZONEFW_R_INVALID, ZONEFW_R_UNZONED,
	ZONEFW_R_SPOOFED, ZONEFW_R_NO_POLICY, ZONEFW_R_CLOSED, ZONEFW_R_PANIC,
	ZONEFW_R_ERROR, __ZONEFW_R_MAX
};

/* ZONEFW_A_STATS: by reason first (packets decided so), then totals */
enum zonefw_stat {
	ZONEFW_S_ACCEPTED = __ZONEFW_R_MAX,	/* 13 */
	ZONEFW_S_DROPPED, ZONEFW_S_REJECTED, ZONEFW_S_QUEUED,
	ZONEFW_S_LOGGED, ZONEFW_S_LOG_LOST,
	__ZONEFW_S_MAX
};

#endif
