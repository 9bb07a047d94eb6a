/* The command line taken apart: which words are the command and the input, and which ones PETSc shall see. */
#include <ctype.h>
#include <petscsys.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "petsc_call.h"

/* An option begins with '-' and is not a negative number (PETSc's own rule). */
static int is_option(const char *word) {
  if (word[0] != '-' || !word[1]) return 0;
  const char *rest = word + 1 + (word[1] == '-');
  if (!isalpha((unsigned char)*rest)) return 0;
  char *end;
  strtod(word, &end); /* -inf, -nan */
  return *end != '\0';
}

static int is_flag(const char *option) { return strcmp(option, "-quiet") == 0 || strcmp(option, "-verbose") == 0; }

static int is_word(const char *word, const char *const *words) {
  for (; *words; words++)
    if (strcmp(word, *words) == 0) return 1;
  return 0;
}

static int append(struct q2_command_line *line, const char *word) {
  line->arguments[line->argument_count] = strdup(word);
  return line->arguments[line->argument_count++] ? Q2_OK : Q2_FAILED;
}

/* `--name` becomes `-name`, and `--name=value` two words. */
static int append_option(struct q2_command_line *line, const char *word, int *has_value) {
  const int dashes = word[1] == '-';
  char *name = strdup(word + dashes);
  if (!name) return Q2_FAILED;
  char *value = dashes ? strchr(name, '=') : NULL;
  if (value) *value++ = '\0';
  int status = append(line, name);
  *has_value = value != NULL || is_flag(name);
  /* A flag gets a value at once, or PETSc would take the next word for it. */
  if (status == Q2_OK && *has_value) status = append(line, value ? value : "true");
  free(name);
  return status;
}

static int take_positional(struct q2_command_line *line, const char *word, int *named, struct q2_error *error) {
  for (int c = 0; q2_command_names[c] && !*named && line->word_count == 0; c++)
    if (strcmp(word, q2_command_names[c]) == 0) {
      line->command = (enum q2_command)c;
      *named = 1;
      return Q2_OK;
    }
  if (line->word_count > 0 && line->command != Q2_COMMAND_IMPORT)
    return q2_fail(error, "unexpected argument \"%s\" after the input file %s; %s", word, line->words[0], q2_options_usage());
  line->words[line->word_count] = strdup(word);
  return line->words[line->word_count++] ? Q2_OK : q2_fail(error, "no memory for the command line");
}

static int take_words(int argc, char **argv, struct q2_command_line *line, struct q2_error *error) {
  static const char *const help[] = {"--help", "-h", "-help", NULL}, *const version[] = {"--version", "-version", NULL};
  int named = 0, value_next = 0, length = 0;
  for (int a = 1; a < argc; a++)
    length += (int)strlen(argv[a]) + 1;
  line->text = calloc((size_t)length + 1, 1);
  line->arguments = calloc(2 * (size_t)argc + 2, sizeof *line->arguments);
  line->words = calloc((size_t)argc + 1, sizeof *line->words);
  if (!line->text || !line->arguments || !line->words || append(line, argc > 0 ? argv[0] : "q2hpc") != Q2_OK)
    return q2_fail(error, "no memory for the command line");
  for (int a = 1; a < argc; a++) {
    const char *word = argv[a];
    const int option = is_option(word);
    if (option || value_next) {
      if (line->text[0]) strcat(line->text, " ");
      strcat(line->text, word);
    }
    if (option) {
      /* -help with an input file is PETSc's, which lists TAO's options. */
      if (is_word(word, help) && !(strcmp(word, "-help") == 0 && line->word_count > 0)) line->command = Q2_COMMAND_HELP;
      if (is_word(word, version)) line->command = Q2_COMMAND_VERSION;
      if (line->command == Q2_COMMAND_HELP || line->command == Q2_COMMAND_VERSION) return Q2_OK;
      int has_value;
      if (append_option(line, word, &has_value) != Q2_OK) return q2_fail(error, "no memory for the command line");
      value_next = !has_value;
    } else if (value_next) {
      if (append(line, word) != Q2_OK) return q2_fail(error, "no memory for the command line");
      value_next = 0;
    } else {
      Q2_TRY(take_positional(line, word, &named, error));
    }
  }
  if (line->word_count == 0) {
    if (line->argument_count > 1)
      return q2_fail(error, "no input file among the arguments (a word after an option is its value: name the file first); %s",
                     q2_options_usage());
    return q2_fail(error, "no input file; %s", q2_options_usage());
  }
  return Q2_OK;
}

int q2_command_line_parse(int argc, char **argv, struct q2_command_line *line, struct q2_error *error) {
  memset(line, 0, sizeof *line);
  line->command = Q2_COMMAND_FIT;
  const int status = take_words(argc, argv, line, error);
  if (status == Q2_OK && (line->command == Q2_COMMAND_HELP || line->command == Q2_COMMAND_VERSION)) {
    /* PETSc must not act on what is left: it would print its own. */
    while (line->argument_count > 1)
      free(line->arguments[--line->argument_count]);
    line->arguments[1] = NULL;
  }
  return status;
}

void q2_command_line_free(struct q2_command_line *line) {
  for (int a = 0; a < line->argument_count; a++)
    free(line->arguments[a]);
  free(line->arguments);
  for (int w = 0; w < line->word_count; w++)
    free(line->words[w]);
  free(line->words);
  free(line->text);
  memset(line, 0, sizeof *line);
}

/* Options that PETSc asks for only while it solves or ends, so that at the end of set-up nobody has; the start of the name
 * decides. */
static int asked_for_later(const char *name) {
  static const char *const starts[] = {
      "-tao_view", "-ksp_view",    "-ksp_monitor",  "-ksp_converged_reason", "-mat_view", "-vec_view", "-log_", "-malloc",
      "-options_", "-memory_view", "-objects_dump", "-viewfromoptions",      "-on_error", "-help",     "-info"};
  for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++)
    if (strncmp(name, starts[s], strlen(starts[s])) == 0) return 1;
  return 0;
}

/* TAO options that mean nothing without a value, and which PETSc ignores silently when it is missing. */
static int needs_value(const char *name) {
  static const char *const names[] = {"-tao_type",   "-tao_max_it",  "-tao_max_funcs",   "-tao_gatol",
                                      "-tao_grtol",  "-tao_gttol",   "-tao_fmin",        "-tao_steptol",
                                      "-tao_trust0", "-tao_ls_type", "-tao_bnk_as_type", NULL};
  return is_word(name, names);
}

int q2_options_check_used(const struct q2_command_line *line, struct q2_error *error) {
  for (int a = 1; a < line->argument_count; a++) {
    const char *name = line->arguments[a];
    if (!is_option(name)) continue;
    if (needs_value(name) && (a + 1 == line->argument_count || is_option(line->arguments[a + 1])))
      return q2_fail(error, "option %s needs a value", name);
    PetscBool used = PETSC_FALSE; /* the database keeps names without the dash */
    Q2_PETSC(PetscOptionsUsed(NULL, name + 1, &used), error);
    if (used || asked_for_later(name)) continue;
    return q2_fail(error, "option %s has no meaning for \"q2hpc %s\"%s; q2hpc --help lists the options", name,
                   q2_command_names[line->command], line->command == Q2_COMMAND_FIT ? " and this -tao_type" : "");
  }
  return Q2_OK;
}

void q2_options_name_culprit(const struct q2_command_line *line, struct q2_error *error) {
  for (int a = 1; a + 1 < line->argument_count; a++) {
    if (!is_option(line->arguments[a]) || is_option(line->arguments[a + 1])) continue;
    if (strstr(error->text, line->arguments[a]) || strstr(error->text, line->arguments[a + 1])) {
      q2_fail(error, "option %s %s: %s", line->arguments[a], line->arguments[a + 1], error->text);
      return;
    }
  }
}
