// Explanations as lines for people, and as JSON.
#pragma once

#include <string>

#include "base/json_writer.h"
#include "base/text.h"
#include "report/why.h"

namespace bxl::report {

// Absolute paths as people of one workspace name them: relative to its root, sources beside it with
// "..", the rest (system files) absolute.
class Names {
 public:
  Names(std::string workspace, const graph::Mounts& mounts)
      : root_(std::move(workspace)), mounts_(mounts) {}
  std::string operator()(const std::string& absolute) const;

 private:
  std::string root_;
  const graph::Mounts& mounts_;
};

// "src/a.h changed", "opt.cfg exists now", "environment variable CFLAGS was "-O1", is "-O2"": one
// line, no full stop.
std::string sentence(const Cause& cause, const Names& names);

// "2026-11-23 09:24:19" in local time.
std::string local_time(std::int64_t unix_ms);
// "0.12 s", "3 min 20 s".
std::string duration(std::uint64_t ms);

// Lines, each ended. `all`: no limit on their number.
std::string to_text(const Explanation& explanation, const std::string& pip, History& history,
                    bool all);
void to_json(JsonWriter& json, const Explanation& explanation, const std::string& pip,
             History& history);

}  // namespace bxl::report
