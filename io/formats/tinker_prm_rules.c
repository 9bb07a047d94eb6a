/* Tinker's keywords that hold for a whole parameter file: units, coefficients of power series, rules of non-bonded pairs. */
#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "tinker_prm.h"

enum kind { NUMBER, SCALE, WORD, ONLY };

/* A keyword. NUMBER, SCALE: its value goes to `offset` (above 1, a scale is a divisor). WORD: one of `words`; ONLY: the value
 * must be the first of `words`, or, without words, `only`. */
struct rule {
  const char *keyword;
  enum kind kind;
  size_t offset;
  const char *words[4];
  double only;
};

#define AT(member) offsetof(struct q2_tinker_rules, member)
static const struct rule rules_of_files[] = {
    {"bondunit", NUMBER, AT(bond_unit), {NULL}, 0},
    {"bond-cubic", NUMBER, AT(bond_cubic), {NULL}, 0},
    {"bond-quartic", NUMBER, AT(bond_quartic), {NULL}, 0},
    {"angleunit", NUMBER, AT(angle_unit), {NULL}, 0},
    {"angle-cubic", NUMBER, AT(angle_cubic), {NULL}, 0},
    {"angle-quartic", NUMBER, AT(angle_quartic), {NULL}, 0},
    {"angle-pentic", NUMBER, AT(angle_pentic), {NULL}, 0},
    {"angle-sextic", NUMBER, AT(angle_sextic), {NULL}, 0},
    {"strbndunit", NUMBER, AT(strbnd_unit), {NULL}, 0},
    {"ureyunit", NUMBER, AT(urey_unit), {NULL}, 0},
    {"urey-cubic", NUMBER, AT(urey_cubic), {NULL}, 0},
    {"urey-quartic", NUMBER, AT(urey_quartic), {NULL}, 0},
    {"strtorunit", NUMBER, AT(strtor_unit), {NULL}, 0},
    {"opbendunit", NUMBER, AT(opbend_unit), {NULL}, 0},
    {"opbend-cubic", NUMBER, AT(opbend_cubic), {NULL}, 0},
    {"opbend-quartic", NUMBER, AT(opbend_quartic), {NULL}, 0},
    {"opbend-pentic", NUMBER, AT(opbend_pentic), {NULL}, 0},
    {"opbend-sextic", NUMBER, AT(opbend_sextic), {NULL}, 0},
    {"torsionunit", NUMBER, AT(torsion_unit), {NULL}, 0},
    {"imptorunit", NUMBER, AT(imptor_unit), {NULL}, 0},
    {"imptorsunit", NUMBER, AT(imptor_unit), {NULL}, 0},
    {"improperunit", NUMBER, AT(improper_unit), {NULL}, 0},
    {"vdw-14-scale", SCALE, AT(vdw_14), {NULL}, 0},
    {"chg-14-scale", SCALE, AT(charge_14), {NULL}, 0},
    {"electric", NUMBER, AT(electric), {NULL}, 0},
    {"dielectric", NUMBER, AT(dielectric), {NULL}, 0},
    {"a-expterm", NUMBER, AT(a_expterm), {NULL}, 0},
    {"b-expterm", NUMBER, AT(b_expterm), {NULL}, 0},
    {"c-expterm", NUMBER, AT(c_expterm), {NULL}, 0},
    {"vdwtype", WORD, AT(exp6), {"LENNARD-JONES", "BUCKINGHAM", "MM3-HBOND"}, 0},
    {"vdwindex", WORD, AT(vdw_by_type), {"CLASS", "TYPE"}, 0},
    {"radiustype", WORD, AT(sigma), {"R-MIN", "SIGMA"}, 0},
    {"radiussize", WORD, AT(diameter), {"RADIUS", "DIAMETER"}, 0},
    {"radiusrule", WORD, AT(radius_geometric), {"ARITHMETIC", "GEOMETRIC"}, 0},
    {"opbendtype", WORD, AT(allinger), {"W-D-C", "ALLINGER"}, 0},
    {"epsilonrule", ONLY, 0, {"GEOMETRIC"}, 0},
    {"bondtype", ONLY, 0, {"HARMONIC"}, 0},
    {"angletype", ONLY, 0, {"HARMONIC"}, 0},
    {"torsiontype", ONLY, 0, {"HARMONIC"}, 0},
    {"vdw-12-scale", ONLY, 0, {NULL}, 0.0},
    {"vdw-13-scale", ONLY, 0, {NULL}, 0.0},
    {"vdw-15-scale", ONLY, 0, {NULL}, 1.0},
    {"chg-12-scale", ONLY, 0, {NULL}, 0.0},
    {"chg-13-scale", ONLY, 0, {NULL}, 0.0},
    {"chg-15-scale", ONLY, 0, {NULL}, 1.0},
};
enum { RULES = sizeof rules_of_files / sizeof rules_of_files[0] };

static int same_word(const char *word, const char *upper) {
  while (*word && toupper((unsigned char)*word) == *upper) {
    word++;
    upper++;
  }
  return !*word && !*upper;
}

static const struct rule *find_rule(const char *keyword) {
  for (int r = 0; r < RULES; r++)
    if (strcmp(rules_of_files[r].keyword, keyword) == 0) return &rules_of_files[r];
  return NULL;
}

int q2_tinker_is_rule(const char *word) { return find_rule(word) != NULL; }

int q2_tinker_line(const struct q2_text *text, int number, struct q2_tinker_line *line) {
  line->number = number;
  q2_text_words(text->line[number - 1], &line->words);
  if (!line->words.count || !isalpha((unsigned char)line->words.word[0].text[0])) return 0;
  int c = 0;
  for (const char *word = line->words.word[0].text; word[c]; c++)
    line->keyword[c] = (char)tolower((unsigned char)word[c]);
  line->keyword[c] = '\0';
  return 1;
}

static int read_rule(const struct q2_text *text, const struct q2_tinker_line *line, const struct rule *rule,
                     struct q2_tinker_rules *rules, struct q2_error *error) {
  const char *word = line->words.count > 1 ? line->words.word[1].text : "";
  void *where = (char *)rules + rule->offset;
  double value;
  if (rule->kind == WORD) {
    for (int w = 0; w < 4 && rule->words[w]; w++)
      if (same_word(word, rule->words[w])) {
        *(int *)where = w;
        return Q2_OK;
      }
    return q2_text_fail(text, line->number, error, "%s %.40s: q2hpc has no such function; it has %s%s%s%s%s", rule->keyword,
                        word, rule->words[0], rule->words[1] ? ", " : "", rule->words[1] ? rule->words[1] : "",
                        rule->words[2] ? ", " : "", rule->words[2] ? rule->words[2] : "");
  }
  if (rule->kind == ONLY && rule->words[0])
    return same_word(word, rule->words[0])
               ? Q2_OK
               : q2_text_fail(text, line->number, error, "%s %.40s: q2hpc has %s only", rule->keyword, word, rule->words[0]);
  Q2_TRY(q2_text_real(text, line->number, word, "a number", &value, error));
  if (rule->kind == ONLY)
    return value == rule->only
               ? Q2_OK
               : q2_text_fail(text, line->number, error, "%s %.40s: q2hpc has %g only", rule->keyword, word, rule->only);
  if (rule->kind == SCALE && value > 1.0) value = 1.0 / value;
  *(double *)where = value;
  return Q2_OK;
}

/* Numbers that would be divided by, or that no force field means. */
static int check_rules(const struct q2_text *text, const struct q2_tinker_rules *rules, struct q2_error *error) {
  const struct {
    const char *name;
    double value;
  } positive[] = {{"electric", rules->electric},          {"dielectric", rules->dielectric},
                  {"bondunit", rules->bond_unit},         {"angleunit", rules->angle_unit},
                  {"ureyunit", rules->urey_unit},         {"opbendunit", rules->opbend_unit},
                  {"torsionunit", rules->torsion_unit},   {"imptorunit", rules->imptor_unit},
                  {"improperunit", rules->improper_unit}, {"strbndunit", rules->strbnd_unit}};
  for (size_t p = 0; p < sizeof positive / sizeof positive[0]; p++)
    if (!(positive[p].value > 0.0))
      return q2_text_fail(text, 0, error, "%s %g: expected a number above 0", positive[p].name, positive[p].value);
  if (rules->strtor_unit == 0.0) return q2_text_fail(text, 0, error, "strtorunit 0: expected another number");
  if (rules->vdw_14 < 0.0 || rules->charge_14 < 0.0)
    return q2_text_fail(text, 0, error, "vdw-14-scale and chg-14-scale: expected no number below 0");
  return Q2_OK;
}

void q2_tinker_default_rules(struct q2_tinker_rules *rules) {
  const double degree2 = Q2_TINKER_DEGREE * Q2_TINKER_DEGREE;
  *rules = (struct q2_tinker_rules){.bond_unit = 1.0,
                                    .angle_unit = degree2,
                                    .strbnd_unit = Q2_TINKER_DEGREE,
                                    .urey_unit = 1.0,
                                    .strtor_unit = 1.0,
                                    .opbend_unit = degree2,
                                    .torsion_unit = 1.0,
                                    .imptor_unit = 1.0,
                                    .improper_unit = degree2,
                                    .vdw_14 = 1.0,
                                    .charge_14 = 1.0,
                                    .electric = Q2_TINKER_ELECTRIC,
                                    .dielectric = 1.0,
                                    .a_expterm = 184000.0,
                                    .b_expterm = 12.0,
                                    .c_expterm = 2.25};
}

int q2_tinker_read_rules(const struct q2_text *text, struct q2_tinker_rules *rules, struct q2_error *error) {
  rules->nonbonded_line = 0;
  for (int n = 1; n <= text->line_count; n++) {
    struct q2_tinker_line line;
    if (!q2_tinker_line(text, n, &line)) continue;
    const struct rule *rule = find_rule(line.keyword);
    if (rule) Q2_TRY(read_rule(text, &line, rule, rules, error));
    if (!rules->nonbonded_line && (strcmp(line.keyword, "vdw") == 0 || strcmp(line.keyword, "charge") == 0))
      rules->nonbonded_line = n;
  }
  return check_rules(text, rules, error);
}
