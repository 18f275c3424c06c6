/* Counts words of standard input: lines "COUNT WORD", in alphabetical order. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 4096, MAX_LENGTH = 64 };
extern const char *const stop_words[];

struct word {
  char text[MAX_LENGTH];
  int count;
};
static struct word words[MAX_WORDS];
static int known;

static void add(const char *text) {
  for (const char *const *stop = stop_words; *stop; ++stop)
    if (strcmp(*stop, text) == 0) return;
  for (int i = 0; i < known; ++i)
    if (strcmp(words[i].text, text) == 0) {
      ++words[i].count;
      return;
    }
  if (known == MAX_WORDS) {
    fputs("too many words\n", stderr);
    exit(1);
  }
  strcpy(words[known].text, text);
  words[known++].count = 1;
}

static int by_text(const void *a, const void *b) {
  return strcmp(((const struct word *)a)->text, ((const struct word *)b)->text);
}

int main(void) {
  char text[MAX_LENGTH];
  size_t length = 0;
  for (int c = 0; c != EOF;) {
    c = getchar();
    if (c != EOF && isalpha(c)) {
      if (length + 1 < sizeof text) text[length++] = (char)tolower(c);
    } else if (length > 0) {
      text[length] = 0;
      length = 0;
      add(text);
    }
  }
  qsort(words, (size_t)known, sizeof *words, by_text);
  for (int i = 0; i < known; ++i) printf("%d %s\n", words[i].count, words[i].text);
  return 0;
}
