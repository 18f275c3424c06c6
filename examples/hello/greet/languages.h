// One function per language; the phrases come from data/phrases.txt.
#ifndef LANGUAGES_H
#define LANGUAGES_H

const char *greet_de(void);
const char *greet_en(void);
const char *greet_es(void);
const char *greet_fi(void);
const char *greet_fr(void);
const char *greet_nl(void);
const char *greet_pl(void);
#endif
