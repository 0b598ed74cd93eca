/* SPDX-License-Identifier: MIT */
/* The front: `quern filter ...` runs `quern-filter ...`. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"

/* The folder of the running program. */
static const char *
own_folder(void)
{
	static char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return "/usr/local/bin";
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	return self;
}

static int
only_commands(const struct dirent *d)
{
	const char *dash = strchr(d->d_name, '-');

	return strncmp(d->d_name, "quern-", 6) == 0 && !strchr(dash, '.');
}

/* Every command beside this one, with the summary it gives of itself. */
static void
list_commands(void)
{
	const char *dir = own_folder();
	char command[PATH_MAX + 300], line[256];
	struct dirent **d;
	int i, n = scandir(dir, &d, only_commands, alphasort);
	FILE *p;

	for (i = 0; i < n; i++) {
		printf("  %-11s", d[i]->d_name + 6);
		fflush(stdout);
		snprintf(command, sizeof(command), "'%s/%s' --summary", dir,
		    d[i]->d_name);
		p = popen(command, "r");
		if (p && fgets(line, sizeof(line), p))
			fputs(line, stdout);
		else
			putchar('\n');
		if (p)
			pclose(p);
		free(d[i]);
	}
	if (n >= 0)
		free(d);
}

static int
help(void)
{
	puts("usage: quern COMMAND [options] [FILE...]\n"
	     "From raw web crawl to a trained language model, a filter at a "
	     "time.\n\ncommands:");
	list_commands();
	puts("\nquern COMMAND -h tells a command's options; man quern-COMMAND "
	     "tells more.\n\nexample:\n"
	     "  quern extract crawl.warc.gz | quern filter --profile gopher "
	     "-o clean.jsonl.zst");
	return fflush(stdout) ? 1 : 0;
}

static int
run(const char *name, char **argv)
{
	char path[PATH_MAX + 300];

	snprintf(path, sizeof(path), "%s/quern-%s", own_folder(), name);
	execv(path, argv);
	if (errno == ENOENT)
		fprintf(stderr,
		    "quern: no command '%s'; quern help lists them\n", name);
	else
		fprintf(stderr, "quern: %s: %s\n", path, strerror(errno));
	return errno == ENOENT ? 2 : 1;
}

int
main(int argc, char **argv)
{
	static char dash_h[] = "-h";
	char *for_help[] = { NULL, dash_h, NULL };

	if (argc < 2) {
		help();
		return 2;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("quern " QUERN_VERSION);
		return fflush(stdout) ? 1 : 0;
	}
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0 ||
	    (argc == 2 && strcmp(argv[1], "help") == 0))
		return help();
	if (strcmp(argv[1], "help") == 0) {
		for_help[0] = argv[2];
		return run(argv[2], for_help);
	}
	return run(argv[1], argv + 1);
}
