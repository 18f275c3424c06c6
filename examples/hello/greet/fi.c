// The Finnish greeting.
#include "languages.h"
#include "phrases.h"

const char *greet_fi(void) { return PHRASE_fi; }
