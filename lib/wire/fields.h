// Fields: one description of a record, rendered as JSON or as text. Internal to lib/wire.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/json_writer.h"

namespace bxl::wire {

// Calls nest as in the record. Inside a list keys are ignored. Text leaves out what is empty, zero
// or false; JSON has every field.
class Fields {
 public:
  virtual ~Fields() = default;
  virtual void begin_record(std::string_view name) = 0;
  virtual std::string end_record() = 0;  // the rendered record, with its line end
  virtual void begin_object(std::string_view key) = 0;
  virtual void end_object() = 0;
  virtual void begin_list(std::string_view key) = 0;
  virtual void end_list() = 0;
  virtual void string(std::string_view key, std::string_view bytes) = 0;
  virtual void id(std::string_view key, std::uint64_t value) = 0;  // 0 is not left out
  virtual void natural(std::string_view key, std::uint64_t value) = 0;
  virtual void integer(std::string_view key, std::int64_t value) = 0;
  virtual void boolean(std::string_view key, bool value) = 0;
  virtual void none(std::string_view key) = 0;  // no digest, no path
};

std::unique_ptr<Fields> json_fields();  // {"record":"NAME",…} on one line
std::unique_ptr<Fields> text_fields();  // NAME, then indented "key: value" lines

}  // namespace bxl::wire
