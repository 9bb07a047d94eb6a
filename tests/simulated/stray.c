/* Opens memory of the device to work that accesses it; says which was accessed by whom it is closed to, and ends the program.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime.h"

static struct {
  struct sigaction before[2]; /* [signal] what was set when the watch began, or set by others since */
  char stack[1 << 16];        /* the handler's own, in case the other one overflowed */
} watch;

static const int signals[2] = {SIGSEGV, SIGBUS}; /* of what is protected, of what is not there */

static const char *verb(const ucontext_t *context) {
#if defined(__x86_64__)
  return context->uc_mcontext.gregs[REG_ERR] & 2 ? "writes" : "reads";
#else
  (void)context;
  return "accesses";
#endif
}

static const char *instruction(const ucontext_t *context, char *text, size_t length) {
  text[0] = 0;
#if defined(__x86_64__)
  char *at = (char *)context->uc_mcontext.gregs[REG_RIP]; /* NOLINT(performance-no-int-to-ptr) */
  Dl_info in = {0};
  if (!dladdr(at, &in) || !in.dli_fname) return text;
  const char *slash = strrchr(in.dli_fname, '/');
  snprintf(text, length, " (in %s, %s+0x%lx)", in.dli_sname ? in.dli_sname : "a static function",
           slash ? slash + 1 : in.dli_fname, (unsigned long)(at - (char *)in.dli_fbase));
#else
  (void)context;
  (void)length;
#endif
  return text;
}

static void handle(int number, siginfo_t *signal, void *context) {
  char who[256], at[256], where[256];
  if (q2sim_running() && q2sim_open_at(signal->si_addr)) return;
  if (q2sim_running() || q2sim_find(signal->si_addr)) {
    const char *does = verb(context);
    q2sim_stop("%s %s %s%s", q2sim_running() ? q2sim_who(who, sizeof who) : "the host", does,
               q2sim_describe(signal->si_addr, at, sizeof at), instruction(context, where, sizeof where));
  }
  const struct sigaction *before = &watch.before[number == SIGBUS];
  if (before->sa_flags & SA_SIGINFO)
    before->sa_sigaction(number, signal, context);
  else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
    before->sa_handler(number);
  else
    sigaction(number, before, NULL); /* the access is made again, and ends the program as it would have without us */
}

static void watch_signal(int number, struct sigaction *before) {
  struct sigaction now, ours = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  if (sigaction(number, NULL, &now) != 0 || ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle)) return;
  *before = now;
  stack_t stack;
  if (sigaltstack(NULL, &stack) == 0 && (stack.ss_flags & SS_DISABLE)) {
    stack = (stack_t){.ss_sp = watch.stack, .ss_size = sizeof watch.stack};
    sigaltstack(&stack, NULL);
  }
  sigemptyset(&ours.sa_mask);
  if (sigaction(number, &ours, NULL) != 0) q2sim_stop("sigaction failed");
}

void q2sim_watch(void) {
  for (int k = 0; k < 2; k++)
    watch_signal(signals[k], &watch.before[k]);
}
