// How findings are printed.
#include "findings.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"

namespace bxl::doctor {
namespace {

const char* name(Level level) {
  switch (level) {
    case Level::Ok:
      return "ok";
    case Level::Warning:
      return "warning";
    case Level::Error:
      return "error";
  }
  return "";
}

}  // namespace

bool Findings::has_errors() const {
  return std::any_of(list_.begin(), list_.end(),
                     [](const Finding& f) { return f.level == Level::Error; });
}

std::string to_text(const Findings& findings) {
  std::string out;
  for (const Finding& f : findings.all()) {
    std::string level = name(f.level);
    level.resize(9, ' ');
    out += level + f.topic + ": " + printable(f.text) + "\n";
    if (!f.advice.empty()) out += "         → " + printable(f.advice) + "\n";
  }
  return out;
}

std::string to_json(const Findings& findings) {
  std::string out;
  JsonWriter json(&out);
  json.begin_object().key("schema").integer(1);
  json.key("result").string(findings.has_errors() ? "error" : "ok");
  json.key("findings").begin_array();
  for (const Finding& f : findings.all()) {
    json.begin_object().key("level").string(name(f.level)).key("topic").string(f.topic);
    json.key("text").string(f.text);
    if (!f.advice.empty()) json.key("advice").string(f.advice);
    json.end_object();
  }
  json.end_array().end_object();
  return out + "\n";
}

}  // namespace bxl::doctor
