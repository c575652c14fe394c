/* What the tests of this crate run inside a container. One word selects what it does; it answers
 * with `key=value` lines. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int code(long result) { return result < 0 ? errno : 0; }

static int writes(const char *path) {
    int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0600);
    int e = code(fd);
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    return e;
}

/* Listens on loopback and connects to itself. */
static int talks(void) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || client < 0) return errno;
    if (bind(server, (struct sockaddr *)&at, size) || listen(server, 1)) return errno;
    if (getsockname(server, (struct sockaddr *)&at, &size)) return errno;
    return code(connect(client, (struct sockaddr *)&at, size));
}

static void status(void) {
    char line[256];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (!colon) continue;
        *colon = 0;
        for (char *at = colon + 1; *at; at++)
            if (*at == '\t' || *at == '\n') *at = ' ';
        printf("status.%s=%s\n", line, colon + 2);
    }
}

static void facts(void) {
    struct sigaction action;
    char buffer[128];
    status();
    printf("pid=%d\n", getpid());
    printf("umask=%o\n", umask(0));
    sigaction(SIGPIPE, NULL, &action);
    printf("sigpipe=%s\n", action.sa_handler == SIG_DFL ? "default" : "other");
    printf("write.root=%d\n", writes("/x"));
    printf("write.tmp=%d\n", writes("/tmp/x"));
    printf("loopback=%d\n", talks());
    printf("keyctl=%d\n", code(syscall(SYS_keyctl, 0, -3, 0, 0, 0)));
    printf("bpf=%d\n", code(syscall(SYS_bpf, 0, 0, 0)));
    printf("unshare=%d\n", code(unshare(CLONE_NEWUSER)));
    printf("clone3=%d\n", code(syscall(SYS_clone3, 0, 0)));
    printf("personality.query=%d\n", code(personality(0xffffffff)));
    printf("personality.aslr=%d\n", code(personality(0x40000)));
    printf("socket.inet=%d\n", code(socket(AF_INET, SOCK_STREAM, 0)));
    printf("socket.vsock=%d\n", code(socket(40, SOCK_STREAM, 0)));
    printf("hostname=%s\n", gethostname(buffer, sizeof buffer) ? "?" : buffer);
    printf("home=%s\n", getenv("HOME") ? getenv("HOME") : "");
    printf("word=%s\n", getenv("WORD") ? getenv("WORD") : "");
    ssize_t n = readlink("/proc/self/ns/net", buffer, sizeof buffer - 1);
    printf("net=%.*s\n", (int)(n < 0 ? 0 : n), buffer);
    printf("kcore=%d\n", code(open("/proc/kcore", O_RDONLY)));
}

static void leave(int signal) {
    (void)signal;
    _exit(7);
}

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "facts";
    if (!strcmp(what, "facts")) facts();
    if (!strcmp(what, "wait")) {
        signal(SIGTERM, leave);
        puts("waiting=1");
        fflush(stdout);
        for (;;) pause();
    }
    if (!strcmp(what, "write")) {
        FILE *file = fopen("/written", "w");
        if (!file || fputs("kept\n", file) < 0 || fclose(file)) return 3;
    }
    if (!strcmp(what, "stubborn")) {
        signal(SIGTERM, SIG_IGN);
        /* A second process, which must die with the first. */
        if (fork() == 0)
            for (;;) pause();
        puts("waiting=1");
        fflush(stdout);
        for (;;) pause();
    }
    fflush(stdout);
    return 0;
}
