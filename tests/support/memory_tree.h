// An in-memory disk with a clock ticked by hand; it records every look, so that tests can say what
// was looked at.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/path_table.h"
#include "fingerprint/tree.h"

namespace bxl::test {

class MemoryTree : public fingerprint::Tree {
 public:
  // Parents are made on the way.
  void file(const std::string& path, const std::string& content, bool executable = false) {
    directory(std::string(parent_path(path)));
    Node& node = nodes_[path];
    bool replaced = node.id.kind == FileKind::File;
    node.content = content;
    node.id.kind = FileKind::File;
    node.id.executable = executable;
    node.id.size = content.size();
    stamp(node, replaced);
  }
  void symlink(const std::string& path, const std::string& target) {
    directory(std::string(parent_path(path)));
    Node& node = nodes_[path];
    node.content = target;
    node.id.kind = FileKind::Symlink;
    stamp(node, false);
  }
  void directory(const std::string& path) {
    if (path != "/") directory(std::string(parent_path(path)));
    Node& node = nodes_[path];
    if (node.id.kind == FileKind::Directory) return;
    node.id.kind = FileKind::Directory;
    stamp(node, false);
  }
  void remove(const std::string& path) { nodes_.erase(path); }
  void unreadable(const std::string& path, int errnum) { errors_[path] = errnum; }
  FileIdentity identity(const std::string& path) { return nodes_.at(path).id; }

  std::vector<std::string> looked, hashed, listed;

  Result<FileIdentity> lstat(const std::string& path) override {
    looked.push_back(path);
    if (auto it = errors_.find(path); it != errors_.end())
      return make_error(it->second, "lstat " + path);
    auto it = nodes_.find(path);
    return it == nodes_.end() ? FileIdentity{} : it->second.id;
  }
  Result<Digest> digest(const std::string& path, const FileIdentity& id) override {
    hashed.push_back(path);
    auto it = nodes_.find(path);
    if (it == nodes_.end() || it->second.id != id) return make_error(EAGAIN, path + " changed");
    return Digest::of(it->second.content);
  }
  Result<std::string> read_link(const std::string& path) override {
    auto it = nodes_.find(path);
    if (it == nodes_.end() || it->second.id.kind != FileKind::Symlink)
      return make_error(EINVAL, "readlink " + path);
    return it->second.content;
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    listed.push_back(path);
    std::vector<std::string> names;
    for (const auto& [p, node] : nodes_)
      if (p != "/" && parent_path(p) == path) names.emplace_back(base_name(p));
    return names;
  }
  Result<std::string> read(const std::string& path) override {
    auto it = nodes_.find(path);
    if (it == nodes_.end()) return make_error(ENOENT, "read " + path);
    return it->second.content;
  }

 private:
  struct Node {
    FileIdentity id;
    std::string content;
  };
  void stamp(Node& node, bool keep_inode) {
    if (!keep_inode) node.id.ino = ++next_ino_;
    node.id.dev = 1;
    node.id.mtime_ns = node.id.ctime_ns = ++now_;
  }
  std::map<std::string, Node> nodes_;
  std::map<std::string, int> errors_;
  std::uint64_t next_ino_ = 1;
  std::int64_t now_ = 1000;
};

}  // namespace bxl::test
