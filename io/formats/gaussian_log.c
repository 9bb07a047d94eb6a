/* Gaussian's log: geometry, energy, Hessian and gradient from the archive entry at its end, masses and wavenumbers from the
 * frequency job's report.
 *
 * The archive's Hessian has eight decimals and belongs to the archive's geometry. Normal modes, which the report prints with
 * two or five decimals in another frame, are never made into a Hessian. The archive's vector after the Hessian is the gradient:
 * minus what the report calls forces. */
#include <stdlib.h>
#include <string.h>

#include "gaussian_archive.h"
#include "molecule_formats.h"

enum { JOB, ROUTE, TITLE, ATOMS, FIRST_OPTIONAL };

/* A job's archive entry and the lines of the log before it. */
struct job {
  const struct q2_text *text;
  const struct q2_archive *archive;
  int first_line; /* after the entry of the job before */
  int properties; /* number of the section */
};

static const char *properties_of(const struct job *job) { return job->archive->section[job->properties]; }

static int find_properties(struct job *job) {
  for (job->properties = FIRST_OPTIONAL; job->properties < job->archive->section_count; job->properties++)
    if (q2_archive_value(job->archive, properties_of(job), "Version") ||
        q2_archive_value(job->archive, properties_of(job), "HF"))
      return 1;
  return 0;
}

/* Parts an atom's row at its commas, except those in parentheses: "C(Iso=13,Fragment=1),0,0.1,0.2,0.3". */
static int part_row(char *row, char *part[], int most) {
  int count = 0, depth = 0;
  part[count++] = row;
  for (; *row; row++) {
    depth += (*row == '(') - (*row == ')');
    if (*row != ',' || depth > 0) continue;
    if (count == most) return count + 1;
    *row = '\0';
    part[count++] = row + 1;
  }
  return count;
}

/* Counts the atoms, and finds whether they are Cartesian: three numbers with a point behind the name, or behind it and a freeze
 * code. A Z-matrix has numbers of atoms, or names, between. */
static int count_atoms(const struct job *job, int *cartesian) {
  char field[256], *part[6];
  const char *at = job->archive->section[ATOMS];
  int count = 0;
  *cartesian = 1;
  q2_archive_field(job->archive, &at, field, sizeof field); /* charge and multiplicity */
  for (; q2_archive_field(job->archive, &at, field, sizeof field); count++) {
    const int parts = part_row(field, part, 6);
    *cartesian &= parts == 4 || parts == 5;
    for (int k = 0; *cartesian && k < 3; k++)
      *cartesian &= strchr(part[parts - 3 + k], '.') != NULL;
  }
  return count;
}

static int read_atoms(const struct job *job, struct q2_molecule_record *record, struct q2_error *error) {
  char field[256], *part[6];
  const char *at = job->archive->section[ATOMS];
  q2_archive_field(job->archive, &at, field, sizeof field);
  for (int a = 0; a < record->atom_count; a++) {
    const int line = q2_archive_line(job->archive, at);
    q2_archive_field(job->archive, &at, field, sizeof field);
    const int parts = part_row(field, part, 6);
    Q2_TRY(q2_molecule_element(job->text, line, part[0], &record->element[a], error));
    for (int k = 0; k < 3; k++)
      Q2_TRY(q2_text_real(job->text, line, part[parts - 3 + k], "a coordinate", &record->position[3 * a + k], error));
  }
  return Q2_OK;
}

/* The last line of the job's report that has `words`, or 0. */
static int last_line(const struct job *job, const char *words) {
  int found = 0;
  for (int n = job->first_line; n < job->archive->first_line; n++)
    if (strstr(job->text->line[n - 1], words)) found = n;
  return found;
}

/* After a Z-matrix the archive has no Cartesian geometry: the report has it in the same frame, with six decimals. Finds the
 * first row of the table and counts its atoms. */
static int find_orientation(const struct job *job, int *first_row, int *atom_count, struct q2_error *error) {
  int table = last_line(job, "Input orientation:");
  if (!table) table = last_line(job, "Z-Matrix orientation:");
  if (!table)
    return q2_text_fail(job->text, job->archive->first_line, error,
                        "the archive entry has a Z-matrix, and the log no \"Input orientation\": run formchk on the job's "
                        "checkpoint file and import the .fchk");
  *first_row = table + 5;
  *atom_count = 0;
  for (int n = *first_row; n < job->archive->first_line; n++, ++*atom_count)
    if (strstr(job->text->line[n - 1], "-----")) return Q2_OK;
  return q2_text_fail(job->text, table, error, "the table that begins here has no end (-----)");
}

static int read_orientation(const struct job *job, int first_row, struct q2_molecule_record *record, struct q2_error *error) {
  struct q2_words words;
  for (int a = 0; a < record->atom_count; a++) {
    const int line = first_row + a;
    q2_text_words(job->text->line[line - 1], &words);
    if (words.count < 5 || words.count > 6)
      return q2_text_fail(job->text, line, error, "expected an atom: its number, atomic number, type, and coordinates");
    Q2_TRY(q2_molecule_element(job->text, line, words.word[1].text, &record->element[a], error));
    for (int k = 0; k < 3; k++)
      Q2_TRY(q2_text_real(job->text, line, words.word[words.count - 3 + k].text, "a coordinate", &record->position[3 * a + k],
                          error));
  }
  return Q2_OK;
}

static int read_charge(const struct job *job, struct q2_molecule_record *record, struct q2_error *error) {
  const char *at = job->archive->section[ATOMS];
  const int line = q2_archive_line(job->archive, at);
  char field[256], *part[64];
  q2_archive_field(job->archive, &at, field, sizeof field);
  if (part_row(field, part, 64) < 2) return q2_text_fail(job->text, line, error, "expected charge and multiplicity");
  Q2_TRY(q2_text_integer(job->text, line, part[0], "the charge", &record->charge, error));
  Q2_TRY(q2_text_integer(job->text, line, part[1], "the multiplicity", &record->multiplicity, error));
  record->has_charge = record->has_multiplicity = 1;
  return Q2_OK;
}

/* The energy of the highest level there is. That of an excited state (TD, CIS) is not in the archive. */
static int read_energy(const struct job *job, const char *method, struct q2_molecule_record *record, struct q2_error *error) {
  static const char *const levels[] = {"CCSD(T)", "QCISD(T)", "CCSD", "QCISD", "MP4SDTQ",
                                       "MP4SDQ",  "MP4DQ",    "MP3",  "MP2",   "HF"};
  const char *cis = strstr(method, "CIS"); /* but QCISD */
  if (strstr(method, "TD-") || (cis && (cis == method || cis[-1] != 'Q'))) return Q2_OK;
  for (size_t k = 0; k < sizeof levels / sizeof *levels; k++) {
    const char *value = q2_archive_value(job->archive, properties_of(job), levels[k]);
    if (!value) continue;
    char word[Q2_WORD_LENGTH];
    const int line = q2_archive_line(job->archive, value);
    q2_archive_field(job->archive, &value, word, sizeof word);
    record->has_energy = 1;
    return q2_text_real(job->text, line, word, "an energy", &record->energy, error);
  }
  return Q2_OK;
}

/* "RB3LYP/6-31G(d), EM64L-G16RevA.03", title, charge, energy. */
static int read_heading(const struct job *job, struct q2_molecule_record *record, struct q2_error *error) {
  const char *at = job->archive->section[JOB];
  char field[Q2_WORD_LENGTH], method[Q2_WORD_LENGTH] = "";
  for (int k = 0; k < 6 && q2_archive_field(job->archive, &at, field, sizeof field); k++) {
    if (k == 4) memcpy(method, field, sizeof method);
    if (k == 4 || k == 5) strcat(record->method, field);
    if (k == 4) strcat(record->method, "/");
  }
  at = q2_archive_value(job->archive, properties_of(job), "Version");
  if (at && q2_archive_field(job->archive, &at, field, sizeof field)) {
    strcat(record->method, ", ");
    strcat(record->method, field);
  }
  q2_copy_title(record->name, sizeof record->name, job->archive->section[TITLE]);
  Q2_TRY(read_charge(job, record, error));
  return read_energy(job, method, record, error);
}

/* The sections after the properties: Hessian, then gradient. */
static int read_derivatives(const struct job *job, struct q2_molecule_record *record, struct q2_error *error) {
  const int n = 3 * record->atom_count, at = job->properties + 1;
  const int64_t packed = q2_packed_hessian(record->atom_count);
  const char *hessian = at < job->archive->section_count ? job->archive->section[at] : "";
  const int64_t found = q2_archive_number_count(hessian);
  const int line = found > 0 ? q2_archive_line(job->archive, hessian) : job->archive->last_line;
  if (found != packed)
    return q2_text_fail(job->text, line, error, "expected the Hessian of %d atoms, %lld numbers, found %lld",
                        record->atom_count, (long long)packed, (long long)found);
  record->hessian = q2_molecule_array(job->text, packed, sizeof *record->hessian, error);
  if (!record->hessian) return Q2_FAILED;
  Q2_TRY(q2_archive_numbers(job->text, job->archive, hessian, packed, "an element of the Hessian", record->hessian, error));
  if (at + 1 >= job->archive->section_count) return Q2_OK;
  const char *gradient = job->archive->section[at + 1];
  const int64_t count = q2_archive_number_count(gradient);
  if (count == 0 || *gradient == job->archive->separator) return Q2_OK; /* only the "\" before the entry's end */
  if (count != n)
    return q2_text_fail(job->text, q2_archive_line(job->archive, gradient), error,
                        "expected the gradient of %d atoms, %d numbers, found %lld", record->atom_count, n, (long long)count);
  record->gradient = q2_molecule_array(job->text, n, sizeof *record->gradient, error);
  if (!record->gradient) return Q2_FAILED;
  return q2_archive_numbers(job->text, job->archive, gradient, n, "an element of the gradient", record->gradient, error);
}

/* "Atom     1 has atomic number  6 and mass  12.00000" for every atom, of the last thermochemistry. None: masses stay unsaid.
 */
static int read_masses(const struct job *job, struct q2_molecule_record *record, struct q2_error *error) {
  int told = 0;
  struct q2_words words;
  for (int n = job->first_line; n < job->archive->first_line; n++) {
    const char *line = job->text->line[n - 1];
    if (!strstr(line, " has atomic number ")) continue;
    q2_text_words(line, &words);
    if (words.count != 9 || strcmp(words.word[0].text, "Atom") != 0) continue;
    int atom, element;
    double mass;
    Q2_TRY(q2_text_integer(job->text, n, words.word[1].text, "an atom", &atom, error));
    Q2_TRY(q2_text_integer(job->text, n, words.word[5].text, "an atomic number", &element, error));
    Q2_TRY(q2_text_real(job->text, n, words.word[8].text, "a mass", &mass, error));
    if (atom < 1 || atom > record->atom_count || element != record->element[atom - 1])
      return q2_text_fail(job->text, n, error, "atom %d of element %d is not one of the archive's atoms", atom, element);
    if (!record->mass && !(record->mass = q2_molecule_array(job->text, record->atom_count, sizeof *record->mass, error)))
      return Q2_FAILED;
    told += record->mass[atom - 1] == 0;
    record->mass[atom - 1] = mass;
  }
  if (told > 0 && told != record->atom_count)
    return q2_text_fail(job->text, job->archive->first_line, error, "expected the masses of %d atoms, found %d",
                        record->atom_count, told);
  return Q2_OK;
}

/* "Frequencies --  1010.0  1235.4  1235.5" after the last heading of the job. (Three dashes: the same again, in another
 * layout.) */
static int read_frequencies(const struct job *job, struct q2_molecule_record *record, struct q2_error *error) {
  const int heading = last_line(job, "Harmonic frequencies (cm"), most = 3 * record->atom_count;
  struct q2_words words;
  if (!heading) return Q2_OK;
  record->frequency = q2_molecule_array(job->text, most, sizeof *record->frequency, error);
  if (!record->frequency) return Q2_FAILED;
  for (int n = heading; n < job->archive->first_line; n++) {
    if (!strstr(job->text->line[n - 1], "Frequencies -- ")) continue;
    q2_text_words(job->text->line[n - 1], &words);
    for (int w = 2; w < words.count; w++) {
      if (record->frequency_count == most)
        return q2_text_fail(job->text, n, error, "more than %d frequencies of %d atoms", most, record->atom_count);
      Q2_TRY(
          q2_text_real(job->text, n, words.word[w].text, "a frequency", &record->frequency[record->frequency_count++], error));
    }
  }
  return Q2_OK;
}

static int read_job(const struct job *job, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_molecule_record *record;
  int cartesian, first_row = 0, atom_count = count_atoms(job, &cartesian);
  if (!cartesian) Q2_TRY(find_orientation(job, &first_row, &atom_count, error));
  Q2_TRY(q2_molecule_begin(list, job->text, job->archive->first_line, atom_count, &record, error));
  record->element = q2_molecule_array(job->text, atom_count, sizeof *record->element, error);
  record->position = q2_molecule_array(job->text, 3 * (int64_t)atom_count, sizeof *record->position, error);
  if (!record->element || !record->position) return Q2_FAILED;
  Q2_TRY(read_heading(job, record, error));
  Q2_TRY(cartesian ? read_atoms(job, record, error) : read_orientation(job, first_row, record, error));
  Q2_TRY(read_derivatives(job, record, error));
  Q2_TRY(read_masses(job, record, error));
  return read_frequencies(job, record, error);
}

/* The last job whose archive has a Hessian: its entry in *archive, and where the job begins. */
static int last_with_hessian(const struct q2_text *text, struct q2_archive *archive, struct job *job, struct q2_error *error) {
  int begin = 1, entry = 0;
  memset(archive, 0, sizeof *archive);
  for (;;) {
    struct q2_archive next;
    struct job candidate = {text, &next, begin, 0};
    const int status = q2_archive_next(text, begin, &next, error);
    if (status != Q2_OK || next.first_line == 0) {
      q2_archive_free(&next);
      if (status != Q2_OK) return status;
      break;
    }
    entry = next.first_line;
    begin = next.last_line + 1;
    if (find_properties(&candidate) && q2_archive_value(&next, properties_of(&candidate), "NImag")) {
      q2_archive_free(archive);
      *archive = next;
      *job = candidate;
      job->archive = archive;
    } else
      q2_archive_free(&next);
  }
  if (archive->first_line) return Q2_OK;
  if (entry)
    return q2_text_fail(text, entry, error,
                        "the archive entry has no Hessian: only a frequency job writes one; import its log, or the .fchk that "
                        "formchk makes of its checkpoint file");
  return q2_text_fail(text, text->line_count, error,
                      "the log ends without an archive entry (1\\1\\...\\@): the job did not end normally, or the file was cut "
                      "short");
}

int q2_gaussian_log_recognises(const struct q2_text *text) {
  for (int n = 1; n <= text->line_count && n <= 300; n++)
    if (strstr(text->line[n - 1], "Entering Gaussian System") || strstr(text->line[n - 1], "Gaussian, Inc")) return 1;
  for (int n = 1; n <= text->line_count; n++)
    if (q2_archive_begins(text->line[n - 1])) return 1;
  return 0;
}

int q2_gaussian_log_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_archive archive;
  struct job job;
  Q2_TRY(q2_text_plain(text, error));
  int status = last_with_hessian(text, &archive, &job, error);
  if (status == Q2_OK) status = read_job(&job, list, error);
  q2_archive_free(&archive);
  return status;
}
