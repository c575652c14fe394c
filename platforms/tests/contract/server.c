/* A small HTTP server for the tests of the platforms. Its first word selects how it ends:
 * `polite` leaves with 0 at SIGTERM, `stubborn` ignores it, `broken` ends at once, `make` writes a
 * file and ends. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void leave(int signal) {
    (void)signal;
    _exit(0);
}

int main(int count, char **words) {
    const char *how = count > 1 ? words[1] : "polite";
    const char *answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(8080)};
    int yes = 1, server;
    if (!strcmp(how, "broken")) {
        fprintf(stderr, "cannot read its configuration\n");
        return 9;
    }
    if (!strcmp(how, "make")) {
        FILE *file = fopen("/made", "w");
        if (!file || fputs("made\n", file) < 0 || fclose(file)) return 3;
        printf("uid %d\n", getuid());
        return 0;
    }
    signal(SIGTERM, strcmp(how, "stubborn") ? leave : SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    server = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(server, (struct sockaddr *)&at, sizeof at) || listen(server, 16)) return 4;
    puts("listening");
    fflush(stdout);
    for (;;) {
        char request[4096];
        int client = accept(server, NULL, NULL);
        if (client < 0) continue;
        if (read(client, request, sizeof request) > 0) write(client, answer, strlen(answer));
        shutdown(client, SHUT_WR);
        while (read(client, request, sizeof request) > 0) {}
        close(client);
    }
}
