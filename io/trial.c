/* The trial of a file, as seen by the ranks: a process is started, listened to, and its end explained. */
#define _POSIX_C_SOURCE 200809L /* posix_spawn */
#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

const char *const q2_trial_command = "try-file";

/* What the process has said: the last "at OBJECT", the first "because REASON", "done". */
struct story {
  char line[1024], object[512], reason[512];
  size_t length;
  int done;
};

static void take_line(struct story *story) {
  story->line[story->length] = '\0';
  if (strncmp(story->line, "at ", 3) == 0) snprintf(story->object, sizeof story->object, "%.500s", story->line + 3);
  if (strncmp(story->line, "because ", 8) == 0 && !story->reason[0])
    snprintf(story->reason, sizeof story->reason, "%.500s", story->line + 8);
  if (strcmp(story->line, "done") == 0) story->done = 1;
  story->length = 0;
}

/* Until the process has closed its end, which it does when it ends, however it does. */
static void listen(int input, struct story *story) {
  char bytes[4096];
  for (;;) {
    const ssize_t count = read(input, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    for (ssize_t k = 0; k < count; k++) {
      if (bytes[k] == '\n')
        take_line(story);
      else if (story->length + 1 < sizeof story->line)
        story->line[story->length++] = bytes[k];
    }
  }
}

/* posix_spawn, because what fork does to memory that a network adapter works on is undefined. `ends`: of a pipe. */
static int spawn(const char *program, const char *path, int seconds, const int ends[2], pid_t *child) {
  char limit[16];
  char *const arguments[] = {(char *)program, (char *)q2_trial_command, (char *)path, limit, NULL};
  snprintf(limit, sizeof limit, "%d", seconds);
  posix_spawn_file_actions_t actions;
  int code = posix_spawn_file_actions_init(&actions);
  if (code) return code;
  code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (!code) code = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  if (!code) code = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  if (!code) code = posix_spawn_file_actions_addclose(&actions, ends[0]);
  if (!code && ends[1] != STDOUT_FILENO) code = posix_spawn_file_actions_addclose(&actions, ends[1]);
  if (!code) code = posix_spawn(child, program, &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  return code;
}

static int fork_self(const char *path, int seconds, const int ends[2], pid_t *child) {
  *child = fork();
  if (*child < 0) return errno;
  if (*child > 0) return 0;
  close(ends[0]);
  _exit(q2_trial_walk(path, seconds, ends[1]));
}

static int judge(const char *path, int seconds, const struct story *story, int status, struct q2_error *error) {
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  char number[32];
  if (story->done) return Q2_OK;
  if (!story->object[0])
    return q2_fail(error, "%.300s: its trial ended with %s %d before it began (-input_trial off goes without)", path,
                   signal ? "signal" : "status", signal ? signal : WEXITSTATUS(status));
  if (story->reason[0]) return q2_fail(error, "%.300s: %.300s: %.300s", path, story->object, story->reason);
  if (signal == SIGXCPU)
    return q2_fail(error, "%.300s: %.300s: expected to be read within %d s, but HDF5 comes to no end: the file is damaged",
                   path, story->object, seconds);
  snprintf(number, sizeof number, "status %d", WEXITSTATUS(status)); /* sanitizers end a process so */
  return q2_fail(error, "%.300s: %.300s: HDF5 crashes on it (%s): the file is damaged", path, story->object,
                 signal ? strsignal(signal) : number);
}

static int run(const char *program, const char *path, int seconds, struct q2_error *error) {
  struct story story = {.length = 0};
  int ends[2], status = 0;
  pid_t child;
  if (pipe(ends) != 0) return q2_fail(error, "%.300s: no pipe for its trial: %s", path, strerror(errno));
  const int code = program ? spawn(program, path, seconds, ends, &child) : fork_self(path, seconds, ends, &child);
  close(ends[1]);
  if (code == 0) {
    listen(ends[0], &story);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
      continue;
  }
  close(ends[0]);
  if (code)
    return q2_fail(error, "%.300s: its trial, %.300s, cannot be started: %s (-input_trial off goes without)", path,
                   program ? program : "a fork", strerror(code));
  return judge(path, seconds, &story, status, error);
}

int q2_trial(MPI_Comm comm, const char *program, const char *path, int seconds, struct q2_error *error) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  return q2_agree(comm, rank == 0 ? run(program, path, seconds, error) : Q2_OK, error);
}

int q2_trial_by_itself(MPI_Comm comm, const char *path, struct q2_error *error) {
  char program[4096];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  program[length > 0 ? length : 0] = '\0';
  return q2_trial(comm, program, path, Q2_TRIAL_SECONDS, error);
}
