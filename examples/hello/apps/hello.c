// hello [LANGUAGE [NAME]]: one greeting.
#include <stdio.h>
#include <stdlib.h>

#include "greet.h"

int main(int argc, char **argv) {
  char *text = greet(argc > 1 ? argv[1] : "en", argc > 2 ? argv[2] : "world");
  if (text == NULL) {
    fprintf(stderr, "hello: no greeting in %s\n", argv[1]);
    return 1;
  }
  puts(text);
  free(text);
  return 0;
}
