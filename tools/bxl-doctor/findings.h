// What a check found: one line each, and what to do about it.
#pragma once

#include <string>
#include <vector>

namespace bxl::doctor {

enum class Level { Ok, Warning, Error };

struct Finding {
  Level level = Level::Ok;
  std::string topic;   // "cache"
  std::string text;    // what is the case
  std::string advice;  // what to do; empty unless level is above Ok
};

class Findings {
 public:
  void ok(std::string topic, std::string text) {
    list_.push_back({Level::Ok, std::move(topic), std::move(text), {}});
  }
  void warning(std::string topic, std::string text, std::string advice) {
    list_.push_back({Level::Warning, std::move(topic), std::move(text), std::move(advice)});
  }
  void error(std::string topic, std::string text, std::string advice) {
    list_.push_back({Level::Error, std::move(topic), std::move(text), std::move(advice)});
  }
  const std::vector<Finding>& all() const { return list_; }
  bool has_errors() const;

 private:
  std::vector<Finding> list_;
};

// "warning  cache: …" with "         → advice" below.
std::string to_text(const Findings& findings);
std::string to_json(const Findings& findings);  // one object

}  // namespace bxl::doctor
