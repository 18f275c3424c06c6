// Prints how long each phrase is and whether it reads the same backwards.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "greet.h"
#include "text.h"

int main(void) {
  for (const struct greeting *g = greetings; g->language != NULL; ++g) {
    char *lower = text_lower(g->phrase());
    char *backwards = text_reverse(lower);
    printf("%s: %zu bytes, %zu spaces%s\n", g->language, strlen(lower), text_count(lower, ' '),
           strcmp(lower, backwards) == 0 ? ", a palindrome" : "");
    free(backwards);
    free(lower);
  }
  return 0;
}
