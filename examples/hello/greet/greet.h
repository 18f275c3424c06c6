// Greetings in several languages.
#ifndef GREET_H
#define GREET_H

struct greeting {
  const char *language;
  const char *(*phrase)(void);
};
// Ends with an entry whose language is NULL.
extern const struct greeting greetings[];

// The greeting for a name, to be freed; NULL for an unknown language.
char *greet(const char *language, const char *name);
#endif
