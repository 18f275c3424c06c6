// Counts a character.
#include "text.h"

#include <string.h>

size_t text_count(const char *text, char wanted) {
  size_t count = 0;
  while ((text = strchr(text, wanted)) != NULL) {
    ++count;
    ++text;
  }
  return count;
}
