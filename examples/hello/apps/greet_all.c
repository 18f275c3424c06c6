// Prints every greeting.
#include <stdio.h>
#include <stdlib.h>

#include "greet.h"
#include "text.h"

int main(void) {
  for (const struct greeting *g = greetings; g->language != NULL; ++g) {
    char *text = greet(g->language, "world");
    char *padded = text_pad(text, 24);
    printf("%s (%s)\n", padded, g->language);
    free(padded);
    free(text);
  }
  return 0;
}
