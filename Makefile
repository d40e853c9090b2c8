# SPDX-License-Identifier: GPL-2.0
# zonefw: the module (Kbuild, kmod/) and the program (userspace/). `make help` lists the targets.
VERSION	:= 0.1.0
KDIR	?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	     $(shell ls -d /lib/modules/*/build 2>/dev/null | sort -V | tail -1))
# not kernelrelease: Debian's headers answer that with the upstream version
KVER	= $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
PREFIX	?= /usr
DESTDIR	?=
INSTALL	?= install
MANDIR	= $(DESTDIR)$(PREFIX)/share/man
COMPDIR	= $(DESTDIR)$(PREFIX)/share/bash-completion/completions
SHAREDIR = $(DESTDIR)$(PREFIX)/share/zonefw
DOCDIR	= $(DESTDIR)$(PREFIX)/share/doc/zonefw
UNITDIR	= $(DESTDIR)/lib/systemd/system
MODDIR	= $(DESTDIR)/lib/modules/$(KVER)/updates
DKMSDIR	= $(DESTDIR)/usr/src/zonefw-$(VERSION)

all: modules userspace

modules:
	@test -n "$(KDIR)" || { echo "no kernel headers found: install them or set KDIR" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

userspace:
	$(MAKE) -C userspace

test:
	tests/run

# what takes hours, a line a part: make test-long PARTS="faults kunit72"
test-long:
	tests/long $(PARTS)

# which lines the tests reach, an hour and a half: docs/coverage.md
coverage:
	tests/coverage/run --write

check:
	tests/static/check

# the unit tests inside the module, on the debug kernel: make kunit SUITE="txn vcache"; or KERNEL=7.2: on a plain one
kunit:
	KERNEL=$(KERNEL) tests/kunit/run $(SUITE)

# as long as one likes: make fuzz FUZZ_SECONDS=3600
fuzz:
	tests/fuzz/run

# QUICK=1: the short form. NATIVE=1: by the clock of the wall instead of instructions
bench: all
	tests/bench/run $(if $(QUICK),--quick) $(if $(NATIVE),--native)

# figures of changes under traffic: docs/live.md
bench-live: all
	tests/bench/live

bench-docs:
	tests/bench/docs.py build/bench.log "$$(sed -n 's/^ *"revision": "\(.*\)",/\1/p' build/bench.json)"

demo:
	tests/demo/run

demo-shell:
	tests/demo/run --shell

install: all
	$(INSTALL) -d $(MODDIR)
	$(INSTALL) -m 644 zonefw.ko $(MODDIR)/zonefw.ko
	$(if $(DESTDIR),,depmod -a $(KVER))
	$(MAKE) -C userspace install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	for s in 5 8; do for f in docs/man/*.$$s; do [ -e "$$f" ] || continue; \
	  $(INSTALL) -D -m 644 "$$f" "$(MANDIR)/man$$s/$${f##*/}" || exit 1; done; done
	[ ! -e userspace/completion/zonefw.bash ] || \
	  $(INSTALL) -D -m 644 userspace/completion/zonefw.bash $(COMPDIR)/zonefw
	$(INSTALL) -D -m 755 packaging/boot $(SHAREDIR)/boot
	$(INSTALL) -d $(UNITDIR) $(DOCDIR)/examples $(DESTDIR)/etc/zonefw
	sed 's|@PREFIX@|$(PREFIX)|g' packaging/zonefw.service > $(UNITDIR)/zonefw.service
	chmod 644 $(UNITDIR)/zonefw.service
	$(INSTALL) -m 644 README.md CHANGELOG.md $(DOCDIR)/
	$(INSTALL) -m 644 examples/*.conf packaging/failsafe.conf $(DOCDIR)/examples/

uninstall:
	rm -f $(MODDIR)/zonefw.ko $(COMPDIR)/zonefw $(UNITDIR)/zonefw.service
	$(if $(DESTDIR),,depmod -a $(KVER))
	for s in 5 8; do for f in docs/man/*.$$s; do rm -f "$(MANDIR)/man$$s/$${f##*/}"; done; done
	rm -rf $(DESTDIR)$(PREFIX)/sbin/zonefw $(SHAREDIR) $(DOCDIR)
	rmdir $(DESTDIR)/etc/zonefw 2>/dev/null || true

dkms-install:
	rm -rf $(DKMSDIR)
	$(INSTALL) -d $(DKMSDIR)
	cp -r Kbuild kmod uapi COPYING dkms.conf $(DKMSDIR)/
	find $(DKMSDIR) \( -name '*.o' -o -name '.*.cmd' -o -name '__pycache__' \) -prune -exec rm -rf {} +
	$(if $(DESTDIR),,dkms install -m zonefw -v $(VERSION))

dkms-uninstall:
	$(if $(DESTDIR),,dkms remove -m zonefw -v $(VERSION) --all)
	rm -rf $(DKMSDIR)

clean:
	-[ -z "$(KDIR)" ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
	-[ ! -e userspace/Makefile ] || $(MAKE) -C userspace clean

help:
	@echo "zonefw $(VERSION)"
	@echo "  all           module and program"
	@echo "  modules       zonefw.ko for KDIR=$(KDIR)"
	@echo "  userspace     userspace/zonefw"
	@echo "  test          everything: static checks, unit tests, packets in virtual machines (root)"
	@echo "  test-long     what takes hours: all cases, failing allocations, fuzzing, stress, 7.2 (PARTS=\"faults stress\")"
	@echo "  coverage      which lines the tests reach, into docs/coverage.md"
	@echo "  check         static checks only"
	@echo "  kunit         the unit tests inside the module, on a debug kernel (SUITE=\"txn vcache\", KERNEL=7.2)"
	@echo "  fuzz          the fuzzers, FUZZ_SECONDS each (20)"
	@echo "  bench         what a packet costs, beside nftables and iptables (QUICK=1, NATIVE=1)"
	@echo "  bench-live    what a change costs under traffic: docs/live.md"
	@echo "  bench-docs    puts the figures of the last bench into docs/bench.md"
	@echo "  demo          a three-legged DMZ with real servers in a virtual machine"
	@echo "  demo-shell    the same, with a shell"
	@echo "  install uninstall dkms-install dkms-uninstall clean    honour DESTDIR, PREFIX, KDIR"

.PHONY: all modules userspace test test-long coverage check kunit fuzz bench bench-live bench-docs demo demo-shell install uninstall dkms-install dkms-uninstall clean help
