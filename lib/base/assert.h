// BXL_ASSERT: a bug stops the program; no cache entry beats a wrong one.
#pragma once

#include <cstdio>
#include <cstdlib>

// Exit code 70 is "bug" in the table of exit codes; the message names the broken invariant.
#define BXL_ASSERT(cond)                                                                    \
  do {                                                                                      \
    if (!(cond)) {                                                                          \
      std::fprintf(stderr, "bxl: internal error: %s (%s:%d)\n", #cond, __FILE__, __LINE__); \
      std::_Exit(70);                                                                       \
    }                                                                                       \
  } while (0)
