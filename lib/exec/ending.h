// How a command ended, by what its declaration says of exit codes and of standard error.
#pragma once

#include <cstdint>
#include <string>

#include "sandbox/sandbox.h"
#include "wire/records.h"

namespace bxl::exec {

// Neither cancelled nor too late, with an exit code of success, and silent where it has to be.
bool succeeded(const wire::Pip& pip, const sandbox::Outcome& outcome);
// Did it fail with an exit code after which it says to try again?
bool asks_for_retry(const wire::Pip& pip, const sandbox::Outcome& outcome);
// Why a success is not to be kept, one sentence; empty: its exit code says nothing against it.
std::string uncacheable_ending(const wire::Pip& pip, const sandbox::Outcome& outcome);

// A sentence about a command that did not succeed. `timeout_ms`: how long it might run.
// `memory_ran_out`: the kernel ended processes meanwhile.
std::string how_it_failed(const wire::Pip& pip, const sandbox::Outcome& outcome,
                          std::uint64_t timeout_ms, bool memory_ran_out);

}  // namespace bxl::exec
