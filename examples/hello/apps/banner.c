// Prints every greeting as a banner.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "greet.h"
#include "text.h"

int main(void) {
  for (const struct greeting *g = greetings; g->language != NULL; ++g) {
    char *text = text_upper(g->phrase());
    char *line = text_repeat("=", strlen(text));
    printf("%s\n%s\n", text, line);
    free(line);
    free(text);
  }
  return 0;
}
