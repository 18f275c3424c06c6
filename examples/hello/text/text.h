// Small functions on strings. Those that return char * return memory the caller frees.
#ifndef TEXT_H
#define TEXT_H
#include <stddef.h>

size_t text_count(const char *text, char wanted);
char *text_join(const char *left, const char *separator, const char *right);
char *text_lower(const char *text);
char *text_pad(const char *text, size_t width);
char *text_repeat(const char *text, size_t times);
char *text_reverse(const char *text);
char *text_trim(const char *text);
char *text_upper(const char *text);
#endif
