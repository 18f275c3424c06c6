static void greet(const char* whom) { printf("%s %s (%s)\n", PHRASE_hello, whom, VERSION); }
