/* SPDX-License-Identifier: MIT */
/*
 * Stands in for a fuzzing engine: runs LLVMFuzzerTestOneInput over every file
 * of tests/fuzz/corpus/NAME, NAME being this program's name.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long n;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (n = ftell(f)) < 0)
		return -1;
	rewind(f);
	data = malloc((size_t)n + 1);
	if (!data || fread(data, 1, (size_t)n, f) != (size_t)n)
		return -1;
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)n);
	free(data);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	char dir[512], path[1024];
	struct dirent *d;
	int n = 0, bad = 0;
	DIR *at;

	snprintf(dir, sizeof(dir), "tests/fuzz/corpus/%s",
	    slash ? slash + 1 : argv[0]);
	if (strlen(dir) > 2 && strcmp(dir + strlen(dir) - 2, ".t") == 0)
		dir[strlen(dir) - 2] = '\0';
	at = opendir(argc > 1 ? argv[1] : dir);
	if (!at) {
		printf("not ok 1 - %s: no corpus\n1..1\n", dir);
		return 1;
	}
	while ((d = readdir(at))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argc > 1 ? argv[1] : dir,
		    d->d_name);
		if (replay(path) < 0)
			bad++;
		n++;
	}
	closedir(at);
	bad += n == 0;
	printf("%sok 1 - %d inputs of %s\n1..1\n", bad ? "not " : "", n, dir);
	return bad != 0;
}
