#include <stdio.h>
#include <string.h>

#include "phrases/hello.h"
#include "version.h"
#include "greet.h"

int main(int argc, char** argv) {
  char name[100] = "you";
  if (argc > 1 && strcmp(argv[1], "-") == 0) {
    if (!fgets(name, sizeof name, stdin)) return 1;
    name[strcspn(name, "\n")] = 0;
  }
  greet(name);
  return 0;
}
