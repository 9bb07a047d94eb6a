/* Which rank owns which device: even, by UUID, whatever each rank sees and in which order. */
#include <stdlib.h>
#include <string.h>

#include "../src/devices.h"
#include "check.h"

enum { MOST_RANKS = 16, MOST_DEVICES = 8 };

/* Ranks that each see the devices of a list of letters, "abcd": a device's UUID is its letter. */
struct scene {
  const char *node[MOST_RANKS];   /* a letter each */
  const char *sees[MOST_RANKS];   /* NULL ends */
  const char *expect[MOST_RANKS]; /* the letter owned, NULL: not told here */
};

static unsigned char uuids[MOST_RANKS][MOST_DEVICES][Q2_UUID_BYTES];

static void make_uuid(char letter, unsigned char uuid[Q2_UUID_BYTES]) {
  memset(uuid, 0x11, Q2_UUID_BYTES);
  uuid[Q2_UUID_BYTES - 1] = (unsigned char)letter; /* they differ in the last byte only */
}

static int look(const struct scene *scene, struct q2_devices_seen *seen) {
  int ranks = 0;
  for (; scene->sees[ranks]; ranks++) {
    const int count = (int)strlen(scene->sees[ranks]);
    for (int k = 0; k < count; k++)
      make_uuid(scene->sees[ranks][k], uuids[ranks][k]);
    seen[ranks] = (struct q2_devices_seen){scene->node[ranks][0], scene->node[ranks], count, &uuids[ranks][0][0]};
  }
  return ranks;
}

static void check_scene(const char *name, const struct scene *scene) {
  struct q2_devices_seen seen[MOST_RANKS];
  struct q2_error error = {""};
  int choice[MOST_RANKS], device[MOST_RANKS];
  const int ranks = look(scene, seen);
  CHECK(q2_devices_assign(ranks, seen, choice, device, &error) == Q2_OK, "%s: %s", name, error.text);
  for (int r = 0; r < ranks; r++) {
    const char owned = choice[r] >= 0 && choice[r] < seen[r].count ? scene->sees[r][choice[r]] : '?';
    if (scene->expect[r]) CHECK(owned == scene->expect[r][0], "%s: rank %d owns %c, not %s", name, r, owned, scene->expect[r]);
    for (int s = 0; s < r; s++)
      CHECK((device[r] == device[s]) == (owned == scene->sees[s][choice[s]]), "%s: ranks %d and %d", name, r, s);
  }
}

/* On one node, all see all: as many ranks as devices, more, fewer, and a remainder. */
static void one_node(void) {
  check_scene(
      "4 on 4",
      &(struct scene){.node = {"n", "n", "n", "n"}, .sees = {"dcba", "dcba", "dcba", "dcba"}, .expect = {"d", "c", "b", "a"}});
  check_scene("8 on 4", &(struct scene){.node = {"n", "n", "n", "n", "n", "n", "n", "n"},
                                        .sees = {"abcd", "abcd", "abcd", "abcd", "abcd", "abcd", "abcd", "abcd"},
                                        .expect = {"a", "a", "b", "b", "c", "c", "d", "d"}});
  check_scene("5 on 2", &(struct scene){.node = {"n", "n", "n", "n", "n"},
                                        .sees = {"ab", "ab", "ab", "ab", "ab"},
                                        .expect = {"a", "a", "a", "b", "b"}});
  check_scene("2 on 4", &(struct scene){.node = {"n", "n"}, .sees = {"abcd", "abcd"}, .expect = {"a", "c"}});
  check_scene(
      "orders differ",
      &(struct scene){.node = {"n", "n", "n", "n"}, .sees = {"abcd", "dcba", "badc", "cdab"}, .expect = {"a", "b", "c", "d"}});
}

/* As a batch system may show them: one each, the same one, some more than others. */
static void each_its_own(void) {
  check_scene("one each",
              &(struct scene){.node = {"n", "n", "n", "n"}, .sees = {"c", "a", "d", "b"}, .expect = {"c", "a", "d", "b"}});
  check_scene("the same", &(struct scene){.node = {"n", "n", "n"}, .sees = {"c", "c", "c"}, .expect = {"c", "c", "c"}});
  check_scene("one sees little",
              &(struct scene){.node = {"n", "n", "n"}, .sees = {"abc", "abc", "a"}, .expect = {NULL, NULL, "a"}});
  check_scene("one frees", &(struct scene){.node = {"n", "n"}, .sees = {"ab", "a"}, .expect = {"b", "a"}});
  /* Even only when two ranks move: 2 to c, so that 1 can go to b. */
  check_scene("a chain", &(struct scene){.node = {"n", "n", "n"}, .sees = {"a", "ab", "bc"}, .expect = {"a", "b", "c"}});
  check_scene("twice in a list", &(struct scene){.node = {"n", "n"}, .sees = {"aab", "aab"}, .expect = {"a", "b"}});
}

static void more_nodes(void) {
  check_scene("two nodes", &(struct scene){.node = {"m", "m", "m", "n", "n", "n", "n"},
                                           .sees = {"ab", "ab", "ab", "cdef", "cdef", "cdef", "cdef"},
                                           .expect = {"a", "a", "b", "c", "d", "e", "f"}});
  check_scene("ranks dealt in turn",
              &(struct scene){.node = {"m", "n", "m", "n"}, .sees = {"ab", "cd", "ab", "cd"}, .expect = {"a", "c", "b", "d"}});
  /* Two containers, say, on one machine: still one device. */
  check_scene("equal on two nodes", &(struct scene){.node = {"m", "n"}, .sees = {"ab", "ab"}, .expect = {"a", "b"}});
}

static void sees_none(void) {
  const struct scene scene = {.node = {"alpha", "alpha", "beta"}, .sees = {"a", "a", ""}};
  struct q2_devices_seen seen[MOST_RANKS];
  struct q2_error error = {""};
  int choice[MOST_RANKS], device[MOST_RANKS];
  CHECK(q2_devices_assign(look(&scene, seen), seen, choice, device, &error) == Q2_FAILED);
  CHECK(strstr(error.text, "rank 2") && strstr(error.text, "beta"), "%s", error.text);
}

/* Random lists: the spread is the best there is, by trying all assignments; and it depends on nothing else. */
static int best_squares(const struct scene *scene, int ranks, int r, int load[26]) {
  int best = r == ranks ? 0 : 1 << 20;
  for (int d = 0; r == ranks && d < 26; d++)
    best += load[d] * load[d];
  for (int k = 0; r < ranks && scene->sees[r][k]; k++) {
    load[scene->sees[r][k] - 'a']++;
    const int squares = best_squares(scene, ranks, r + 1, load);
    load[scene->sees[r][k] - 'a']--;
    if (squares < best) best = squares;
  }
  return best;
}

static void random_lists(void) {
  uint64_t state = 1;
  for (int trial = 0; trial < 2000; trial++) {
    struct scene scene = {.node = {NULL}};
    char list[MOST_RANKS][MOST_DEVICES + 1] = {{0}};
    struct q2_devices_seen seen[MOST_RANKS];
    struct q2_error error = {""};
    int choice[MOST_RANKS], device[MOST_RANKS], load[26] = {0}, squares = 0;
    const int ranks = 2 + trial % 5;
    for (int r = 0; r < ranks; r++) {
      for (int d = 0, count = 0; d < 4; d++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        if (state >> 62 == 0 || (d == 3 && count == 0)) list[r][count++] = (char)('a' + (d * 3 + r) % 4);
      }
      scene.node[r] = r % 2 && trial % 2 ? "m" : "n";
      scene.sees[r] = list[r];
    }
    look(&scene, seen);
    CHECK(q2_devices_assign(ranks, seen, choice, device, &error) == Q2_OK, "%s", error.text);
    for (int r = 0; r < ranks; r++)
      load[list[r][choice[r]] - 'a']++;
    for (int d = 0; d < 26; d++)
      squares += load[d] * load[d];
    memset(load, 0, sizeof load);
    const int best = best_squares(&scene, ranks, 0, load);
    CHECK(squares == best, "trial %d: squares of the loads %d, not %d", trial, squares, best);
  }
}

static struct q2_device make_device(char letter, const char *name) {
  struct q2_device device = {.name = ""};
  memset(device.uuid, letter - 'a' + 0xa0, sizeof device.uuid);
  snprintf(device.name, sizeof device.name, "%s", name);
  return device;
}

/* Together: each rank lists the two devices in an order of its own. */
static void together(void) {
  int rank, ranks, sharers, lowest;
  struct q2_device device[2];
  struct q2_device_choice choice;
  struct q2_error error = {""};
  char expected[64], first[sizeof choice.text];
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  device[rank % 2] = make_device('a', "Model X");
  device[1 - rank % 2] = make_device('b', "Model X");
  CHECK(q2_devices_choose(MPI_COMM_WORLD, 2, device, &choice, &error) == Q2_OK, "%s", error.text);
  const int owned = device[choice.index].uuid[0] - 0xa0;
  CHECK(owned == (ranks > 1 ? rank * 2 / ranks : 0), "rank %d owns device %d", rank, owned);
  CHECK(choice.sharer_count == (ranks == 4 ? 2 : 1) && choice.device_count == (ranks > 1 ? 2 : 1));
  MPI_Comm_size(choice.sharers, &sharers);
  lowest = rank;
  MPI_Bcast(&lowest, 1, MPI_INT, 0, choice.sharers);
  CHECK(sharers == choice.sharer_count && lowest == (ranks == 4 ? rank / 2 * 2 : rank));
  snprintf(expected, sizeof expected, "%d rank%s on %d Model X\n  node ", ranks, ranks > 1 ? "s" : "", ranks > 1 ? 2 : 1);
  CHECK(strncmp(choice.text, expected, strlen(expected)) == 0 && strstr(choice.text, choice.node), "%s", choice.text);
  const char *owners = ranks == 4   ? ": GPU-a0a0a0a0 ranks 0-1, GPU-a1a1a1a1 ranks 2-3"
                       : ranks == 2 ? ": GPU-a0a0a0a0 rank 0, GPU-a1a1a1a1 rank 1"
                                    : ": GPU-a0a0a0a0 rank 0";
  CHECK(strstr(choice.text, owners) != NULL, "%s", choice.text);
  CHECK(strcmp(choice.label, owned ? "Model X GPU-a1a1a1a1" : "Model X GPU-a0a0a0a0") == 0, "%s", choice.label);
  strcpy(first, choice.text);
  MPI_Bcast(first, (int)sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
  CHECK(strcmp(first, choice.text) == 0, "rank %d: %s", rank, choice.text);
  q2_device_choice_free(&choice);
}

/* One each, of two models; and the last rank sees none. */
static void each_shown_one(void) {
  int rank, ranks;
  struct q2_device_choice choice;
  struct q2_error error = {""};
  char expected[128];
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const struct q2_device device = make_device((char)('a' + rank), rank % 2 ? "Model Y" : "Model X");
  CHECK(q2_devices_choose(MPI_COMM_WORLD, 1, &device, &choice, &error) == Q2_OK, "%s", error.text);
  CHECK(choice.index == 0 && choice.sharer_count == 1 && choice.device_count == ranks);
  snprintf(expected, sizeof expected, "on %d Model X and %d Model Y\n", (ranks + 1) / 2, ranks / 2);
  CHECK(ranks == 1 || strstr(choice.text, expected), "%s", choice.text);
  q2_device_choice_free(&choice);
  CHECK(q2_devices_choose(MPI_COMM_WORLD, rank < ranks - 1, &device, &choice, &error) == Q2_FAILED);
  snprintf(expected, sizeof expected, "rank %d on node %s sees no device", ranks - 1, choice.node);
  CHECK(strncmp(error.text, expected, strlen(expected)) == 0, "%s", error.text);
  q2_device_choice_free(&choice);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  one_node();
  each_its_own();
  more_nodes();
  sees_none();
  random_lists();
  together();
  each_shown_one();
  MPI_Finalize();
  return check_result();
}
