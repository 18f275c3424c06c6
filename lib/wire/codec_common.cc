// Header, path table, identities and entries as Cap'n Proto.
#include "wire/codec.h"

namespace bxl::wire {

void put(schema::Header::Builder to, const Header& from) {
  to.setKind(static_cast<std::uint32_t>(from.kind));
  to.setMajor(from.major);
  to.setMinor(from.minor);
  to.setToolVersion(blob(from.tool_version));
  to.setWorkspace(blob(from.workspace));
  auto mounts = to.initMounts(static_cast<unsigned>(from.mounts.size()));
  for (unsigned i = 0; i < mounts.size(); ++i) {
    mounts[i].setToken(blob(from.mounts[i].token));
    mounts[i].setPath(blob(from.mounts[i].path));
    mounts[i].setFlags(from.mounts[i].flags);
  }
  to.setGraph(digest_data(from.graph));
}

Header get(schema::Header::Reader from) {
  Header to;
  to.kind = static_cast<StreamKind>(from.getKind());
  to.major = from.getMajor();
  to.minor = from.getMinor();
  // The rest belongs to our own major; another one may have given these fields another meaning.
  if (to.major != kSchemaMajor) return to;
  to.tool_version = str(from.getToolVersion());
  to.workspace = str(from.getWorkspace());
  for (auto mount : from.getMounts())
    to.mounts.push_back({str(mount.getToken()), str(mount.getPath()), mount.getFlags()});
  to.graph = digest(from.getGraph());
  return to;
}

void put(schema::Paths::Builder to, const PathsOut& from) {
  to.setParents(kj::arrayPtr(from.parents().data(), from.parents().size()));
  to.setNames(blob(from.names()));
}

void define(PathsIn& paths, schema::Paths::Reader from) {
  std::string_view names = view(from.getNames());
  for (std::uint32_t parent : from.getParents()) {
    std::size_t end = names.find('\0');
    if (end == std::string_view::npos) throw BadRecord{"a path has no name"};
    paths.define(parent, names.substr(0, end));
    names.remove_prefix(end + 1);
  }
  if (!names.empty()) throw BadRecord{"a path name has no parent"};
}

void put(schema::Identity::Builder to, const FileIdentity& from) {
  to.setKind(static_cast<schema::FileKind>(from.kind));
  to.setExecutable(from.executable);
  to.setMode(from.mode);
  to.setDev(from.dev);
  to.setIno(from.ino);
  to.setSize(from.size);
  to.setMtimeNs(from.mtime_ns);
  to.setCtimeNs(from.ctime_ns);
}

FileIdentity get(schema::Identity::Reader from) {
  FileIdentity to;
  to.kind = checked_enum(from.getKind(), FileKind::Other, "file kind");
  to.executable = from.getExecutable();
  to.mode = from.getMode();
  to.dev = from.getDev();
  to.ino = from.getIno();
  to.size = from.getSize();
  to.mtime_ns = from.getMtimeNs();
  to.ctime_ns = from.getCtimeNs();
  return to;
}

void put(schema::Entry::Builder to, const Entry& from,
         const std::function<std::uint32_t(PathId)>& id_of) {
  auto outputs = to.initOutputs(static_cast<unsigned>(from.outputs.size()));
  for (unsigned i = 0; i < outputs.size(); ++i) {
    const Output& output = from.outputs[i];
    outputs[i].setPath(id_of(output.path));
    outputs[i].setKind(static_cast<schema::OutputKind>(output.kind));
    outputs[i].setExecutable(output.executable);
    outputs[i].setSize(output.size);
    outputs[i].setDigest(digest_data(output.digest));
    outputs[i].setLinkTarget(blob(output.link_target));
    // Seven words saved for each output that is not on disk.
    if (output.identity != FileIdentity{}) put(outputs[i].initIdentity(), output.identity);
  }
  auto deleted = to.initDeleted(static_cast<unsigned>(from.deleted.size()));
  for (unsigned i = 0; i < deleted.size(); ++i) deleted.set(i, id_of(from.deleted[i]));
  to.setConsole(digest_data(from.console));
  to.setConsoleBytes(from.console_bytes);
  to.setWallMs(from.wall_ms);
  to.setCpuMs(from.cpu_ms);
  to.setPeakKib(from.peak_kib);
  to.setEvidence(digest_data(from.evidence));
  to.setRootFree(from.root_free);
  if (from.root_names.empty()) return;
  auto names = to.initRootNames(static_cast<unsigned>(from.root_names.size()));
  for (unsigned i = 0; i < names.size(); ++i) names.set(i, blob(from.root_names[i]));
}

Entry get(schema::Entry::Reader from, const std::function<PathId(std::uint32_t)>& path_of) {
  Entry to;
  auto outputs = from.getOutputs();
  to.outputs.reserve(outputs.size());
  for (auto output : outputs) {
    Output& o = to.outputs.emplace_back();
    o.path = path_of(output.getPath());
    o.kind = checked_enum(output.getKind(), OutputKind::Directory, "output kind");
    o.executable = output.getExecutable();
    o.size = output.getSize();
    o.digest = digest(output.getDigest());
    o.link_target = str(output.getLinkTarget());
    o.identity = get(output.getIdentity());
  }
  for (std::uint32_t path : from.getDeleted()) to.deleted.push_back(path_of(path));
  to.console = digest(from.getConsole());
  to.console_bytes = from.getConsoleBytes();
  to.wall_ms = from.getWallMs();
  to.cpu_ms = from.getCpuMs();
  to.peak_kib = from.getPeakKib();
  to.evidence = digest(from.getEvidence());
  to.root_free = from.getRootFree();
  for (auto name : from.getRootNames()) to.root_names.push_back(str(name));
  return to;
}

}  // namespace bxl::wire
