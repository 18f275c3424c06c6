// Turns letters into upper case.
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

char *text_upper(const char *text) {
  char *out = malloc(strlen(text) + 1);
  if (out == NULL) abort();
  for (size_t i = 0; i <= strlen(text); ++i) out[i] = (char)toupper((unsigned char)text[i]);
  return out;
}
