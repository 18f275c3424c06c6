// Walks a configuration.
#include "frontend/dsc/explain.h"

#include <charconv>
#include <functional>

#include "base/json_writer.h"

namespace bxl::frontend::dsc {
namespace {

bool is_identifier(const std::string& key) {
  if (key.empty() || (key[0] >= '0' && key[0] <= '9')) return false;
  for (char c : key)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
          c == '$'))
      return false;
  return true;
}

std::string quoted(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string scalar(const Value& value) {
  switch (value.type) {
    case Type::Boolean:
      return value.boolean ? "true" : "false";
    case Type::Number: {
      char digits[64];
      return {digits, std::to_chars(digits, digits + sizeof digits, value.number).ptr};
    }
    case Type::String:
      return quoted(*value.text);
    case Type::File:
    case Type::Directory:
    case Type::Path:
    case Type::Relative:
    case Type::Atom: {
      const std::string text = quoted(*value.text);
      const char tag = "fdpra"[static_cast<int>(value.type) - static_cast<int>(Type::File)];
      return tag + ("`" + text.substr(1, text.size() - 2)) + "`";
    }
    case Type::Array:
      return "[]";
    case Type::Object:
      return "{}";
    case Type::Map:
      return "Map.empty()";
    case Type::Module:
      return "importFrom(" + quoted(*value.text) + ")";
    case Type::Export: {
      const std::size_t zero = value.text->find('\0');
      return "importFrom(" + quoted(value.text->substr(0, zero)) + ")." +
             value.text->substr(zero + 1);
    }
    default:
      return type_name(value.type);
  }
}

using Visit = std::function<void(const std::string& name, const Value&)>;

// Values may refer to one another and look larger than they are: what is deep or long is cut.
class Walk {
 public:
  explicit Walk(Visit visit) : visit_(std::move(visit)) {}

  void value(const std::string& name, const Value& at, int depth) {
    if (left_ == 0) return;
    --left_;
    bool inner = false;
    auto within = [&](const std::string& part, const Value& one) {
      if (depth >= 100 || name.size() > 2000) return;
      inner = true;
      value(name + part, one, depth + 1);
    };
    if (at.is(Type::Array))
      for (std::size_t i = 0; i < at.array->items.size(); ++i)
        within("[" + std::to_string(i) + "]", at.array->items[i]);
    if (at.is(Type::Object))
      for (const Member& member : at.object->members) {
        const bool plain = is_identifier(member.key);
        const std::string key = plain ? member.key : "[" + quoted(member.key) + "]";
        within(plain && !name.empty() ? "." + key : key, member.value);
      }
    if (at.is(Type::Map))
      for (const auto& [key, one] : at.map->entries) within("[" + scalar(key) + "]", one);
    if (!inner) visit_(name, at);
  }

 private:
  Visit visit_;
  std::size_t left_ = 100'000;
};

}  // namespace

std::string explain_text(const Evaluation& evaluation) {
  std::string out;
  Walk walk([&](const std::string& name, const Value& value) {
    out += name + " = " + scalar(value) + "  # " + evaluation.place(value.origin);
    const std::string variable = evaluation.variable(value.origin);
    if (!variable.empty()) out += ", environment variable " + variable;
    out += "\n";
  });
  walk.value("", evaluation.configuration(), 0);
  for (const auto& [name, value] : evaluation.variables())
    if (!value) out += "# environment variable " + name + " is not set\n";
  return out;
}

std::string explain_json(const Evaluation& evaluation) {
  std::string out;
  JsonWriter to(&out);
  to.begin_object().key("values").begin_array();
  Walk walk([&](const std::string& name, const Value& value) {
    to.begin_object();
    to.key("name").string(name);
    to.key("type").string(type_name(value.type));
    to.key("value");
    if (value.has_text())
      to.string(*value.text);
    else if (value.is(Type::Boolean))
      to.boolean(value.boolean);
    else if (value.is(Type::Number))
      to.real(value.number);
    else
      to.null();
    to.key("origin").string(evaluation.place(value.origin));
    to.key("variable").string(evaluation.variable(value.origin));
    to.end_object();
  });
  walk.value("", evaluation.configuration(), 0);
  to.end_array().key("variables").begin_object();
  for (const auto& [name, value] : evaluation.variables()) {
    to.key(name);
    if (value)
      to.string(*value);
    else
      to.null();
  }
  to.end_object().end_object();
  return out + "\n";
}

}  // namespace bxl::frontend::dsc
