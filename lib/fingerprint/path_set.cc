#include "fingerprint/path_set.h"

#include <algorithm>
#include <unordered_map>

#include "base/byte_io.h"

namespace bxl::fingerprint {
namespace {

constexpr std::uint8_t kVersion = 1;

struct Node {
  std::vector<std::string_view> parts;  // first one: mount token, or "/" under no mount
  std::uint8_t flags;
};

}  // namespace

std::string encode_path_set(const std::vector<Observation>& observations, const PathTable& paths,
                            const graph::Mounts& mounts) {
  // Mount roots as ids, so that each path is one walk up.
  std::vector<std::pair<PathId, std::string_view>> roots;
  for (const wire::Mount& mount : mounts.all()) {
    PathId id = paths.find(mount.path);
    if (id != kNoPath) roots.emplace_back(id, mount.token);
  }
  std::vector<Node> nodes;
  nodes.reserve(observations.size());
  for (const Observation& o : observations) {
    Node node{{}, o.flags};
    PathId at = o.path;
    for (;; at = paths.parent(at)) {
      auto root = std::find_if(roots.begin(), roots.end(), [&](auto& r) { return r.first == at; });
      if (root != roots.end()) {
        node.parts.push_back(root->second);
        break;
      }
      if (at == kRootPath) {
        node.parts.push_back("/");
        break;
      }
      node.parts.push_back(paths.name(at));
    }
    std::reverse(node.parts.begin(), node.parts.end());
    nodes.push_back(std::move(node));
  }
  std::sort(nodes.begin(), nodes.end(),
            [](const Node& a, const Node& b) { return a.parts < b.parts; });

  ByteWriter out;
  out.u8(kVersion);
  std::vector<std::string_view> stack;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    std::uint8_t flags = node.flags;
    while (i + 1 < nodes.size() && nodes[i + 1].parts == node.parts) flags |= nodes[++i].flags;
    std::size_t shared = 0;
    while (shared < stack.size() && shared < node.parts.size() &&
           stack[shared] == node.parts[shared])
      ++shared;
    // Intermediate components are written with flags 0; the observed one carries its own.
    for (std::size_t d = shared; d < node.parts.size(); ++d) {
      out.varint(d);
      out.u8(d + 1 == node.parts.size() ? flags : 0);
      out.text(node.parts[d]);
    }
    stack = node.parts;
  }
  return out.take();
}

std::vector<Observation> common_observations(const std::vector<const PathSet*>& sets,
                                             std::size_t at_least) {
  struct Seen {
    std::size_t sets = 0;
    std::uint8_t flags = 0;
  };
  std::unordered_map<PathId, Seen> seen;
  for (const PathSet* set : sets)
    for (const Observation& o : set->observations) {
      ++seen[o.path].sets;
      seen[o.path].flags |= o.flags;
    }
  std::vector<Observation> common;
  for (const auto& [path, s] : seen)
    if (s.sets >= at_least) common.push_back({path, s.flags});
  return common;
}

Result<PathSet> decode_path_set(std::string_view bytes, PathTable& paths,
                                const graph::Mounts& mounts) {
  ByteReader in(bytes);
  if (in.u8() != kVersion) return make_error(EBADMSG, "path set of an unknown version");
  PathSet set;
  set.digest = Digest::of(bytes);
  std::vector<PathId> stack;
  while (!in.at_end()) {
    std::uint64_t depth = in.varint();
    std::uint8_t flags = in.u8();
    std::string_view name = in.text();
    if (!in.ok() || depth > stack.size() || flags > 7 || name.empty())
      return make_error(EBADMSG, "damaged path set");
    PathId id;
    if (depth == 0) {
      if (name == "/") {
        id = kRootPath;
      } else {
        const wire::Mount* mount = mounts.find(name);
        if (!mount)
          return make_error(EINVAL, "path set names the unknown mount " + std::string(name));
        id = paths.intern(mount->path);
      }
    } else {
      if (name == "." || name == ".." || name.find('/') != std::string_view::npos ||
          name.find('\0') != std::string_view::npos)
        return make_error(EBADMSG, "damaged path set");
      id = paths.child(stack[depth - 1], name);
    }
    stack.resize(depth);
    stack.push_back(id);
    if (flags != 0) set.observations.push_back({id, flags});
  }
  if (!in.ok()) return make_error(EBADMSG, "damaged path set");
  return set;
}

}  // namespace bxl::fingerprint
