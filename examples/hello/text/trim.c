// Removes spaces at both ends.
#include "text.h"

#include <stdlib.h>
#include <string.h>

char *text_trim(const char *text) {
  while (*text == ' ') ++text;
  size_t length = strlen(text);
  while (length > 0 && text[length - 1] == ' ') --length;
  char *out = calloc(length + 1, 1);
  if (out == NULL) abort();
  return memcpy(out, text, length);
}
