// Fills a string up with spaces.
#include "text.h"

#include <stdlib.h>
#include <string.h>

char *text_pad(const char *text, size_t width) {
  size_t length = strlen(text);
  size_t size = length > width ? length : width;
  char *out = malloc(size + 1);
  if (out == NULL) abort();
  memset(out, ' ', size);
  memcpy(out, text, length);
  out[size] = '\0';
  return out;
}
