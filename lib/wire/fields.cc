// Fields as JSON and as text.
#include "wire/fields.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace bxl::wire {
namespace {

class JsonFields final : public Fields {
 public:
  void begin_record(std::string_view name) override {
    line_.clear();
    json_.emplace(&line_);
    in_list_ = {false};
    json_->begin_object().key("record").string(name);
  }
  std::string end_record() override {
    json_->end_object();
    return line_ + '\n';
  }
  void begin_object(std::string_view key) override {
    at(key).begin_object();
    in_list_.push_back(false);
  }
  void end_object() override {
    json_->end_object();
    in_list_.pop_back();
  }
  void begin_list(std::string_view key) override {
    at(key).begin_array();
    in_list_.push_back(true);
  }
  void end_list() override {
    json_->end_array();
    in_list_.pop_back();
  }
  void string(std::string_view key, std::string_view bytes) override { at(key).string(bytes); }
  void id(std::string_view key, std::uint64_t value) override { at(key).natural(value); }
  void natural(std::string_view key, std::uint64_t value) override { at(key).natural(value); }
  void integer(std::string_view key, std::int64_t value) override { at(key).integer(value); }
  void boolean(std::string_view key, bool value) override { at(key).boolean(value); }
  void none(std::string_view key) override { at(key).null(); }

 private:
  JsonWriter& at(std::string_view key) { return in_list_.back() ? *json_ : json_->key(key); }

  std::string line_;
  std::optional<JsonWriter> json_;  // one per record
  std::vector<bool> in_list_{false};
};

// Lines "key: value", "- value" in lists; two spaces per level. An opening line is written only
// once something follows it, so that empty parts leave nothing behind.
class TextFields final : public Fields {
 public:
  void begin_record(std::string_view name) override {
    text_ = std::string(name) + '\n';
    levels_ = {{false, {}}};
  }
  std::string end_record() override { return text_; }
  void begin_object(std::string_view key) override { levels_.push_back({false, opening(key)}); }
  void end_object() override { levels_.pop_back(); }
  void begin_list(std::string_view key) override { levels_.push_back({true, opening(key)}); }
  void end_list() override { levels_.pop_back(); }
  void string(std::string_view key, std::string_view bytes) override {
    if (!bytes.empty()) line(key, readable(bytes));
  }
  void id(std::string_view key, std::uint64_t value) override { line(key, std::to_string(value)); }
  void natural(std::string_view key, std::uint64_t value) override {
    if (value != 0) line(key, std::to_string(value));
  }
  void integer(std::string_view key, std::int64_t value) override {
    if (value != 0) line(key, std::to_string(value));
  }
  void boolean(std::string_view key, bool value) override {
    if (value) line(key, "yes");
  }
  void none(std::string_view) override {}

 private:
  struct Level {
    bool list;
    std::string pending;  // the opening line, until written
  };

  // Bytes that could steer a terminal or are no UTF-8 are shown as in JSON.
  static std::string readable(std::string_view bytes) {
    std::string json;
    append_json_string(json, bytes);
    bool control = std::any_of(bytes.begin(), bytes.end(),
                               [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
    return control || json.find("\\udc") != json.npos ? json : std::string(bytes);
  }
  std::string opening(std::string_view key) const {
    return levels_.back().list ? std::string("-") : std::string(key) + ":";
  }
  void append(std::size_t depth, std::string_view content) {
    text_.append(2 * depth, ' ');
    text_ += content;
    text_ += '\n';
  }
  void line(std::string_view key, std::string_view value) {
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      if (levels_[i].pending.empty()) continue;
      append(i, levels_[i].pending);
      levels_[i].pending.clear();
    }
    append(levels_.size(),
           (levels_.back().list ? "- " : std::string(key) + ": ") + std::string(value));
  }

  std::string text_;
  std::vector<Level> levels_;
};

}  // namespace

std::unique_ptr<Fields> json_fields() { return std::make_unique<JsonFields>(); }
std::unique_ptr<Fields> text_fields() { return std::make_unique<TextFields>(); }

}  // namespace bxl::wire
