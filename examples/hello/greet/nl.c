// The Dutch greeting.
#include "languages.h"
#include "phrases.h"

const char *greet_nl(void) { return PHRASE_nl; }
