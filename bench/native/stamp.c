/* Stands for FFmpeg: runs $STAMPED with its own arguments, hands on what that prints, and appends
   to $STAMPS when each time of `-progress` came, and for which file:
   "<seconds since the epoch> <microseconds of film> <last argument>". */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **words) {
    int ends[2];
    if (pipe(ends) != 0) return 1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execv(getenv("STAMPED"), words);
        _exit(127);
    }
    close(ends[1]);
    int stamps = open(getenv("STAMPS"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    FILE *said = fdopen(ends[0], "r");
    char line[8192], stamp[8192];
    while (fgets(line, sizeof line, said)) {
        if (strncmp(line, "out_time_us=", 12) == 0) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            int length = snprintf(stamp, sizeof stamp, "%ld.%09ld %.*s %s\n", (long)now.tv_sec,
                                  now.tv_nsec, (int)strcspn(line + 12, "\n"), line + 12,
                                  words[count - 1]);
            if (write(stamps, stamp, length) < 0) return 1;
        }
        if (write(1, line, strlen(line)) < 0) return 1;
    }
    int status = 1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
