// The Spanish greeting.
#include "languages.h"
#include "phrases.h"

const char *greet_es(void) { return PHRASE_es; }
