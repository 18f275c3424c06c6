// What bxl remembers of a file it (or a pip under it) put into the tree. Kept by lib/state, used by
// View.
#pragma once

#include <string>
#include <unordered_map>

#include "base/digest.h"
#include "base/ids.h"
#include "os/file.h"
#include "wire/records.h"

namespace bxl::graph {

struct OutputRecord {
  std::string owner;  // stable id of the pip, or kDirectoryOwner
  wire::OutputKind kind = wire::OutputKind::File;
  FileIdentity
      identity;   // when recorded; ctime_ns 0: ctime unknown (recorded just before a rename)
  Digest digest;  // zero when unknown (junk of a failed or killed run)
};

// Directories that bxl-exec makes for declared outputs belong to nobody in particular.
inline constexpr const char* kDirectoryOwner = "";

using OutputRecords = std::unordered_map<PathId, OutputRecord>;

// Is the file on disk still the recorded one? Directories: still a directory (their times change
// with members).
bool still_recorded(const OutputRecord& record, const FileIdentity& disk);

}  // namespace bxl::graph
