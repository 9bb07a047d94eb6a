/* Jaguar's output: the last geometry, the last energy, charge, method, and wavenumbers. It never has the Hessian: that is in
 * the restart file, NAME.01.in (Jaguar Command Reference, "Frequency, IR Intensity, and Thermochemistry Output"). */
#include <stdio.h>
#include <string.h>

#include "../constants.h"
#include "molecule_formats.h"

/* The last line with `words`, or 0. */
static int last_line(const struct q2_text *text, const char *words) {
  for (int n = text->line_count; n >= 1; n--)
    if (strstr(text->line[n - 1], words)) return n;
  return 0;
}

/* The last table of a geometry: "Input geometry:" (or new, final, symmetrized), the unit, a heading, an atom a line, and an
 * empty line. */
static int find_geometry(const struct q2_text *text, int *first_row, int *atom_count, double *unit, struct q2_error *error) {
  for (int n = text->line_count - 1; n >= 1; n--) {
    const char *below = text->line[n];
    if (!strstr(text->line[n - 1], " geometry:") || (!strstr(below, "angstroms") && !strstr(below, "bohr"))) continue;
    *unit = strstr(below, "bohr") ? Q2_BOHR : 1.0;
    *first_row = n + 3;
    struct q2_words words;
    for (*atom_count = 0; *first_row + *atom_count <= text->line_count; ++*atom_count) {
      q2_text_words(text->line[*first_row + *atom_count - 1], &words);
      if (words.count == 0) return Q2_OK;
    }
    return q2_text_fail(text, n, error, "the file ends within the geometry that begins here");
  }
  return q2_text_fail(text, text->line_count, error, "the file ends without a geometry");
}

static int read_geometry(const struct q2_text *text, struct q2_molecule_list *list, struct q2_molecule_record **record,
                         struct q2_error *error) {
  int first_row = 0, atom_count = 0;
  double unit = 1.0;
  struct q2_words words;
  Q2_TRY(find_geometry(text, &first_row, &atom_count, &unit, error));
  Q2_TRY(q2_molecule_begin(list, text, first_row, atom_count, record, error));
  (*record)->element = q2_molecule_array(text, atom_count, sizeof *(*record)->element, error);
  (*record)->label = q2_molecule_array(text, atom_count, sizeof *(*record)->label, error);
  (*record)->position = q2_molecule_array(text, 3 * (int64_t)atom_count, sizeof *(*record)->position, error);
  if (!(*record)->element || !(*record)->label || !(*record)->position) return Q2_FAILED;
  for (int a = 0; a < atom_count; a++) {
    const int line = first_row + a;
    q2_text_words(text->line[line - 1], &words);
    if (words.count != 4) return q2_text_fail(text, line, error, "expected an atom's name and coordinates");
    Q2_TRY(q2_molecule_element(text, line, words.word[0].text, &(*record)->element[a], error));
    q2_copy_title((*record)->label[a].text, sizeof(*record)->label[a].text, words.word[0].text);
    for (int k = 0; k < 3; k++) {
      Q2_TRY(q2_text_real(text, line, words.word[1 + k].text, "a coordinate", &(*record)->position[3 * a + k], error));
      (*record)->position[3 * a + k] *= unit;
    }
  }
  return Q2_OK;
}

/* "net molecular charge:    1", "multiplicity:            1": the integer behind the colon of the last such line. */
static int read_integer(const struct q2_text *text, const char *words, int *has, int *value, struct q2_error *error) {
  const int line = last_line(text, words);
  struct q2_words after;
  if (!line) return Q2_OK;
  q2_text_words(strstr(text->line[line - 1], words) + strlen(words), &after);
  if (after.count != 1) return q2_text_fail(text, line, error, "expected a number after \"%s\"", words);
  Q2_TRY(q2_text_whole(text, line, error));
  *has = 1;
  return q2_text_integer(text, line, after.word[0].text, words, value, error);
}

/* "SCFE: SCF energy: DFT(b3lyp)  -1369.88293508102 hartrees   iterations:  11". */
static int read_energy(const struct q2_text *text, struct q2_molecule_record *record, struct q2_error *error) {
  struct q2_words words, basis;
  const int line = last_line(text, "SCF energy:"), set = last_line(text, "basis set:");
  if (!line || last_line(text, "Total LMP2 Energy")) return Q2_OK; /* of LMP2, the output has more than one energy */
  q2_text_words(strstr(text->line[line - 1], "SCF energy:") + strlen("SCF energy:"), &words);
  if (words.count < 3 || strcmp(words.word[2].text, "hartrees") != 0)
    return q2_text_fail(text, line, error, "expected \"SCF energy:\", a method, a number and \"hartrees\"");
  Q2_TRY(q2_text_real(text, line, words.word[1].text, "the energy", &record->energy, error));
  record->has_energy = 1;
  q2_text_words(set ? strstr(text->line[set - 1], "basis set:") + strlen("basis set:") : "", &basis);
  snprintf(record->method, sizeof record->method, "%s/%s, Jaguar", words.word[0].text, basis.count ? basis.word[0].text : "");
  return Q2_OK;
}

/* "frequencies  -705.89  42.10 ..." after the last heading; their number is said before. */
static int read_frequencies(const struct q2_text *text, struct q2_molecule_record *record, struct q2_error *error) {
  const int heading = last_line(text, "harmonic frequencies in cm"), most = 3 * record->atom_count;
  int told = 0, has_told = 0;
  struct q2_words words;
  if (!heading) return Q2_OK;
  Q2_TRY(read_integer(text, "Number of frequencies:", &has_told, &told, error));
  record->frequency = q2_molecule_array(text, most, sizeof *record->frequency, error);
  if (!record->frequency) return Q2_FAILED;
  for (int n = heading; n <= text->line_count; n++) {
    q2_text_words(text->line[n - 1], &words);
    if (words.count < 2 || strcmp(words.word[0].text, "frequencies") != 0) continue;
    Q2_TRY(q2_text_whole(text, n, error));
    for (int w = 1; w < words.count; w++) {
      if (record->frequency_count == most)
        return q2_text_fail(text, n, error, "more than %d frequencies of %d atoms", most, record->atom_count);
      Q2_TRY(q2_text_real(text, n, words.word[w].text, "a frequency", &record->frequency[record->frequency_count++], error));
    }
  }
  if (has_told && told != record->frequency_count)
    return q2_text_fail(text, heading, error, "expected %d frequencies, found %d", told, record->frequency_count);
  return Q2_OK;
}

int q2_jaguar_output_recognises(const struct q2_text *text) {
  for (int n = 1; n <= text->line_count && n <= 300; n++)
    if (strstr(text->line[n - 1], "Jaguar version")) return 1;
  return 0;
}

int q2_jaguar_output_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_molecule_record *record;
  Q2_TRY(q2_text_plain(text, error));
  if (!last_line(text, " completed on "))
    return q2_text_fail(text, text->line_count, error,
                        "the file ends without \"completed on\": the job did not end normally, or the file was cut short");
  Q2_TRY(read_geometry(text, list, &record, error));
  Q2_TRY(read_integer(text, "net molecular charge:", &record->has_charge, &record->charge, error));
  Q2_TRY(read_integer(text, "multiplicity:", &record->has_multiplicity, &record->multiplicity, error));
  Q2_TRY(read_energy(text, record, error));
  return read_frequencies(text, record, error);
}
