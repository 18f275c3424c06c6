#!/bin/sh
# make_table.sh WORDS OUT: the lines of a file as an array of strings.
{
  echo 'const char *const stop_words[] = {'
  sed 's/.*/  "&",/' "$1"
  echo '  0};'
} >"$2"
