// The Polish greeting.
#include "languages.h"
#include "phrases.h"

const char *greet_pl(void) { return PHRASE_pl; }
