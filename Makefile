# Builds StockVerify: the nginx module, the worker, the admin command and their tests.
# `make help` lists the targets; `make install DESTDIR=` stages a package.

BUILD    ?= build
# One way to write it, absolute or not: the files that list what an object depends on name their objects as it does.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
# And a target asked for by its absolute name is the one of that name here.
ABSOLUTE := $(filter $(CURDIR)/%,$(MAKECMDGOALS))
CC       ?= cc
PREFIX   ?= /usr
PKGS     := libmongoc-1.0 hiredis jansson libjwt openssl libargon2 libcrypt libzstd zlib libutf8proc glib-2.0
# What only the worker writes files with; nginx loads none of it.
WORKER_PKGS := xlsxwriter cairo pangocairo libcurl odbc
WARN     := -Wall -Wextra -Wshadow
CPPFLAGS += -I. -I$(BUILD)/generated -D_GNU_SOURCE
# A library that is missing ends make with its name, before a compiler complains of a header.
ifneq ($(filter-out clean help format,$(or $(MAKECMDGOALS),all)),)
MISSING := $(shell command -v pkg-config >/dev/null || echo pkg-config; for name in $(PKGS) $(WORKER_PKGS); do pkg-config --exists $$name 2>/dev/null || echo $$name; done)
ifneq ($(MISSING),)
$(error not found by pkg-config: $(MISSING). `scripts/deps build` installs what building needs)
endif
endif
# The libraries' headers are not ours to warn about; minizip's folder, which libxlsxwriter names, has a crypt.h that
# would stand before the system's.
PKG_CFLAGS := $(patsubst -I%,-isystem %,$(filter-out -I%/minizip,$(shell pkg-config --cflags $(PKGS) $(WORKER_PKGS))))
CFLAGS   ?= -O2 -g
CFLAGS   += -std=gnu11 -fPIC -pthread $(WARN) $(WERROR) $(PKG_CFLAGS)
LIBS     := $(shell pkg-config --libs $(PKGS)) -lm -pthread
# What Debian hardens its programs with; the sanitizers have their own ways. FORTIFY needs an optimizing compiler.
HARDEN   := -fstack-protector-strong -fstack-clash-protection -Wformat -Werror=format-security \
            $(if $(filter -O0,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARDEN_LINK := -pie -Wl,-z,relro -Wl,-z,now
# Only for these: the sanitizers define crypt_r themselves, and libcrypt would seem not to be needed.
WORKER_LIBS := -Wl,--push-state,--as-needed $(shell pkg-config --libs $(WORKER_PKGS)) -Wl,--pop-state $(LIBS)
SANITIZE := -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined

GENERATED := $(BUILD)/generated/lua_scripts.inc
CORE_SRC   := $(shell find core -name '*.c')
WORKER_SRC := $(shell find worker -name '*.c')
WORKER_LIB := $(filter-out worker/main.c,$(WORKER_SRC))
CTL_SRC    := $(shell find ctl -name '*.c')
UNIT_SRC   := $(wildcard t/unit/test_*.c)
FUZZ_SRC   := $(wildcard t/fuzz/fuzz_*.c)
UNIT_LIB   := $(filter-out $(UNIT_SRC),$(wildcard t/unit/*.c))

object = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))

# Objects between a source and a program are kept, or the next build would make them again.  As .SECONDARY one that is
# missing would be left out where what it goes into is younger than its source (a file that was moved).
.PRECIOUS: $(BUILD)/plain/%.o $(BUILD)/asan/%.o $(BUILD)/libfuzz/%.o
.PHONY: all core worker ctl module module-asan console console-if-node console-tests api-types unit unit-plain tools fuzz check install clean help format $(ABSOLUTE)
all: module worker ctl console-if-node
$(foreach target,$(ABSOLUTE),$(eval $(target): $(target:$(CURDIR)/%=%)))

help:
	@sed -n 's/^## //p' Makefile

## make worker ctl module   the three programs
worker: $(BUILD)/stockverify-worker
ctl: $(BUILD)/stockverifyctl
core: $(BUILD)/libstockverify.a

$(BUILD)/generated/lua_scripts.inc: $(wildcard core/redis/lua/*.lua core/redis/lua/include/*.lua) scripts/embed-lua
	@mkdir -p $(@D)
	scripts/embed-lua core/redis/lua > $@.tmp && mv $@.tmp $@

$(BUILD)/plain/%.o: %.c $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(HARDEN) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/asan/%.o: %.c $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

$(BUILD)/libstockverify.a: $(call object,plain,$(CORE_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libstockverify-asan.a: $(call object,asan,$(CORE_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

# All of the worker but its main(), for its tests and benchmarks.
$(BUILD)/libstockverify-worker.a: $(call object,plain,$(WORKER_LIB))
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libstockverify-worker-asan.a: $(call object,asan,$(WORKER_LIB))
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/stockverify-worker: $(call object,plain,$(WORKER_SRC)) $(BUILD)/libstockverify.a
	$(CC) $(CFLAGS) $(HARDEN_LINK) $(LDFLAGS) $^ -o $@ $(WORKER_LIBS)

$(BUILD)/stockverify-worker-asan: $(call object,asan,$(WORKER_SRC)) $(BUILD)/libstockverify-asan.a
	$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) $^ -o $@ $(WORKER_LIBS)

$(BUILD)/stockverifyctl: $(call object,plain,$(CTL_SRC)) $(BUILD)/libstockverify.a
	$(CC) $(CFLAGS) $(HARDEN_LINK) $(LDFLAGS) $^ -o $@ $(LIBS)

## make module              $(BUILD)/ngx_stockverify_module.so for Debian's nginx
module: $(BUILD)/ngx_stockverify_module.so
module-asan: $(BUILD)/asan/ngx_stockverify_module.so

MODULE_DEPS := config scripts/build-module $(shell find core -name '*.h' -o -name '*.def') $(shell find ngx_stockverify_module -name '*.[ch]' -o -name '*.def')

$(BUILD)/ngx_stockverify_module.so: $(BUILD)/libstockverify.a $(MODULE_DEPS)
	scripts/build-module $(BUILD)/nginx $@ $<

$(BUILD)/asan/ngx_stockverify_module.so: $(BUILD)/libstockverify-asan.a $(MODULE_DEPS)
	SANITIZE="$(SANITIZE)" scripts/build-module $(BUILD)/nginx-asan $@ $<

## make console             the client library and the console (Node and npm packages: scripts/deps build)
# Whoever has no Node gets everything else.
NODE = $(or $(shell scripts/deps --node),$(error `scripts/deps build` installs what building the console needs))
NPM_RUN = PATH="$(NODE):$$PATH" npm --prefix console run --silent
CONSOLE_SETTINGS := console/package.json console/package-lock.json console/tsconfig.base.json
CLIENT_SRC := $(shell find console/client/src -type f) $(wildcard console/client/*.json) $(CONSOLE_SETTINGS)

CONSOLE := $(BUILD)/console
APP_SRC := $(shell find console/app/src console/app/public -type f) $(wildcard console/app/*.json console/app/*.ts console/app/*.html)

console: $(CONSOLE)/.made

console-if-node:
	@if scripts/deps --node >/dev/null 2>&1; then $(MAKE) --no-print-directory console; \
	else echo 'The console was left out: it needs Node and npm packages, which scripts/deps build installs'; fi

console/client/dist/.made: $(CLIENT_SRC)
	rm -rf $(@D)
	$(NPM_RUN) -w @stockverify/client build
	@touch $@

# A build is named after what it is made of.
$(CONSOLE)/.made: console/client/dist/.made $(APP_SRC)
	CONSOLE_OUTPUT="$(abspath $(CONSOLE))" CONSOLE_BUILD="$$(cat $(APP_SRC) $(CLIENT_SRC) | cksum | cut -d ' ' -f 1)" $(NPM_RUN) -w @stockverify/console build
	@touch $@

## make console-tests       the tests of the client library, compiled (scripts/test runs them)
APP_TESTS := $(shell test ! -d console/app/test || find console/app/test -type f)
console-tests: console/client/.build/.made $(if $(APP_TESTS),console/app/.build/.made)

console/client/.build/.made: $(CLIENT_SRC) $(shell find console/client/test -type f)
	rm -rf $(@D)
	$(NPM_RUN) -w @stockverify/client build:test
	@touch $@

console/app/.build/.made: console/client/dist/.made $(APP_SRC) $(APP_TESTS)
	rm -rf $(@D)
	$(NPM_RUN) -w @stockverify/console build:test
	@touch $@

## make api-types           the types of the API for TypeScript, from openapi.yaml
api-types:
	"$(NODE)/node" console/node_modules/.bin/openapi-typescript openapi.yaml -o console/client/src/api.gen.ts

## make unit                cmocka tests under ASan and UBSan (build only; scripts/test runs them)
unit: $(patsubst t/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))

$(BUILD)/unit/%: $(BUILD)/asan/t/unit/%.o $(call object,asan,$(UNIT_LIB)) $(BUILD)/libstockverify-worker-asan.a $(BUILD)/libstockverify-asan.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SANITIZE) $^ -o $@ $(WORKER_LIBS) -lcmocka

## make unit-plain          the same without sanitizers, for valgrind
unit-plain: $(patsubst t/unit/%.c,$(BUILD)/unit-plain/%,$(UNIT_SRC))

$(BUILD)/unit-plain/%: $(BUILD)/plain/t/unit/%.o $(call object,plain,$(UNIT_LIB)) $(BUILD)/libstockverify-worker.a $(BUILD)/libstockverify.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(WORKER_LIBS) -lcmocka

## make tools               what the local stack and the tests call beside the programs
tools: $(BUILD)/mongo-shell $(BUILD)/test-worker

$(BUILD)/mongo-shell: $(BUILD)/plain/t/tools/mongo_shell.o
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(LIBS)

# The worker with jobs that do as a test tells them.
TEST_WORKER_SRC := $(filter-out worker/jobs/% worker/export/% worker/mail/%,$(WORKER_SRC)) t/tools/worker_kinds.c
$(BUILD)/test-worker: $(call object,plain,$(TEST_WORKER_SRC)) $(BUILD)/libstockverify.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(LIBS) -lodbc

## make fuzz                libFuzzer targets (clang)
fuzz: $(patsubst t/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))

$(BUILD)/libfuzz/%.o: %.c $(GENERATED)
	@mkdir -p $(@D)
	clang $(CPPFLAGS) $(CFLAGS) -Wno-unknown-warning-option -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c $< -o $@

$(BUILD)/libstockverify-fuzz.a: $(call object,libfuzz,$(CORE_SRC) worker/erp/frame.c)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/fuzz/%: $(BUILD)/libfuzz/t/fuzz/%.o $(BUILD)/libstockverify-fuzz.a
	@mkdir -p $(@D)
	clang -fsanitize=fuzzer,address,undefined $^ -o $@ $(LIBS)

## make bench               what scripts/bench measures with, in $(BUILD)/bench
bench: $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))

$(BUILD)/bench/%: $(BUILD)/plain/bench/%.o $(BUILD)/libstockverify-worker.a $(BUILD)/libstockverify.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(WORKER_LIBS)

## make check               everything scripts/test runs
check:
	scripts/test

## make format              clang-format over every C file
format:
	clang-format -i $(shell find core worker ctl ngx_stockverify_module t/unit t/fuzz -name '*.[ch]')

## make install DESTDIR=    module, worker, admin command, configuration, units, and the console when it was made
install: all
	install -D -m 0644 $(BUILD)/ngx_stockverify_module.so $(DESTDIR)$(PREFIX)/lib/nginx/modules/ngx_stockverify_module.so
	install -D -m 0755 $(BUILD)/stockverify-worker $(DESTDIR)$(PREFIX)/sbin/stockverify-worker
	install -D -m 0755 $(BUILD)/stockverifyctl $(DESTDIR)$(PREFIX)/sbin/stockverifyctl
	install -d $(DESTDIR)/var/log/stockverify $(DESTDIR)/etc/stockverify $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)/etc/logrotate.d
	test -e $(DESTDIR)/etc/stockverify/worker.conf || install -m 0640 conf/worker.conf $(DESTDIR)/etc/stockverify/worker.conf
	install -m 0644 conf/nginx.conf $(DESTDIR)/etc/stockverify/nginx.conf.example
	install -d $(DESTDIR)/etc/stockverify/console
	install -m 0644 conf/console/*.conf $(DESTDIR)/etc/stockverify/console/
	test ! -e $(BUILD)/console/index.html || scripts/install-console $(BUILD)/console $(DESTDIR)$(PREFIX)/share/stockverify/console
	install -m 0644 conf/systemd/*.service $(DESTDIR)$(PREFIX)/lib/systemd/system/
	install -D -m 0644 conf/systemd/nginx.service.d/stockverify.conf $(DESTDIR)/etc/stockverify/nginx.service.d.example
	install -m 0644 conf/logrotate $(DESTDIR)/etc/logrotate.d/stockverify

clean:
	rm -rf $(BUILD) console/*/dist console/*/.build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
