/* Damaged copies of a file for a reader of io/formats: each must be read right or refused with a message that says where. */
#ifndef Q2_DAMAGE_H
#define Q2_DAMAGE_H

#include "../io/formats/molecule_formats.h"
#include "molecule_samples.h"

/* Reads the sample by the format of this name as the file "sample"; the list must be released. Returns the reader's status. */
int read_sample(const char *format, const char *bytes, size_t size, struct q2_molecule_list *list, struct q2_error *error);

/* The same where it must succeed and give `records` of them. */
void read_whole(const char *format, const struct sample *sample, int records, struct q2_molecule_list *list);

/* The sample must be refused with a message that has `expected` in it. */
void check_refused(const char *format, const struct sample *sample, const char *expected);

/* The same after the first `old` in it has become `new`. */
void check_refused_with(const char *format, const struct sample *sample, const char *old, const char *new,
                        const char *expected);

/* What may be read from a file that has been cut, if it is not refused: parts of the whole one's records; or also, of a matrix
 * without atoms, a smaller one; or only complete records, the first ones. */
enum cut_leaves { CUT_LEAVES_PARTS, CUT_LEAVES_LESS, CUT_LEAVES_WHOLE };

/* All of these:
 * - cut after every line and every byte: refused, or as `cut` says;
 * - every number replaced by stars: refused, or it does not count. At least `numbers` are refused with the number's line;
 * - line ends "\r\n" and "\r", exponents with D: the same record;
 * - a byte 0 anywhere: refused. */
void check_damaged(const char *format, const struct sample *sample, int numbers, enum cut_leaves cut);

#endif
