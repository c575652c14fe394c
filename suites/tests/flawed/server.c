/* The application of the flawed containers: a small HTTP server. What is wrong with it is told by
 * the runtime through FLAW, so that the image is the same in every case:
 * `wrong` answers each 25th request with an error, `stubborn` ignores SIGTERM, `status` leaves
 * with 3 at SIGTERM. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int status;

static void leave(int signal) {
    (void)signal;
    _exit(status);
}

int main(void) {
    const char *flaw = getenv("FLAW") ? getenv("FLAW") : "";
    const char *right = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
    const char *wrong = "HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nno\n";
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(8080)};
    int yes = 1, server, served = 0;
    status = strcmp(flaw, "status") ? 0 : 3;
    signal(SIGTERM, strcmp(flaw, "stubborn") ? leave : SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    server = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(server, (struct sockaddr *)&at, sizeof at) || listen(server, 64)) return 4;
    for (;;) {
        char request[4096];
        int client = accept(server, NULL, NULL);
        if (client < 0) continue;
        if (read(client, request, sizeof request) > 0) {
            const char *answer = right;
            if (!strcmp(flaw, "wrong") && ++served % 25 == 0) answer = wrong;
            if (write(client, answer, strlen(answer)) < 0) served--;
        }
        shutdown(client, SHUT_WR);
        while (read(client, request, sizeof request) > 0) {}
        close(client);
    }
}
