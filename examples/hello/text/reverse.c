// Reverses the bytes of a string.
#include "text.h"

#include <stdlib.h>
#include <string.h>

char *text_reverse(const char *text) {
  size_t length = strlen(text);
  char *out = malloc(length + 1);
  if (out == NULL) abort();
  for (size_t i = 0; i < length; ++i) out[i] = text[length - 1 - i];
  out[length] = '\0';
  return out;
}
