#include "os/signal_name.h"

#include <cstring>

namespace bxl {

std::string signal_name(int number) {
  const char* name = ::sigabbrev_np(number);
  return name ? std::string("SIG") + name : "signal " + std::to_string(number);
}

}  // namespace bxl
