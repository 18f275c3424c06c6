// Reads the phrase list.
#include "read_phrases.h"

int read_phrase(FILE *file, struct phrase *out) {
  return fscanf(file, "%2s %63[^\n]", out->language, out->text) == 2;
}
