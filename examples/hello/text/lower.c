// Turns letters into lower case.
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

char *text_lower(const char *text) {
  char *out = malloc(strlen(text) + 1);
  if (out == NULL) abort();
  for (size_t i = 0; i <= strlen(text); ++i) out[i] = (char)tolower((unsigned char)text[i]);
  return out;
}
