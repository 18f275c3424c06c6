// What running a command once more showed, as it crosses from the process that ran it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/path_table.h"
#include "wire/records.h"

namespace bxl::verify {

struct Difference {
  std::string path;  // absolute
  std::string text;  // what is the matter, to follow the path: "differs from byte 12 on"
  Digest other;      // content of this run's version, for who wants to compare; zero: no file
  bool operator==(const Difference&) const = default;
};

struct Finding {
  PipId pip = kNoPip;
  std::string failure;  // it did not succeed: how; empty: it did
  std::vector<Difference> differences;
  bool console_differs = false;  // in what it printed, which is told and nothing more
  // Why even this run is no result for the cache, such as a listing of a directory that others
  // write to: often the reason of a difference. Empty: nothing spoke against it.
  std::string doubt;

  bool is_same() const { return failure.empty() && differences.empty(); }
  bool operator==(const Finding&) const = default;
};

// By path text. Of files that differ `other` is set and `text` says only that they do.
std::vector<Difference> differences(const std::vector<wire::Output>& before,
                                    const std::vector<wire::Output>& after, const PathTable& paths);

std::string encode(const Finding& finding);
// Empty: no finding.
std::optional<Finding> decode(std::string_view bytes);

}  // namespace bxl::verify
