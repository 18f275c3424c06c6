// Joins two strings.
#include "text.h"

#include <stdlib.h>
#include <string.h>

char *text_join(const char *left, const char *separator, const char *right) {
  char *out = malloc(strlen(left) + strlen(separator) + strlen(right) + 1);
  if (out == NULL) abort();
  return strcat(strcat(strcpy(out, left), separator), right);
}
