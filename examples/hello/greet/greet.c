// The table of languages.
#include "greet.h"

#include <string.h>

#include "languages.h"
#include "text.h"

const struct greeting greetings[] = {
    {"de", greet_de}, {"en", greet_en}, {"es", greet_es}, {"fi", greet_fi},
    {"fr", greet_fr}, {"nl", greet_nl}, {"pl", greet_pl}, {NULL, NULL},
};

char *greet(const char *language, const char *name) {
  for (const struct greeting *g = greetings; g->language != NULL; ++g)
    if (strcmp(g->language, language) == 0) return text_join(g->phrase(), ", ", name);
  return NULL;
}
