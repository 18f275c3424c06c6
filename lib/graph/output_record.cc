#include "graph/output_record.h"

namespace bxl::graph {

bool still_recorded(const OutputRecord& record, const FileIdentity& disk) {
  const FileIdentity& r = record.identity;
  if (!disk.exists() || r.kind != disk.kind) return false;
  if (r.kind == FileKind::Directory) return true;
  return r.dev == disk.dev && r.ino == disk.ino && r.size == disk.size &&
         r.mtime_ns == disk.mtime_ns && (r.ctime_ns == 0 || r.ctime_ns == disk.ctime_ns) &&
         r.executable == disk.executable;
}

}  // namespace bxl::graph
