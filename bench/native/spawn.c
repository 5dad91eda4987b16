/* spawn COUNT PROGRAM: start the program so often, one after the other, and wait for each. */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int count, char **words) {
    for (int left = atoi(words[1]); count == 3 && left > 0; left--) {
        pid_t pid;
        if (posix_spawn(&pid, words[2], NULL, NULL, words + 2, environ) != 0) return 1;
        waitpid(pid, NULL, 0);
    }
    return 0;
}
