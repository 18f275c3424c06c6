// BuildXL's spellings are few and exact, so that a path such as /c/main.o can never be taken for
// one.
#include "cli/arguments.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "cli/option_table.h"

namespace bxl::cli {
namespace {

// The rest of `text` after `prefix`, when it starts with it in any case.
std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  auto same_letter = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  if (text.size() < prefix.size() ||
      !std::equal(prefix.begin(), prefix.end(), text.begin(), same_letter))
    return std::nullopt;
  return text.substr(prefix.size());
}

Result<std::optional<std::string>> buildxl_spelling(const std::string& argument) {
  struct Prefix {
    std::string_view spelling, ours;
  };
  for (Prefix p : {Prefix{"/c:", "--config="}, Prefix{"/config:", "--config="},
                   Prefix{"/f:", "--filter="}, Prefix{"/filter:", "--filter="}}) {
    auto value = after(argument, p.spelling);
    if (!value) continue;
    if (value->empty())
      return make_error(EINVAL, "option " + std::string(p.spelling) + " needs a value");
    return std::optional(std::string(p.ours) + std::string(*value));
  }
  auto mode = after(argument, "/enableLazyOutputs");
  if (!mode || mode->find('/') != mode->npos) return std::optional<std::string>();
  if (mode->empty() || *mode == "+" || after(*mode, ":explicit") == "")
    return std::optional<std::string>("--lazy=requested");
  if (*mode == "-") return std::optional<std::string>("--lazy=all");
  if (after(*mode, ":minimal") == "") return std::optional<std::string>("--lazy=minimal");
  if ((*mode)[0] != ':') return std::optional<std::string>();
  return make_error(EINVAL, "unknown mode in " + argument +
                                "; use /enableLazyOutputs, /enableLazyOutputs- or "
                                "/enableLazyOutputs:minimal");
}

}  // namespace

Result<std::vector<std::string>> canonical_arguments(const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  out.reserve(arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      out.insert(out.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
      break;
    }
    if (argument.starts_with('/')) {
      BXL_TRY_ASSIGN(std::optional<std::string> ours, buildxl_spelling(argument));
      out.push_back(ours.value_or(argument));
      continue;
    }
    // "--name=" would make the parser take the next argument for the value.
    if (argument.starts_with("--") && argument.ends_with('=') &&
        argument.find('=') + 1 == argument.size())
      return make_error(EINVAL,
                        "option " + argument.substr(0, argument.size() - 1) + " needs a value");
    out.push_back(argument);
    const OptionRow* option = find_row(argument);
    if (option == nullptr || !option->takes_value()) continue;
    if (i + 1 == arguments.size() || arguments[i + 1].empty())
      return make_error(EINVAL, "option " + argument + " needs a value");
    out.push_back(arguments[++i]);
  }
  return out;
}

}  // namespace bxl::cli
