// Exit codes, and sentences.
#include "exec/ending.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <vector>

#include "os/signal_name.h"

namespace bxl::exec {
namespace {

std::string mib(std::uint64_t kib) { return std::to_string((kib + 1023) / 1024) + " MiB"; }

bool listed(const std::vector<std::uint32_t>& codes, int code) {
  return std::find(codes.begin(), codes.end(), static_cast<std::uint32_t>(code)) != codes.end();
}

bool is_uncacheable(const wire::Pip& pip, const sandbox::Outcome& outcome) {
  return outcome.term_signal == 0 && listed(pip.more().uncacheable_exit_codes, outcome.exit_code);
}

bool code_of_success(const wire::Pip& pip, const sandbox::Outcome& outcome) {
  const auto& codes = pip.more().success_exit_codes;
  return is_uncacheable(pip, outcome) ||
         (codes.empty() || outcome.term_signal != 0 ? outcome.exit_code == 0
                                                    : listed(codes, outcome.exit_code));
}

}  // namespace

bool succeeded(const wire::Pip& pip, const sandbox::Outcome& outcome) {
  return code_of_success(pip, outcome) && !outcome.cancelled && !outcome.timed_out &&
         outcome.spawn_errno == 0 &&
         (!(pip.flags & wire::kPipStderrFails) || outcome.stderr_bytes == 0);
}

bool asks_for_retry(const wire::Pip& pip, const sandbox::Outcome& outcome) {
  return !outcome.cancelled && !outcome.timed_out &&
         listed(pip.more().retry_exit_codes, outcome.exit_code);
}

std::string uncacheable_ending(const wire::Pip& pip, const sandbox::Outcome& outcome) {
  if (!is_uncacheable(pip, outcome)) return {};
  return "it exited with " + std::to_string(outcome.exit_code) +
         ", one of its uncacheableExitCodes";
}

// A shell reports the death of its own child as 128 + the signal.
std::string how_it_failed(const wire::Pip& pip, const sandbox::Outcome& outcome,
                          std::uint64_t timeout_ms, bool memory_ran_out) {
  if (outcome.spawn_errno != 0)
    return std::string("it could not be started: ") + std::strerror(outcome.spawn_errno);
  if (outcome.timed_out) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%g", static_cast<double>(timeout_ms) / 1000);
    return std::string("it ran longer than ") + seconds + " s (" +
           (pip.more().timeout_ms != 0 ? "its timeoutMs" : "--pip-timeout") +
           ") and was killed with all its processes";
  }
  if (code_of_success(pip, outcome) && outcome.stderr_bytes != 0)
    return "it exited with " + std::to_string(outcome.exit_code) + ", but wrote " +
           std::to_string(outcome.stderr_bytes) + (outcome.stderr_bytes == 1 ? " byte" : " bytes") +
           " to standard error, which its declaration counts as failure";
  if (outcome.exit_code == 128 + SIGKILL && memory_ran_out)
    return "it was killed (SIGKILL) while the kernel ended processes because memory ran out; its "
           "largest process had " +
           mib(outcome.peak_kib) + " (fewer at once: -j)";
  if (outcome.exit_code == 128 + SIGKILL)
    return "it was killed from outside (SIGKILL), as the kernel does when memory runs out; its "
           "largest process had " +
           mib(outcome.peak_kib);
  if (outcome.term_signal != 0) return "it was ended by " + signal_name(outcome.term_signal);
  std::string text = "it exited with " + std::to_string(outcome.exit_code);
  if (outcome.exit_code > 128 && outcome.exit_code <= 128 + SIGSYS)
    text += " (128 + " + signal_name(outcome.exit_code - 128) + ")";
  return text;
}

}  // namespace bxl::exec
