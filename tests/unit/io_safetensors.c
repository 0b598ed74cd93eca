/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "io/safetensors.h"
#include "tap.h"

static char path[] = "/tmp/quern-st-XXXXXX";

static void
test_round_trip(void)
{
	static const char *const meta[][2] = { { "format", "pt" },
		{ "a \"quote\"", "\xc3\xbc" } };
	const struct st_tensor want[] = {
		{ .name = "w", .dtype = ST_F32, .rank = 2, .shape = { 2, 3 } },
		{ .name = "none", .dtype = ST_F64, .rank = 1, .shape = { 0 } },
		{ .name = "half", .dtype = ST_F16, .rank = 1, .shape = { 6 } },
		{ .name = "brain",
		    .dtype = ST_BF16,
		    .rank = 1,
		    .shape = { 2 } },
		{ .name = "one", .dtype = ST_I64 },
	};
	const float w[] = { 1, -2, 3.5f, 1e-30f, 5, 6 };
	const uint16_t half[] = { 0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00,
		0x8000 };
	const uint16_t brain[] = { 0x3f80, 0xc040 };
	const int64_t one = -7;
	struct safetensors *s;
	struct st_writer *o;
	struct err e = { 0 };
	float got[6];
	int64_t back = 0;

	OK(st_create(&o, path, want, 5, meta, 2, &e) == 0 &&
		st_write(o, w, sizeof(w), &e) == 0 &&
		st_write(o, half, sizeof(half), &e) == 0 &&
		st_write(o, brain, sizeof(brain), &e) == 0 &&
		st_write(o, &one, sizeof(one), &e) == 0 &&
		st_commit(o, &e) == 0,
	    "written %s", e.msg);
	if (!OK(st_open(&s, path, &e) == 0, "opened %s", e.msg))
		return;
	OK(st_count(s) == 5 && st_find(s, "w") && !st_find(s, "v") &&
		st_find(s, "none")->size == 0 && st_find(s, "one")->rank == 0,
	    "five tensors");
	OK(st_find(s, "w")->at % 64 == 0, "data is aligned");
	OK(str_eq(st_meta(s, "a \"quote\""), STR("\xc3\xbc")), "metadata");
	OK(st_read_f32(s, st_find(s, "w"), 1, got, 5, &e) == 0 &&
		memcmp(got, w + 1, 5 * sizeof(*w)) == 0,
	    "floats, from the second on");
	OK(st_read_f32(s, st_find(s, "half"), 0, got, 6, &e) == 0 &&
		got[0] == 1 && got[1] == -2 && got[2] == 65504 &&
		got[3] == 0x1p-24f && isinf(got[4]) && got[5] == 0 &&
		signbit(got[5]),
	    "halves, subnormal and infinite ones too");
	OK(st_read_f32(s, st_find(s, "brain"), 0, got, 2, &e) == 0 &&
		got[0] == 1 && got[1] == -3,
	    "bfloat16");
	OK(st_read(s, st_find(s, "one"), 0, &back, 8, &e) == 0 && back == -7,
	    "raw bytes");
	OK(st_read_f32(s, st_find(s, "one"), 0, got, 1, &e) == ERR_FORMAT, "%s",
	    e.msg);
	OK(st_read(s, st_find(s, "w"), 20, got, 5, &e) == ERR_ARG, "%s", e.msg);
	st_close(s);
}

static void
test_short_write(void)
{
	const struct st_tensor t = {
		.name = "w", .dtype = ST_F32, .rank = 1, .shape = { 2 }
	};
	struct st_writer *o;
	struct err e;

	unlink(path);
	st_create(&o, path, &t, 1, NULL, 0, &e);
	st_write(o, "1234", 4, &e);
	OK(st_write(o, "123456789", 9, &e) == ERR_ARG, "%s", e.msg);
	OK(st_commit(o, &e) == ERR_ARG && access(path, F_OK) < 0,
	    "%s, and no file", e.msg);
}

static void
refuse(const char *header, uint64_t data)
{
	struct safetensors *s;
	struct err e = { 0 };

	OK(st_parse(&s, header, strlen(header), data, &e) == ERR_FORMAT && !s,
	    "%s", e.msg);
}

static void
test_hostile(void)
{
#define T(name, shape, offsets) \
	"\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape \
	",\"data_offsets\":" offsets "}"
	refuse("", 0);
	refuse("[1]", 0);
	refuse("{\"a\":", 0);
	refuse("{\"a\":1}", 0);
	refuse("{" T("a", "[1]", "[0,4]") "}", 3);
	refuse("{" T("a", "[1]", "[0,4]") "}", 5);
	refuse("{" T("a", "[2]", "[0,4]") "}", 4);
	refuse("{" T("a", "[1]", "[4,0]") "}", 4);
	refuse("{" T("a", "[1]", "[0]") "}", 4);
	refuse("{" T("a", "[-1]", "[0,4]") "}", 4);
	refuse("{" T("a", "[1.5]", "[0,4]") "}", 4);
	refuse("{" T("a", "[9223372036854775808,2]", "[0,4]") "}", 4);
	refuse("{" T("a", "[4611686018427387904]", "[0,0]") "}", 0);
	refuse("{" T("a", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4);
	refuse("{" T("a", "[1]", "[0,4]") "," T("b", "[1]", "[0,4]") "}", 4);
	refuse("{" T("a", "[1]", "[0,4]") "," T("b", "[1]", "[8,12]") "}", 12);
	refuse("{" T("a", "[1]", "[0,4]") "," T("a", "[1]", "[4,8]") "}", 8);
	refuse(
	    "{\"a\":{\"dtype\":\"F33\",\"shape\":[],\"data_offsets\":[0,4]}}",
	    4);
}

static void
test_files(void)
{
	const uint64_t huge = (uint64_t)1 << 63;
	struct safetensors *s;
	struct err e;
	FILE *f;

	OK(st_open(&s, "/nowhere/x", &e) == ERR_IO, "%s", e.msg);
	f = fopen(path, "w");
	fwrite("abc", 1, 3, f);
	fclose(f);
	OK(st_open(&s, path, &e) == ERR_FORMAT, "too short");
	f = fopen(path, "w");
	fwrite(&huge, 8, 1, f);
	fwrite("{}", 1, 2, f);
	fclose(f);
	OK(st_open(&s, path, &e) == ERR_FORMAT, "a header of 2^63 bytes");
}

int
main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	test_round_trip();
	test_short_write();
	test_hostile();
	test_files();
	unlink(path);
	return tap_end();
}
