// Repeats a string.
#include "text.h"

#include <stdlib.h>
#include <string.h>

char *text_repeat(const char *text, size_t times) {
  size_t length = strlen(text);
  char *out = malloc(length * times + 1);
  if (out == NULL) abort();
  for (size_t i = 0; i < times; ++i) memcpy(out + i * length, text, length);
  out[length * times] = '\0';
  return out;
}
