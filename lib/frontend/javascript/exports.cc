// Names of exports, and the one kind of lazy expression.
#include "frontend/javascript/exports.h"

#include <algorithm>
#include <cctype>

#include "frontend/javascript/shapes.h"

namespace bxl::frontend::javascript {
namespace {

using dsc::Evaluation;
using dsc::Type;
using dsc::Value;

bool is_symbol(std::string_view text) {
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '$'; });
}

// Reads importFrom('M').x piece by piece.
class Lazy {
 public:
  explicit Lazy(std::string_view text) : rest_(text) {}

  bool read(Imported& out) {
    if (!word("importFrom") || !word("(")) return false;
    skip();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const std::size_t end = rest_.find(quote, 1);
    if ((quote != '\'' && quote != '"' && quote != '`') || end == rest_.npos) return false;
    out.module = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    if (!word(")") || !word(".")) return false;
    skip();
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.back())))
      rest_.remove_suffix(1);
    out.symbol = rest_;
    return is_symbol(out.symbol);
  }

 private:
  void skip() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())))
      rest_.remove_prefix(1);
  }
  bool word(std::string_view text) {
    skip();
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  std::string_view rest_;
};

}  // namespace

Result<std::vector<Export>> read_exports(const Evaluation& evaluation, const Value& list) {
  const Shapes shapes(evaluation);
  std::vector<Export> out;
  for (const Value& item : list.array->items) {
    BXL_TRY(shapes.check_object(item, "exports",
                                {{"symbolName", "s"},
                                 {"content", "[so"},
                                 {"includeProjectMapping", "b"},
                                 {"allowEmpty", "b"}}));
    Export one;
    one.origin = item.origin;
    BXL_TRY_ASSIGN(one.symbol, shapes.text(item, "symbolName", "this export"));
    if (!is_symbol(one.symbol))
      return evaluation.error(item.origin, "'" + one.symbol + "' is no name for an export");
    if (one.symbol == "all")
      return evaluation.error(item.origin, "every module exports 'all' already: all its tasks");
    for (const Export& other : out)
      if (other.symbol == one.symbol)
        return evaluation.error(item.origin, "'" + one.symbol + "' is exported twice");
    const Value* content = find(item, "content");
    if (content == nullptr)
      return evaluation.error(item.origin, "this export: 'content' is missing");
    BXL_TRY_ASSIGN(one.content, read_selectors(evaluation, content));
    if (const Value* empty = find(item, "allowEmpty")) one.allow_empty = empty->boolean;
    out.push_back(std::move(one));
  }
  return out;
}

bool is_imported(const Value& value) {
  return value.is(Type::Export) ||
         (value.is(Type::Object) && value.object->find("expression") != nullptr);
}

Result<Imported> read_imported(const Evaluation& evaluation, const Value& value) {
  Imported out;
  out.origin = value.origin;
  if (value.is(Type::Export)) {
    const std::size_t zero = value.text->find('\0');
    out.module = value.text->substr(0, zero);
    out.symbol = value.text->substr(zero + 1);
    return out;
  }
  const Shapes shapes(evaluation);
  BXL_TRY(shapes.check_object(value, "lazy values",
                              {{"expression", "s"}, {"formattedExpectedType", "s"}}));
  BXL_TRY_ASSIGN(std::string text, shapes.text(value, "expression", "this lazy value"));
  if (!Lazy(text).read(out))
    return evaluation.error(value.origin, "'" + text +
                                              "' is not understood: a lazy expression is "
                                              "importFrom('MODULE').SYMBOL here");
  return out;
}

}  // namespace bxl::frontend::javascript
