// Methods of strings and of paths.
#include <algorithm>

#include "base/path_table.h"
#include "frontend/dsc/natives.h"

namespace bxl::frontend::dsc {
namespace {

// --- strings
// -----------------------------------------------------------------------------------------

template <char from, char to>
Result<Value> change_case(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  std::string out = *self.text;
  for (char& c : out)
    if (c >= from && c <= from + 25) c = static_cast<char>(c - from + to);
  return e.text(at.origin, Type::String, std::move(out));
}

Result<Value> starts_with(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* other, text_argument(e, at, a, 0));
  return e.boolean(at, self.text->starts_with(*other));
}
Result<Value> ends_with(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* other, text_argument(e, at, a, 0));
  return e.boolean(at, self.text->ends_with(*other));
}
Result<Value> contains(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* other, text_argument(e, at, a, 0));
  return e.boolean(at, self.text->find(*other) != std::string::npos);
}

Value position(Evaluator& e, const CallSite& at, std::size_t found) {
  return e.number(at, found == std::string::npos ? -1 : static_cast<double>(found));
}
Result<Value> index_of(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* other, text_argument(e, at, a, 0));
  return position(e, at, self.text->find(*other));
}
Result<Value> last_index_of(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* other, text_argument(e, at, a, 0));
  return position(e, at, self.text->rfind(*other));
}

// Every occurrence.
Result<Value> replace(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* from, text_argument(e, at, a, 0));
  BXL_TRY_ASSIGN(const std::string* to, text_argument(e, at, a, 1));
  if (from->empty()) return e.error(at.origin, ordinal(at, 0) + " must not be empty");
  std::string out;
  for (std::size_t begin = 0;;) {
    std::size_t found = self.text->find(*from, begin);
    out.append(*self.text, begin, found - begin);
    if (found == std::string::npos) break;
    BXL_TRY(e.spend(at.origin, to->size()));
    out += *to;
    begin = found + from->size();
  }
  return e.text(at.origin, Type::String, std::move(out));
}

Result<Value> split(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* separator, text_argument(e, at, a, 0));
  if (separator->empty()) return e.error(at.origin, ordinal(at, 0) + " must not be empty");
  std::vector<Value> items;
  for (std::size_t begin = 0; begin <= self.text->size();) {
    std::size_t end = std::min(self.text->find(*separator, begin), self.text->size());
    BXL_TRY_ASSIGN(Value one,
                   e.text(at.origin, Type::String, self.text->substr(begin, end - begin)));
    items.push_back(one);
    begin = end + separator->size();
  }
  return e.array(at.origin, std::move(items));
}

Result<Value> trim(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  std::size_t begin = self.text->find_first_not_of(" \t\r\n");
  std::size_t end = self.text->find_last_not_of(" \t\r\n");
  return e.text(at.origin, Type::String,
                begin == std::string::npos ? "" : self.text->substr(begin, end + 1 - begin));
}

// [begin, end) with negative positions from the end.
Result<Value> slice(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  const auto size = static_cast<double>(self.text->size());
  double range[2] = {0, size};
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].is_undefined()) continue;
    BXL_TRY_ASSIGN(double given, number_argument(e, at, a, i));
    range[i] = std::clamp(given < 0 ? size + given : given, 0.0, size);
  }
  const auto begin = static_cast<std::size_t>(range[0]), end = static_cast<std::size_t>(range[1]);
  return e.text(at.origin, Type::String, begin < end ? self.text->substr(begin, end - begin) : "");
}

Result<Value> same_text(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  return e.text(at.origin, Type::String, *self.text);
}

constexpr NativeRow kText[] = {{"toUpperCase", 0, 0, change_case<'a', 'A'>},
                               {"toLowerCase", 0, 0, change_case<'A', 'a'>},
                               {"startsWith", 1, 1, starts_with},
                               {"endsWith", 1, 1, ends_with},
                               {"contains", 1, 1, contains},
                               {"includes", 1, 1, contains},
                               {"indexOf", 1, 1, index_of},
                               {"lastIndexOf", 1, 1, last_index_of},
                               {"replace", 2, 2, replace},
                               {"split", 1, 1, split},
                               {"trim", 0, 0, trim},
                               {"slice", 0, 2, slice},
                               {"substring", 1, 2, slice},
                               {"toString", 0, 0, same_text}};

// --- paths
// -------------------------------------------------------------------------------------------

// A path below, from a string, an atom or a relative path.
Result<Value> combine(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  std::string out = *self.text;
  for (const Value& one : a) {
    if (!one.is(Type::String) && !one.is(Type::Relative) && !one.is(Type::Atom))
      return e.wrong_type(one, at.origin, "an argument of " + *at.name,
                          "a string, a path atom or a relative path");
    out += "/" + *one.text;
  }
  auto path = self.is_absolute_path() ? absolute_path("/", out) : relative_path(out);
  if (!path) return e.error(at.origin, path.error().message);
  return e.text(at.origin, self.is_absolute_path() ? Type::Path : Type::Relative, std::move(*path));
}

// The name with something else behind it: p`a`.concat(".d") is p`a.d`.
Result<Value> concat(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  if (!a[0].is(Type::String) && !a[0].is(Type::Atom))
    return e.wrong_type(a[0], at.origin, ordinal(at, 0), "a string or a path atom");
  if (a[0].text->find_first_of("/\\") != std::string::npos)
    return e.error(at.origin, ordinal(at, 0) + " must not hold separators");
  return e.text(at.origin, self.type, *self.text + *a[0].text);
}

Result<Value> change_extension(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* extension, text_argument(e, at, a, 0));
  std::string_view name = base_name(*self.text);
  std::size_t dot = name.rfind('.');
  std::string out = *self.text;
  if (dot != std::string_view::npos) out.resize(out.size() - (name.size() - dot));
  return e.text(at.origin, self.type, out + *extension);
}

Result<Value> is_within(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* other, path_argument(e, at, a, 0));
  return e.boolean(at, path_within(*self.text, *other));
}

Result<Value> relative_to(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* other, path_argument(e, at, a, 0));
  if (!path_within(*other, *self.text)) return Value{Type::Undefined, at.origin, {}};
  std::size_t skip = *self.text == "/" ? 1 : self.text->size() + 1;
  return e.text(at.origin, Type::Relative, other->size() < skip ? "." : other->substr(skip));
}

constexpr NativeRow kPath[] = {
    {"combine", 1, SIZE_MAX, combine}, {"combinePaths", 1, SIZE_MAX, combine},
    {"concat", 1, 1, concat},          {"changeExtension", 1, 1, change_extension},
    {"isWithin", 1, 1, is_within},     {"getRelative", 1, 1, relative_to},
    {"toString", 0, 0, same_text},     {"toDiagnosticString", 0, 0, same_text}};

}  // namespace

std::span<const NativeRow> text_rows() { return kText; }
std::span<const NativeRow> path_rows() { return kPath; }

}  // namespace bxl::frontend::dsc
