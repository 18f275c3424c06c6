// `TOOL show`: any stream as text or JSON lines; shared by the tools that write streams.
#pragma once

#include <iostream>
#include <string>

#include "cli/main.h"
#include "wire/print.h"

namespace bxl {

inline int show_stream(const std::string& tool, const cli::Options& options) {
  auto input = cli::open_input(options);
  if (!input) {
    cli::print_error(tool, input.error().to_string());
    return cli::kUsage;
  }
  auto format = options.json ? wire::PrintFormat::Json : wire::PrintFormat::Text;
  auto printed = wire::print_stream(input->get(), format, std::cout);
  std::cout.flush();
  if (!std::cout && cli::reader_left(1)) return cli::kOk;  // `| head` has seen enough
  if (!printed) {
    cli::print_error(tool, printed.error().to_string());
    return cli::exit_code_for(printed.error(), cli::kUpstream);
  }
  return std::cout ? cli::kOk : cli::kLocalResource;
}

}  // namespace bxl
