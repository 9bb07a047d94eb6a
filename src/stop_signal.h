/* Signals that ask for an end: they are noted, and whoever does the work looks. */
#ifndef Q2_STOP_SIGNAL_H
#define Q2_STOP_SIGNAL_H

/* From now on SIGTERM, SIGINT, SIGUSR1 and SIGUSR2 are noted instead of ending the process; a second SIGINT ends it at once. A
 * file that grows beyond a limit (SIGXFSZ) becomes an error of the write. */
void q2_stop_signals_note(void);

/* The signal that came last, 0: none. Asynchronous: two calls may differ. */
int q2_stop_signal(void);

/* The name of such a signal, "SIGTERM". Static storage. */
const char *q2_stop_signal_name(int signal);

#endif
