// What the tables of built-in functions share.
#pragma once

#include <span>

#include "frontend/dsc/evaluator.h"

namespace bxl::frontend::dsc {

std::span<const NativeRow> file_system_rows();  // glob, globR, …
std::span<const NativeRow> text_rows();         // methods of strings
std::span<const NativeRow> path_rows();
std::span<const NativeRow> transformer_rows();  // Transformer.execute

// The argument number `i` as text of that type. Errors name function and argument.
Result<const std::string*> text_argument(Evaluator& evaluator, const CallSite& at,
                                         Arguments arguments, std::size_t i,
                                         Type type = Type::String);
Result<double> number_argument(Evaluator& evaluator, const CallSite& at, Arguments arguments,
                               std::size_t i);
Result<const Array*> array_argument(Evaluator& evaluator, const CallSite& at, Arguments arguments,
                                    std::size_t i);
// An absolute path of any kind.
Result<const std::string*> path_argument(Evaluator& evaluator, const CallSite& at,
                                         Arguments arguments, std::size_t i);
std::string ordinal(const CallSite& at, std::size_t i);  // "argument 2 of split"

}  // namespace bxl::frontend::dsc
