// The French greeting.
#include "languages.h"
#include "phrases.h"

const char *greet_fr(void) { return PHRASE_fr; }
