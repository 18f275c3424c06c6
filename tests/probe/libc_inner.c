// What the C library opens inside of itself, where no wrapper can stand: plugins, converters, name
// services, locales. `PROBE run`; says with "found WHAT" what there is on this machine.
#include "probe.h"

#include <dlfcn.h>
#include <iconv.h>
#include <locale.h>
#include <pwd.h>

void setup(void) {
}

void run(const char *arg) {
  (void)arg;
  if (dlopen("libz.so.1", RTLD_NOW)) expect("found library");
  if (iconv_open("ISO-8859-15", "UTF-8") != (iconv_t)-1) expect("found converter");
  if (getpwnam("root")) expect("found user");
  if (setlocale(LC_ALL, "C.UTF-8")) expect("found locale");
}
