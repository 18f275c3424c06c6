// The German greeting.
#include "languages.h"
#include "phrases.h"

const char *greet_de(void) { return PHRASE_de; }
