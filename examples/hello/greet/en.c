// The English greeting.
#include "languages.h"
#include "phrases.h"

const char *greet_en(void) { return PHRASE_en; }
