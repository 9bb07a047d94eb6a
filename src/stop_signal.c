/* Signals that ask for an end. */
#include "stop_signal.h"

#include <signal.h>
#include <string.h>

/* A handler can reach nothing but what is global: the one exception to the rule that there is no such state. */
static volatile sig_atomic_t noted;

static void note(int signal) { noted = signal; }

void q2_stop_signals_note(void) {
  static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = note;
  for (int s = 0; s < (int)(sizeof signals / sizeof *signals); s++) {
    action.sa_flags = SA_RESTART | (signals[s] == SIGINT ? (int)SA_RESETHAND : 0);
    sigaction(signals[s], &action, NULL);
  }
  action.sa_handler = SIG_IGN;
  action.sa_flags = 0;
  sigaction(SIGXFSZ, &action, NULL);
}

int q2_stop_signal(void) { return noted; }

const char *q2_stop_signal_name(int signal) {
  switch (signal) {
  case SIGTERM:
    return "SIGTERM";
  case SIGINT:
    return "SIGINT";
  case SIGUSR1:
    return "SIGUSR1";
  case SIGUSR2:
    return "SIGUSR2";
  default:
    return "a signal";
  }
}
