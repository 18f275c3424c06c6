// Prints an Outcome.
#include "report.h"

#include <cstdio>
#include <cstring>

#include "base/json_writer.h"
#include "os/file.h"

namespace bxl::sandbox_tool {

namespace {

using sandbox::Access;

struct OpName {
  std::uint32_t bit;
  const char* name;
  char letter;
};
constexpr OpName kOps[] = {
    {sandbox::kRead, "read", 'r'},         {sandbox::kStat, "stat", 's'},
    {sandbox::kAccess, "access", 'a'},     {sandbox::kEnumerate, "enumerate", 'e'},
    {sandbox::kExec, "exec", 'x'},         {sandbox::kWrite, "write", 'w'},
    {sandbox::kCreate, "create", 'c'},     {sandbox::kUnlink, "unlink", 'u'},
    {sandbox::kMkdir, "mkdir", 'd'},       {sandbox::kSymlink, "symlink", 'l'},
    {sandbox::kMetadata, "metadata", 'm'}, {sandbox::kLock, "lock", 'k'},
};

const char* kind_name(FileKind kind) {
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
  return "other";
}

void ops_array(JsonWriter& json, std::uint32_t ops) {
  json.begin_array();
  for (const OpName& op : kOps) {
    if ((ops & op.bit) != 0) json.string(op.name);
  }
  json.end_array();
}

void access_object(JsonWriter& json, const Access& access) {
  json.begin_object();
  json.key("path").string(access.path);
  json.key("ops");
  ops_array(json, access.ops);
  json.key("firstOps");
  ops_array(json, access.first_ops);
  json.key("first").string(kind_name(access.first.kind));
  if (access.first_errno != 0) json.key("errno").integer(access.first_errno);
  json.key("firstSeq").natural(access.first_seq);
  if (access.first_content_seq != 0) json.key("contentSeq").natural(access.first_content_seq);
  if (access.first_mutation_seq != 0) json.key("mutationSeq").natural(access.first_mutation_seq);
  if (access.listed) {
    json.key("members").begin_array();
    for (const std::string& name : access.members) json.string(name);
    json.end_array();
  }
  json.end_object();
}

const char* kind_name(sandbox::Violation::Kind kind) {
  switch (kind) {
    case sandbox::Violation::Kind::Read:
      return "read";
    case sandbox::Violation::Kind::Write:
      return "write";
    case sandbox::Violation::Kind::Network:
      return "network";
  }
  return "write";
}

void tap_object(std::string* out, const std::vector<std::string> (&lists)[3],
                const std::string& error) {
  JsonWriter json(out);
  json.begin_object();
  const char* keys[] = {"reads", "writes", "deletes"};
  for (int i = 0; i < 3; ++i) {
    json.key(keys[i]).begin_array();
    for (const std::string& path : lists[i]) json.string(path);
    json.end_array();
  }
  json.key("error").string(error);
  json.end_object();
  *out += '\n';
}

}  // namespace

std::string printable(const std::string& bytes) {
  std::string out;
  for (char c : bytes) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out;
}

std::string sentence(const sandbox::Violation& violation) {
  const std::string who = violation.process.empty() ? "The command" : violation.process;
  switch (violation.kind) {
    case sandbox::Violation::Kind::Read:
      return who + " used " + violation.path + ", which is out of the read scopes.";
    case sandbox::Violation::Kind::Write:
      return who + (violation.denied ? " may not change " : " changed ") + violation.path +
             ", which is out of the write scopes" + (violation.denied ? "; it was denied." : ".");
    case sandbox::Violation::Kind::Network:
      return who + " asked for the network (" + violation.path + "); it was denied.";
  }
  return who;
}

std::string to_json(const std::vector<std::string>& argv, const sandbox::Outcome& outcome) {
  std::string out;
  JsonWriter json(&out);
  json.begin_object();
  json.key("schema").integer(1);
  json.key("command").begin_array();
  for (const std::string& arg : argv) json.string(arg);
  json.end_array();
  json.key("exitCode").integer(outcome.exit_code);
  json.key("signal").integer(outcome.term_signal);
  json.key("accesses").begin_array();
  for (const Access& access : outcome.accesses) access_object(json, access);
  json.end_array();
  json.key("reasons").begin_array();
  for (const sandbox::Reason& reason : outcome.reasons) {
    json.begin_object();
    json.key("what").string(reason.what);
    json.key("process").string(reason.process);
    json.key("detail").string(reason.detail);
    json.end_object();
  }
  json.end_array();
  json.key("violations").begin_array();
  for (const sandbox::Violation& violation : outcome.violations) {
    json.begin_object();
    json.key("kind").string(kind_name(violation.kind));
    json.key("path").string(violation.path);
    json.key("process").string(violation.process);
    json.key("denied").boolean(violation.denied);
    json.end_object();
  }
  json.end_array();
  json.key("notifications").natural(outcome.notifications);
  json.key("shimCalls").natural(outcome.shim_calls);
  json.key("shimUses").natural(outcome.shim_uses);
  json.key("wallNs").natural(outcome.wall_ns);
  json.key("userNs").natural(outcome.user_ns);
  json.key("systemNs").natural(outcome.system_ns);
  json.key("peakKib").natural(outcome.peak_kib);
  json.end_object();
  out += '\n';
  return out;
}

std::string to_trace(const sandbox::Outcome& outcome) {
  std::string out;
  for (const Access& access : outcome.accesses) {
    for (const OpName& op : kOps) {
      if ((access.ops & op.bit) != 0) out += op.letter;
    }
    out += std::string(" ") + kind_name(access.first.kind) + " " + printable(access.path);
    if (access.first_errno != 0) out += std::string(" (") + strerror(access.first_errno) + ")";
    out += '\n';
  }
  for (const sandbox::Reason& reason : outcome.reasons)
    out += "! " + reason.what + (reason.process.empty() ? "" : " " + reason.process) + ": " +
           reason.detail + '\n';
  for (const sandbox::Violation& violation : outcome.violations)
    out += std::string("? ") + kind_name(violation.kind) +
           (violation.process.empty() ? "" : " " + violation.process) + ": " +
           printable(violation.path) + (violation.denied ? " denied\n" : "\n");
  return out;
}

std::string to_tap(const sandbox::Outcome& outcome) {
  std::vector<std::string> lists[3];
  for (const Access& access : outcome.accesses) {
    const bool was_file =
        access.first.kind == FileKind::File || access.first.kind == FileKind::Symlink;
    const bool changed_first =
        access.first_mutation_seq != 0 &&
        (access.first_content_seq == 0 || access.first_mutation_seq < access.first_content_seq);
    if (was_file && !changed_first && (access.ops & (sandbox::kRead | sandbox::kExec)) != 0)
      lists[0].push_back(access.path);
    if ((access.ops & sandbox::kMutations & ~sandbox::kMetadata) == 0) continue;
    auto now = lstat_identity(access.path);
    if (now && (now->kind == FileKind::File || now->kind == FileKind::Symlink))
      lists[1].push_back(access.path);
    else if (was_file && now && !now->exists())
      lists[2].push_back(access.path);
  }
  std::string error;
  for (const sandbox::Reason& reason : outcome.reasons)
    error += (error.empty() ? "" : "; ") + reason.what + ": " + reason.detail;
  std::string out;
  tap_object(&out, lists, error);
  return out;
}

std::string tap_failure(const std::string& error) {
  std::string out;
  const std::vector<std::string> lists[3];
  tap_object(&out, lists, error);
  return out;
}

}  // namespace bxl::sandbox_tool
