# make             everything (the CUDA twin too, if nvcc is found)
# make deps        install the Debian packages that are missing
# make quickstart  deps, build, and the sample crawl to a small model
# make check       all tests (TAP, via prove)
# make fuzz        every fuzzer for FUZZ_SECONDS (needs clang)
# make gpu-check gpu-bench   the CUDA twin on a card: is it right, how fast
# make bench       measurements; the figures in docs/ come from here
# make SAN=address,undefined check    sanitizers; SAN=thread takes clang
# make CUDA=no     without CUDA
# make MPI=no      without MPI: training has one rank
# make NCCL=no     without NCCL: several ranks train on processors only
# make DEV=1       warnings are errors
# make lang-model LANGID=DIR   train the built-in language model anew
.DELETE_ON_ERROR:
.SUFFIXES:

SAN      =
CC       = $(if $(findstring thread,$(SAN)),clang,cc)
CXX      = $(if $(findstring thread,$(SAN)),clang++,c++)
NVCC     = nvcc
CFLAGS   = -O2 -g
CXXFLAGS = $(CFLAGS)
PREFIX   = /usr/local
BINDIR   = $(PREFIX)/bin
MANDIR   = $(PREFIX)/share/man
CUDA    := $(if $(shell command -v $(NVCC) 2>/dev/null),yes,no)
MPICC    = mpicc
MPI     := $(if $(shell command -v $(MPICC) 2>/dev/null),yes,no)
NVROOT  := $(abspath $(dir $(shell command -v $(NVCC) 2>/dev/null))..)
NCCL    := $(if $(wildcard $(NVROOT)/include/nccl.h /usr/include/nccl.h),$(CUDA),no)
# Cards since Ampere, and Hopper with its own instructions.
NVARCH   = -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90a,code=sm_90a
DEV      =
V        =
-include config.mk

PKG      = libxml-2.0 libzstd libpcre2-8 libxxhash libisal libdeflate \
	libbrotlidec libarchive libutf8proc uchardet nettle simdjson libdivsufsort
B        = build$(addprefix -,$(subst $(comma),-,$(SAN)))
comma   := ,
# clang says so when it leaves a loop as it is: no fault of the code.
WARN     = $(if $(findstring clang,$(CC)),-Wno-pass-failed) -Wall -Wextra -Wshadow -Wvla $(if $(DEV),-Werror)
CWARN    = -Wmissing-prototypes -Wstrict-prototypes
SANFLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer)
# clang and gcc know OpenMP by the same flag; each brings its own run time.
COMMON   = -D_POSIX_C_SOURCE=200809L -Ilib -Icmd -Itests $(WARN) $(SANFLAGS) -pthread \
	-fopenmp -ffp-contract=off -fno-math-errno $(PKG_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(CWARN) $(COMMON) $(CFLAGS)
ALL_CXXFLAGS = -std=c++17 $(COMMON) $(CXXFLAGS)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKG) 2>/dev/null | \
	sed 's/-I/-isystem /g')
PKG_LIBS := $(shell pkg-config --libs $(PKG) 2>/dev/null)
# As needed: a command links only the libraries that its rooms use.
LDLIBS   = -Wl,--as-needed $(PKG_LIBS) -ldnnl -lm -ldl

# The library GEMM and its run time are not built for the thread sanitizer:
# there the reference takes its place (same names, lib/train/cpu/ref/).
GEMM     = $(if $(findstring thread,$(SAN)),lib/train/cpu/ref/gemm.c,\
	lib/train/cpu/gemm.c)
SRC     := $(sort $(wildcard lib/*/*.c lib/base/text/*.c \
	$(filter-out lib/train/cpu/gemm.c,$(wildcard lib/train/cpu/*.c))) \
	$(wildcard $(GEMM)))
CXXSRC  := $(sort $(wildcard lib/*/*.cpp))
CUSRC   := $(sort $(wildcard lib/train/cuda/*.cu))
CMD      = $(patsubst cmd/%.c,$B/bin/%,$(wildcard cmd/quern*.c))
TEST     = $(patsubst tests/%.c,$B/tests/%.t,$(wildcard tests/unit/*.c))
FUZZ     = $(patsubst tests/fuzz/%.c,$B/tests/fuzz/%.t,$(wildcard tests/fuzz/*.c))
BENCH    = $(patsubst tests/bench/%.c,$B/bench/%,$(wildcard tests/bench/*.c))
OBJ      = $(addsuffix .o,$(addprefix $B/,$(SRC) $(CXXSRC)))
LIB      = $B/libquern.a
# What lib/quern.h declares, for other programs; all else is hidden.
ROWSRC   = $(filter lib/base/% lib/io/% lib/mix/%,$(SRC) $(CXXSRC))
SHLIB    = $B/libquern.so
# The same kernels on the processor, for the tests (tests/emulate); CUDA counts
# threads without a sign.
EMUSRC   = $(CUSRC) $(wildcard tests/emulate/*.cpp)
# Contexts of our own making confuse the thread sanitizer.
EMULATED = $(if $(findstring thread,$(SAN)),,$B/emulated/quern-cuda.so)
MPISRC  := $(sort $(wildcard lib/train/mpi/*.c))
NCCLSRC := $(sort $(wildcard lib/train/nccl/*.c))
# What it needs of the library is in it.
NCCLLIB  = $B/pic/lib/base/err.c.o $B/pic/lib/train/link.c.o
PLUGIN   = $(if $(filter yes,$(CUDA)),$(if $(CUSRC),$B/bin/quern-cuda.so)) \
	$(if $(filter yes,$(NCCL)),$B/bin/quern-nccl.so) \
	$(if $(filter yes,$(MPI)),$B/bin/quern-mpi.so)
# Whoever looks for the emulated twin finds MPI beside it.
BESIDE   = $(if $(EMULATED),$B/emulated/quern-nccl.so \
	$(if $(filter yes,$(MPI)),$B/emulated/quern-mpi.so))
LINK     = $(CXX) $(SANFLAGS) -pthread -fopenmp $(CFLAGS) $(LDFLAGS) -o $@

# make V=1 shows whole commands.
say      = $(if $V,,@echo "  $1 $@"; )

all: $(CMD) $(PLUGIN) $(SHLIB)

# cmd/tokenizer/train.c is a part of quern-tokenizer, and so on.
$B/bin/quern-perplexity: $(patsubst %,$B/%.o,$(wildcard cmd/perplexity/*.c))
$B/bin/quern-train: $(patsubst %,$B/%.o,$(wildcard cmd/train/*.c))
$B/bin/quern-tokenizer: $(patsubst %,$B/%.o,$(wildcard cmd/tokenizer/*.c))
$(CMD): $B/bin/%: $B/cmd/%.c.o $B/cmd/cmd.c.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) $(filter %.o,$^) $(LIB) $(LDLIBS)
$(TEST): $B/tests/%.t: $B/tests/%.c.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) $^ $(LDLIBS)
$(BENCH): $B/bench/%: $B/tests/bench/%.c.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) $^ $(LDLIBS)
# A fuzzer's target with a main() that replays the corpus.
$(FUZZ): $B/tests/fuzz/%.t: $B/tests/fuzz/%.c.o $B/tests/replay.c.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) $^ $(LDLIBS)
# The CUDA twin: a plugin, so that no command links the CUDA run time.
$B/bin/quern-cuda.so: $(addsuffix .o,$(addprefix $B/,$(CUSRC))) $B/pic/lib/base/err.c.o
	@mkdir -p $(@D)
	$(call say,NVCC)$(NVCC) -shared $(NVARCH) -o $@ $^ -lcublasLt
# Ranks: a plugin, so that no command links MPI.  Its compiler is the one of all
# the rest with MPI's own options.
$B/bin/quern-mpi.so: export OMPI_CC = $(CC)
$B/bin/quern-mpi.so: export MPICH_CC = $(CC)
$B/bin/quern-mpi.so: $(addsuffix .o,$(addprefix $B/mpi/,$(MPISRC))) $B/pic/lib/base/err.c.o
	@mkdir -p $(@D)
	$(call say,LINK)$(MPICC) $(SANFLAGS) $(CFLAGS) $(LDFLAGS) -shared -o $@ $^
$B/mpi/%.c.o: export OMPI_CC = $(CC)
$B/mpi/%.c.o: export MPICH_CC = $(CC)
$B/mpi/%.c.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC)$(MPICC) $(ALL_CFLAGS) -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<
# Between cards: a plugin, so that the CUDA twin is there without NCCL.
$B/bin/quern-nccl.so: $(addsuffix .o,$(addprefix $B/nccl/,$(NCCLSRC))) $(NCCLLIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -shared $^ -L$(NVROOT)/lib64 -lnccl
$B/nccl/%.c.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CFLAGS) -isystem $(NVROOT)/include -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<
# The same with a stand-in that sends between processes.
$B/emulated/quern-nccl.so: $(patsubst %,$B/emulated/%.o,$(NCCLSRC) $(wildcard tests/emulate/nccl/*.c)) $(NCCLLIB)
	$(call say,LINK)$(LINK) -shared $^
$B/emulated/%.c.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) -Itests/emulate/nccl $(ALL_CFLAGS) -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<
$B/emulated/quern-mpi.so: $B/bin/quern-mpi.so
	@mkdir -p $(@D)
	@cp $< $@
$B/emulated/quern-cuda.so: $(addsuffix .o,$(addprefix $B/emulated/,$(EMUSRC))) $B/pic/lib/base/err.c.o
	$(call say,LINK)$(LINK) -shared $^
$B/emulated/%.o: % $B/flags
	@mkdir -p $(@D)
	$(call say,CXX)$(CXX) -x c++ -Itests/emulate $(ALL_CXXFLAGS) -Wno-sign-compare -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<
$(SHLIB): $(addsuffix .o,$(addprefix $B/pic/,$(ROWSRC))) lib/quern.map
	$(call say,LINK)$(LINK) -shared -Wl,-soname,libquern.so \
		-Wl,--version-script=lib/quern.map $(filter %.o,$^) $(LDLIBS)
$B/pic/%.c.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CFLAGS) -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<
$B/pic/%.cpp.o: %.cpp $B/flags
	@mkdir -p $(@D)
	$(call say,CXX)$(CXX) $(ALL_CXXFLAGS) -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<
$(LIB): $(OBJ)
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^
$B/%.c.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$B/%.cpp.o: %.cpp $B/flags
	@mkdir -p $(@D)
	$(call say,CXX)$(CXX) $(ALL_CXXFLAGS) -MMD -MP -c -o $@ $<
$B/%.cu.o: %.cu $B/flags
	@mkdir -p $(@D)
	$(call say,NVCC)$(NVCC) -std=c++17 -O2 $(NVARCH) -Xcompiler -fPIC,-fvisibility=hidden -Ilib -MMD -MP -MF $(@:.o=.d) -c -o $@ $<
# .incbin leaves no trace in the dependencies.
$B/lib/filter/lang_builtin.c.o: lib/filter/lang.qlm
# Rebuild when the flags change, not only when the sources do.
$B/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CXX) $(ALL_CFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(CXX) $(ALL_CFLAGS)' >$@

check: export QUERN_PLUGIN_DIR = $(CURDIR)/$B/$(if $(EMULATED),emulated,bin)
check: export QUERN_BIN = $(CURDIR)/$B/bin
# Threads that wait sleep: spinning ones stall each other on shared processors.
check bench: export OMP_WAIT_POLICY = passive
check: export PATH := $(CURDIR)/$B/bin:$(PATH)
# Refused allocations are tested: they return NULL under a sanitizer too.
check: export ASAN_OPTIONS = allocator_may_return_null=1:detect_leaks=1
check: export UBSAN_OPTIONS = print_stacktrace=1
check: export TSAN_OPTIONS = allocator_may_return_null=1:ignore_noninstrumented_modules=1
# Benches are built, so that they go on compiling; make bench runs them.
check: all $(TEST) $(FUZZ) $(BENCH) $(EMULATED) $(BESIDE)
	prove -j2 -e '' $(TEST) $(FUZZ)
	prove -j2 -e bash $(sort $(wildcard tests/cli/*.t))

# Coverage-guided, from the corpora in tests/fuzz/corpus; findings stay in $B.
FUZZ_SECONDS = 60
fuzz:
	$(MAKE) CC=clang CXX=clang++ CUDA=no SAN=address,undefined,fuzzer-no-link \
		fuzz-run
FUZZER   = $(patsubst tests/fuzz/%.c,$B/fuzz/%,$(wildcard tests/fuzz/*.c))
$(FUZZER): $B/fuzz/%: $B/tests/fuzz/%.c.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -fsanitize=fuzzer $^ $(LDLIBS)
# A small quarantine: freed memory is used again rather than faulted in anew.  No
# windows of gigabytes, which zstd allows, since their shadow is written.
fuzz-run: export ASAN_OPTIONS = allocator_may_return_null=1:quarantine_size_mb=16:max_allocation_size_mb=256
fuzz-run: $(FUZZER)
	@for f in $(FUZZER); do n=$${f##*/}; mkdir -p $B/corpus/$$n; \
		echo "== $$n"; $$f -max_total_time=$(FUZZ_SECONDS) \
		-rss_limit_mb=4096 -max_len=65536 -print_final_stats=0 \
		-artifact_prefix=$B/fuzz/$$n- $B/corpus/$$n \
		tests/fuzz/corpus/$$n >$B/fuzz/$$n.log 2>&1 || \
		{ tail -n 40 $B/fuzz/$$n.log; exit 1; }; \
		tail -n 1 $B/fuzz/$$n.log; done

# The CUDA twin on this machine's card; a table, and JSON in $B.
gpu-check: all $(patsubst %,$B/tests/unit/train_%.t,ops types attention)
	bash tests/gpu/check.sh $B $B/gpu-check.json
gpu-bench: all $B/bench/device
	bash tests/gpu/bench.sh $B $B/gpu-bench.json
bench: all $(BENCH)
	@for b in $(BENCH); do $$b || exit 1; done

lint:
	tests/lint.sh
	@if command -v shellcheck >/dev/null; then \
		shellcheck -x -S warning $$(git ls-files '*.sh' '*.t' .ci/run); fi

format-check:
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h' '*.cpp' '*.hpp')
format:
	clang-format -i $$(git ls-files '*.c' '*.h' '*.cpp' '*.hpp')

# The language model that is built in, from the data that LANGID names; some
# minutes.  make lang-model LANGID=DIR
LANGID   = ../shared/data/langid
lang-model: $B/bin/quern $B/bin/quern-classify
	PATH="$(CURDIR)/$B/bin:$$PATH" pipelines/lang-model.sh $(LANGID) \
		$B/lang.qlm
	cmp -s $B/lang.qlm lib/filter/lang.qlm || \
		cp $B/lang.qlm lib/filter/lang.qlm

deps:
	pipelines/deps.sh

quickstart:
	pipelines/deps.sh
	$(MAKE) -j$$(nproc) all
	PATH="$(CURDIR)/$B/bin:$$PATH" pipelines/crawl-to-model.sh

install: all
	mkdir -p $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 \
		$(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7 \
		$(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/include
	cp $(CMD) $(PLUGIN) $(DESTDIR)$(BINDIR)/
	cp $(SHLIB) $(DESTDIR)$(PREFIX)/lib/
	cp lib/quern.h $(DESTDIR)$(PREFIX)/include/
	for s in 1 5 7; do for m in man/*.$$s; do if [ -f "$$m" ]; then \
		cp "$$m" $(DESTDIR)$(MANDIR)/man$$s/; fi; done; done
uninstall:
	cd $(DESTDIR)$(BINDIR) && rm -f $(notdir $(CMD)) quern-cuda.so quern-mpi.so quern-nccl.so
	rm -f $(DESTDIR)$(PREFIX)/lib/libquern.so $(DESTDIR)$(PREFIX)/include/quern.h
	for m in man/*.[157]; do \
		rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$$(basename $$m); done
clean:
	rm -rf build build-*
FORCE:
.PHONY: all check gpu-check gpu-bench fuzz fuzz-run bench lint format format-check lang-model deps \
	quickstart install \
	uninstall clean FORCE
-include $(OBJ:.o=.d) $(CUSRC:%=$B/%.d) $(EMUSRC:%=$B/emulated/%.d) $(MPISRC:%=$B/mpi/%.d) $(NCCLSRC:%=$B/nccl/%.d) $(NCCLSRC:%=$B/emulated/%.d) $(wildcard $B/cmd/*.d $B/cmd/*/*.d \
	$(ROWSRC:%=$B/pic/%.d) $B/tests/*.d $B/tests/*/*.d)
