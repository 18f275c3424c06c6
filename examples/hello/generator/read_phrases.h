// One line of the phrase list: a two-letter language and the greeting in it.
#ifndef READ_PHRASES_H
#define READ_PHRASES_H
#include <stdio.h>

struct phrase {
  char language[3];
  char text[64];
};
// Returns 0 at the end of the file.
int read_phrase(FILE *file, struct phrase *out);
#endif
