// What the user is told: one message per pip in the shape of BuildXL's DX0500, and the build
// statement that would fix each violation.
#pragma once

#include <cstddef>
#include <string>

#include "base/path_table.h"
#include "graph/mounts.h"
#include "graph/pip_graph.h"
#include "wire/records.h"

namespace bxl::violation {

// A sentence, and below it, indented, the build statement as it should be, where there is one:
//   add gen.h to the inputs of m.o:
//     build m.o: cc m.c || gen.h
// No newline at the end. Long lists of inputs are cut.
std::string advice(const graph::PipGraph& graph, const PathTable& paths, const wire::Violation& v);

enum class Tone { Error, Warning };
// All of `result`'s violations: letters, paths, codes, what each letter means, the other pips, and
// what to do; at most `most` of each. Ends in a newline.
std::string message(const graph::PipGraph& graph, const PathTable& paths,
                    const graph::Mounts& mounts, const wire::PipResult& result, std::size_t most,
                    Tone tone);

}  // namespace bxl::violation
