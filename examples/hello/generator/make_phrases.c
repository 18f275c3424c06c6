// make_phrases LIST HEADER: turns the phrase list into macros.
#include "read_phrases.h"

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: make_phrases LIST HEADER\n");
    return 2;
  }
  FILE *list = fopen(argv[1], "r");
  FILE *header = fopen(argv[2], "w");
  if (list == NULL || header == NULL) {
    perror(list == NULL ? argv[1] : argv[2]);
    return 1;
  }
  struct phrase phrase;
  while (read_phrase(list, &phrase)) fprintf(header, "#define PHRASE_%s \"%s\"\n", phrase.language, phrase.text);
  fclose(list);
  return fclose(header) == 0 ? 0 : 1;
}
