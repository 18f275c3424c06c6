// The names of enumerators, as printed and as used in messages.
#include "wire/names.h"

namespace bxl::wire {

const char* name(StreamKind kind) {
  switch (kind) {
    case StreamKind::Graph:
      return "graph";
    case StreamKind::Plan:
      return "plan";
    case StreamKind::Results:
      return "results";
    case StreamKind::State:
      return "state";
  }
  return "unknown";
}

const char* name(Action action) {
  switch (action) {
    case Action::Filtered:
      return "filtered";
    case Action::Clean:
      return "clean";
    case Action::Hit:
      return "hit";
    case Action::Miss:
      return "miss";
    case Action::Deferred:
      return "deferred";
  }
  return "unknown";
}

const char* name(Outcome outcome) {
  switch (outcome) {
    case Outcome::Clean:
      return "clean";
    case Outcome::Hit:
      return "hit";
    case Outcome::Ran:
      return "ran";
    case Outcome::Failed:
      return "failed";
    case Outcome::Skipped:
      return "skipped";
    case Outcome::Cancelled:
      return "cancelled";
    case Outcome::Violated:
      return "violated";
  }
  return "unknown";
}

const char* name(PipKind kind) {
  switch (kind) {
    case PipKind::Process:
      return "process";
    case PipKind::Alias:
      return "alias";
    case PipKind::WriteFile:
      return "write-file";
    case PipKind::CopyFile:
      return "copy-file";
  }
  return "unknown";
}

const char* name(OutputKind kind) {
  switch (kind) {
    case OutputKind::File:
      return "file";
    case OutputKind::Symlink:
      return "symlink";
    case OutputKind::Directory:
      return "directory";
  }
  return "unknown";
}

const char* name(FileKind kind) {
  switch (kind) {
    case FileKind::Absent:
      return "absent";
    case FileKind::File:
      return "file";
    case FileKind::Symlink:
      return "symlink";
    case FileKind::Directory:
      return "directory";
    case FileKind::Other:
      return "other";
  }
  return "unknown";
}

}  // namespace bxl::wire
