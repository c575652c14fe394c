/* The program in the images of these tests: static, one word says what it does. */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void leave(int signal) {
    (void)signal;
    _exit(0);
}

static void say(const char *text) {
    if (write(1, text, strlen(text)) < 0) _exit(9);
}

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "";
    if (!strcmp(what, "serve")) {
        signal(SIGTERM, leave);
        say("ready\n");
        for (;;) pause();
    }
    if (!strcmp(what, "listen")) {
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(8080)};
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        signal(SIGTERM, leave);
        if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 16)) return 5;
        say("ready\n");
        for (;;) close(accept(listener, 0, 0));
    }
    if (!strcmp(what, "stubborn")) {
        signal(SIGTERM, SIG_IGN);
        say("ready\n");
        for (;;) pause();
    }
    if (!strcmp(what, "never")) {
        signal(SIGTERM, leave);
        say("cannot find my table\n");
        for (;;) pause();
    }
    if (!strcmp(what, "touch")) {
        int file = open("/var/made", O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (file < 0 || write(file, "made\n", 5) != 5 || close(file)) return 3;
        return 0;
    }
    if (!strcmp(what, "hang"))
        for (;;) pause();
    return 4;
}
