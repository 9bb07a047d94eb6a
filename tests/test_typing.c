/* Rules of types: the language does what docs/typing.md says, the rule files in jobs/typing/ give the types that they promise,
 * and what cannot be read is refused with file and line. */
#include "../src/setup/typing.h"

#include <stdlib.h>
#include <string.h>

#include "../src/setup/perception.h"
#include "bundled.h"
#include "check.h"

static struct q2_typing_rules *read_rules(const char *content) {
  struct q2_error error = {""};
  struct q2_text text;
  struct q2_typing_rules *rules = NULL;
  CHECK(q2_text_from_bytes("rules.txt", content, strlen(content), &text, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_typing_read(&text, &rules, &error) == Q2_OK, "%s", error.text);
  q2_text_free(&text);
  return rules;
}

static struct q2_typing_rules *read_file(const char *name) {
  struct q2_error error = {""};
  struct q2_text text = bundled_typing(name);
  struct q2_typing_rules *rules = NULL;
  CHECK(q2_typing_read(&text, &rules, &error) == Q2_OK, "%s", error.text);
  q2_text_free(&text);
  return rules;
}

static int apply(const struct q2_typing_rules *rules, struct q2_molecule_record *record, struct q2_error *error) {
  struct q2_topology topology;
  if (q2_topology_create(record->atom_count, record->bond_count, (const int32_t(*)[2])record->bond, &topology, error) != Q2_OK)
    return Q2_FAILED;
  const int status = q2_typing_apply(rules, &topology, record, error);
  q2_topology_free(&topology);
  return status;
}

static int compare(const void *a, const void *b) { return strcmp(a, b); }

/* All types of the molecule, sorted, a blank between them. */
static void list_types(const struct q2_molecule_record *record, char *list, size_t size) {
  struct q2_type_name *sorted = malloc((size_t)record->atom_count * sizeof *sorted);
  memcpy(sorted, record->type, (size_t)record->atom_count * sizeof *sorted);
  qsort(sorted, (size_t)record->atom_count, sizeof *sorted, compare);
  list[0] = '\0';
  for (int a = 0; a < record->atom_count; a++)
    snprintf(list + strlen(list), size - strlen(list), a ? " %s" : "%s", sorted[a].text);
  free(sorted);
}

static void types_are(const struct q2_typing_rules *rules, struct q2_molecule_list *molecules, const char *name,
                      const char *expected) {
  struct q2_error error = {""};
  char list[1024];
  struct q2_molecule_record *record = bundled_find(molecules, name);
  CHECK(record && apply(rules, record, &error) == Q2_OK, "%s %s", name, error.text);
  if (!record || error.text[0]) return;
  list_types(record, list, sizeof list);
  CHECK(strcmp(list, expected) == 0, "%s: %s, expected %s", name, list, expected);
}

static void the_default_is_the_file(void) {
  struct q2_text text = bundled_typing("elements.txt");
  CHECK(strcmp(text.bytes, q2_typing_elements) == 0);
  q2_text_free(&text);
}

/* --- types by element are those of jobs/q2hpc_topology.py, which named the bundled sets' bonds --- */

/* Hydrogens there are not told apart, and reacting atoms have a number. */
static void as_python(const char *type, char *name) {
  int length = 0;
  for (const char *c = type; *c; c++)
    if (!(*c == 'p' && type[0] == 'H' && type[1] >= '0' && type[1] <= '9')) name[length++] = *c;
  name[length] = '\0';
}

static void without_number(const char *label, char *name) {
  int length = 0;
  for (const char *c = label; *c; c++) {
    name[length++] = *c;
    while (length >= 3 && strncmp(name + length - 3, "_ts", 3) == 0 && c[1] >= '0' && c[1] <= '9')
      c++;
  }
  name[length] = '\0';
}

static void labels_are_those_of(const struct q2_dataset *d, int m, const struct q2_molecule_record *record) {
  for (int t = 0; t < d->term_table_count; t++) {
    const struct q2_term_table *table = &d->terms[t];
    if (strcmp(table->form, "bond_harmonic") != 0) continue;
    for (int64_t k = table->offset[m]; k < table->offset[m + 1]; k++) {
      char first[32], second[32], one[80], other[80], label[80];
      as_python(record->type[table->atoms[2 * k]].text, first);
      as_python(record->type[table->atoms[2 * k + 1]].text, second);
      without_number(d->parameters.label[table->parameters[2 * k]], label);
      const char mark = strchr(label, '~') ? '~' : '-';
      snprintf(one, sizeof one, "%s%c%s", first, mark, second);
      snprintf(other, sizeof other, "%s%c%s", second, mark, first);
      CHECK(strcmp(strcmp(one, other) < 0 ? one : other, label) == 0, "%s: %s or %s, expected %s", record->name, one, other,
            label);
    }
  }
}

static void elements_are_those_of_the_sets(const char *set) {
  struct q2_dataset dataset;
  struct q2_molecule_list list;
  struct q2_error error = {""};
  struct q2_typing_rules *rules;
  bundled_open(MPI_COMM_SELF, set, &dataset, &list);
  CHECK(q2_typing_default(&rules, &error) == Q2_OK, "%s", error.text);
  for (int m = 0; m < list.count; m++) {
    CHECK(q2_perceive_bonds(&list.record[m], &q2_perception_defaults, &error) == Q2_OK, "%s", error.text);
    CHECK(apply(rules, &list.record[m], &error) == Q2_OK, "%s", error.text);
    labels_are_those_of(&dataset, m, &list.record[m]);
  }
  q2_typing_free(rules);
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
}

static void amber_types(void) {
  struct q2_dataset dataset;
  struct q2_molecule_list list;
  struct q2_typing_rules *rules = read_file("amber.txt");
  bundled_open(MPI_COMM_SELF, "organic_dft.h5", &dataset, &list);
  types_are(rules, &list, "acetic_acid", "c c3 hc hc hc ho o oh");
  types_are(rules, &list, "formamide", "c h5 hn hn n o");
  types_are(rules, &list, "methylamine", "c3 h1 h1 h1 hn hn n3");
  types_are(rules, &list, "acetonitrile", "c1 c3 hc hc hc n1");
  types_are(rules, &list, "methanethiol", "c3 h1 h1 h1 hs sh");
  types_are(rules, &list, "difluoromethane", "c3 f f h2 h2");
  types_are(rules, &list, "fluoroethene", "c2 c2 f h4 ha ha");
  types_are(rules, &list, "methanimine", "c2 h4 h4 hn n2");
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
  bundled_open(MPI_COMM_SELF, "mixed_xtb.h5", &dataset, &list);
  types_are(rules, &list, "aspirin", "c c c3 ca ca ca ca ca ca ha ha ha ha hc hc hc ho o o oh os");
  types_are(rules, &list, "caffeine", "c c c3 c3 c3 cc cc cc h1 h1 h1 h1 h1 h1 h1 h1 h1 h5 n n na nc o o");
  types_are(rules, &list, "paracetamol", "c c3 ca ca ca ca ca ca ha ha ha ha hc hc hc hn ho n o oh");
  types_are(rules, &list, "diclofenac",
            "c c3 ca ca ca ca ca ca ca ca ca ca ca ca cl cl ha ha ha ha ha ha ha hc hc hn ho nh o oh");
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
  q2_typing_free(rules);
}

static void mm3star_types(void) {
  struct q2_dataset dataset;
  struct q2_molecule_list list;
  struct q2_typing_rules *rules = read_file("mm3star.txt");
  bundled_open(MPI_COMM_SELF, "organic_dft.h5", &dataset, &list);
  types_are(rules, &list, "acetic_acid", "C2 C3 H1 H1 H1 H2 O2 O3");
  types_are(rules, &list, "formamide", "C2 H1 H3 H3 N2 O2");
  types_are(rules, &list, "methylamine", "C3 H1 H1 H1 H3 H3 N3");
  types_are(rules, &list, "acetonitrile", "C1 C3 H1 H1 H1 N1");
  types_are(rules, &list, "allene", "C1 C2 C2 H1 H1 H1 H1");
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
  bundled_open(MPI_COMM_SELF, "mixed_xtb.h5", &dataset, &list);
  types_are(rules, &list, "nickel_dicarbonyl_pme3",
            "C1 C1 C3 C3 C3 C3 C3 C3 H1 H1 H1 H1 H1 H1 H1 H1 H1 H1 H1 H1 H1 H1 H1 H1 H1 H1 NI O2 O2 P3 P3");
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
  q2_typing_free(rules);
}

/* Each condition tells acetic acid's atoms apart in its own way; "x" is what it does not fit. */
static void conditions_decide(void) {
  static const struct {
    const char *rules, *molecule, *expected;
  } cases[] = {
      {"a *", "acetic_acid", "a a a a a a a a"},
      {"a C,O\nx *", "acetic_acid", "a a a a x x x x"},
      {"a nonmetal\nx *", "acetic_acid", "a a a a a a a a"},
      {"a metal\nx *", "acetic_acid", "x x x x x x x x"},
      {"a C neighbours=3\nx *", "acetic_acid", "a x x x x x x x"},
      {"a C neighbours!=3\nx *", "acetic_acid", "a x x x x x x x"},
      {"a * neighbours>1\nx *", "acetic_acid", "a a a x x x x x"},
      {"a * neighbours>=3\nx *", "acetic_acid", "a a x x x x x x"},
      {"a * neighbours<2\nx *", "acetic_acid", "a a a a a x x x"},
      {"a * neighbours<=2\nx *", "acetic_acid", "a a a a a a x x"},
      {"a * not neighbours=1\nx *", "acetic_acid", "a a a x x x x x"},
      {"a C bonded(O)=2\nx *", "acetic_acid", "a x x x x x x x"},
      {"a C not bonded(O)\nx *", "acetic_acid", "a x x x x x x x"},
      {"a C bonded(=O)\nx *", "acetic_acid", "a x x x x x x x"},
      {"a O bonded(-C)\nx *", "acetic_acid", "a x x x x x x x"},
      {"a H bonded(C bonded(C))=1\nx *", "acetic_acid", "a a a x x x x x"},
      {"a H bonded(O bonded(C bonded(=O)))\nx *", "acetic_acid", "a x x x x x x x"},
      {"a * planar\nx *", "acetic_acid", "a x x x x x x x"},
      {"a * charge=0\nx *", "acetic_acid", "a a a a a a a a"},
      {"a * charge=-1\nx *", "ts_sn2_fluoride_fluoromethane", "a a a a a a"},
      {"a * bonded(~*)\nx *", "ts_sn2_fluoride_fluoromethane", "a a a x x x"},
      {"a * bonded(#N)\nx *", "acetonitrile", "a x x x x x"},
      {"# nothing\n\n  a C # carbon\nx *\t# the rest\n", "methane", "a x x x x"},
      {"{element}{neighbours} *", "ethene", "C3 C3 H1 H1 H1 H1"},
      {"{ELEMENT}.{nonmetals} *", "chloromethane", "C.4 CL.1 H.1 H.1 H.1"},
      /* second round: the carbonyl's carbon is known by its type, its neighbours by that */
      {"c C bonded(=O)\nt C\no O\nh H\na type=t bonded(type=c)\nb H bonded(type=t,o)", "acetic_acid", "a b b b b c o o"},
  };
  struct q2_dataset dataset;
  struct q2_molecule_list list;
  struct q2_error error = {""};
  bundled_open(MPI_COMM_SELF, "organic_dft.h5", &dataset, &list);
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    struct q2_typing_rules *rules = read_rules(cases[k].rules);
    struct q2_molecule_record *record = bundled_find(&list, cases[k].molecule);
    CHECK(q2_perceive_bonds(record, &q2_perception_defaults, &error) == Q2_OK, "%s", error.text);
    types_are(rules, &list, cases[k].molecule, cases[k].expected);
    q2_typing_free(rules);
  }
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
  bundled_open(MPI_COMM_SELF, "mixed_xtb.h5", &dataset, &list);
  struct q2_typing_rules *rules = read_rules("a C ring=5\nb C ring=6\nc C ring\nx *");
  types_are(rules, &list, "nicotine", "a a a a b b b b b x x x x x x x x x x x x x x x x x");
  q2_typing_free(rules);
  rules = read_rules("a C ring>=5\nx *");
  types_are(rules, &list, "nicotine", "a a a a a a a a a x x x x x x x x x x x x x x x x x");
  q2_typing_free(rules);
  rules = read_rules("a C bonded(:C)=2\nb C aromatic=6\ny * aromatic=5\nx *");
  types_are(rules, &list, "nicotine", "a a a b b x x x x x x x x x x x x x x x x x x x x x");
  q2_typing_free(rules);
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
}

static void unreadable_rules_are_refused(void) {
  static const struct {
    const char *rules, *message;
  } cases[] = {
      {"", "rules.txt: expected rules"},
      {"# only a comment\n", "rules.txt: expected rules"},
      {"a *\nb", "rules.txt:2: expected an element"},
      {"a Xx", "rules.txt:1: expected an element, *, metal, nonmetal or type=NAME, found \"Xx\""},
      {"a C,", "expected an element"},
      {"a C neighbors=3", "found \"neighbors=3\""},
      {"a C neighbours", "the line ends"},
      {"a C neighbours=", "expected a number"},
      {"a C neighbours=x", "expected a number"},
      {"a C neighbours=99999", "expected a number"},
      {"a C neighbours= 3", "expected a number"},
      {"a C neighbours!3", "expected = after !"},
      {"a C neighbours=3x", "expected a blank"},
      {"a C bonded", "expected ( after bonded"},
      {"a C bonded(", "expected an element"},
      {"a C bonded()", "expected an element"},
      {"a C bonded(H", "expected ) after"},
      {"a C bonded(H neighbours=1", "expected ) after"},
      {"a C bonded(H))", "expected a blank"},
      {"a C bonded(H)H", "expected a blank"},
      {"a C bonded(type=)", "the name of a type"},
      {"a C bonded(type=a_name_that_is_too_long)", "the name of a type"},
      {"a C aromatic=", "expected a number"},
      {"a C planar=1", "expected a blank"},
      {"a C not", "expected a condition"},
      {"a C ring=", "expected a number"},
      {"{elephant} C", "{element}"},
      {"{element C", "{element}"},
      {"a}b C", "{element}"},
      {"a_type_that_is_too_long C", "at most 15 characters"},
      {"a H bonded(H bonded(H bonded(H bonded(H bonded(H bonded(H bonded(H bonded(H bonded(H)))))))))", "more than 8 patterns"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    struct q2_error error = {""};
    struct q2_text text;
    struct q2_typing_rules *rules = NULL;
    CHECK(q2_text_from_bytes("rules.txt", cases[k].rules, strlen(cases[k].rules), &text, &error) == Q2_OK);
    CHECK(q2_typing_read(&text, &rules, &error) == Q2_FAILED && !rules, "%s", cases[k].rules);
    CHECK(strncmp(error.text, "rules.txt:", 10) == 0 && strstr(error.text, cases[k].message), "\"%s\": %s", cases[k].rules,
          error.text);
    q2_text_free(&text);
  }
}

static void an_atom_without_a_rule_is_refused(void) {
  struct q2_dataset dataset;
  struct q2_molecule_list list;
  struct q2_error error = {""};
  bundled_open(MPI_COMM_SELF, "organic_dft.h5", &dataset, &list);
  struct q2_molecule_record *record = bundled_find(&list, "methanol");
  struct q2_typing_rules *rules = read_rules("h H\nc C");
  CHECK(apply(rules, record, &error) == Q2_FAILED && !record->type);
  CHECK(strstr(error.text, "methanol, atom 2 (O, bonded to C H)") && strstr(error.text, "rules.txt"), "%s", error.text);
  q2_typing_free(rules);
  rules = read_rules("a_longer_{element}_{neighbours}_ *");
  CHECK(apply(rules, record, &error) == Q2_OK, "%s", error.text);
  q2_typing_free(rules);
  rules = read_rules("a_longest_{element}__{neighbours}s *");
  record = bundled_find(&list, "chloromethane");
  CHECK(apply(rules, record, &error) == Q2_FAILED && strstr(error.text, "rules.txt:1") && strstr(error.text, "chloromethane"),
        "%s", error.text);
  q2_typing_free(rules);
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
}

/* Rule files with bytes changed at random are read or refused; the sanitizers watch. */
static void damaged_rules_do_no_harm(void) {
  static const char pieces[] = "()=<>!#:~-,*{} \n\tCHabonded";
  struct q2_text original = bundled_typing("amber.txt");
  uint64_t state = 1;
  int refused = 0;
  for (int trial = 0; trial < 2000; trial++) {
    struct q2_error error = {""};
    struct q2_text text;
    struct q2_typing_rules *rules = NULL;
    char *bytes = malloc(original.size + 1);
    memcpy(bytes, original.bytes, original.size + 1);
    for (int change = 0; change < 4; change++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      bytes[(state >> 33) % original.size] = pieces[(state >> 20) % (sizeof pieces - 1)];
    }
    CHECK(q2_text_from_bytes("damaged.txt", bytes, original.size, &text, &error) == Q2_OK);
    const int status = q2_typing_read(&text, &rules, &error);
    CHECK(status == Q2_OK || strncmp(error.text, "damaged.txt:", 12) == 0, "%s", error.text);
    refused += status != Q2_OK;
    q2_typing_free(rules);
    q2_text_free(&text);
    free(bytes);
  }
  CHECK(refused > 200 && refused < 2000, "%d", refused);
  q2_text_free(&original);
}

int main(int count, char **arguments) {
  MPI_Init(&count, &arguments);
  the_default_is_the_file();
  elements_are_those_of_the_sets("organic_dft.h5");
  elements_are_those_of_the_sets("mixed_xtb.h5");
  amber_types();
  mm3star_types();
  conditions_decide();
  unreadable_rules_are_refused();
  an_atom_without_a_rule_is_refused();
  damaged_rules_do_no_harm();
  MPI_Finalize();
  return check_result();
}
