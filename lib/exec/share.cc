#include "exec/share.h"

#include <fcntl.h>

#include <algorithm>

namespace bxl::exec {
namespace {

using fingerprint::Computed;

// Looks at all that a result consists of; what it finds is the end of a sentence.
class Judge {
 public:
  Judge(const Services& s, const Sharing& sharing, const Ingested& ingested)
      : s_(s), sharing_(sharing), words_(sharing.patterns.words().size(), false) {
    for (const Ingested::File& file : ingested.files) files_.emplace(file.path, &file);
  }

  std::string why_not(const Recorded& recorded, const std::string& console) {
    if (!recorded.deleted.empty()) return "it removes " + show(recorded.deleted.front());
    for (const wire::Output& output : recorded.outputs) {
      const std::string path = s_.view.paths().str(output.path);
      if (!sharing_.portable.within(path)) return show(output.path) + " lies outside the workspace";
      // The name itself may be made from the path of the workspace.
      const std::string token = s_.view.mounts().tokenise(path);
      const std::size_t name = std::min(token.find('/'), token.size());
      if (!note(scan_text(sharing_.patterns, std::string_view(token).substr(name))))
        return "the name of " + show(output.path) + " contains " + why_;
      if (output.kind == wire::OutputKind::Symlink &&
          !note(scan_text(sharing_.patterns, output.link_target)))
        return "the target of the symlink " + show(output.path) + " contains " + why_;
      if (output.kind != wire::OutputKind::File) continue;
      auto file = files_.find(path);
      if (file == files_.end() || !file->second->roots.searched)
        return show(output.path) + " was not searched";
      if (!note(file->second->roots)) return show(output.path) + " contains " + why_;
    }
    if (!note(scan_text(sharing_.patterns, console))) return "what it prints contains " + why_;
    return {};
  }

  std::vector<std::string> words() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < words_.size(); ++i)
      if (words_[i]) out.push_back(sharing_.patterns.words()[i]);
    return out;
  }

 private:
  std::string show(PathId path) const {
    return s_.view.mounts().tokenise(s_.view.paths().str(path));
  }
  bool note(const RootFinding& finding) {
    for (std::size_t i = 0; i < finding.words.size(); ++i)
      if (finding.words[i]) words_[i] = true;
    why_ = finding.why;
    return why_.empty();
  }

  const Services& s_;
  const Sharing& sharing_;
  std::unordered_map<std::string_view, const Ingested::File*> files_;
  std::vector<bool> words_;
  std::string why_;
};

// A checkout that was copied, files that name the first one included, would read what lies there,
// while its lookups ask what lies here: "it reads x, which contains …"; empty: nothing of that
// kind.
std::string leads_back(const Services& s, const Sharing& sharing, PipId pip,
                       const Recorded& recorded) {
  fingerprint::View& view = s.view;
  std::vector<PathId> read = fingerprint::declared_inputs(view, pip);
  for (const fingerprint::Observation& o : recorded.observations)
    if (o.flags & fingerprint::kContent) read.push_back(o.path);
  for (PathId path : read) {
    const std::string text = view.paths().str(path);
    const fingerprint::Seen seen = view.at(pip, path);
    const std::string shown = view.mounts().tokenise(text);
    if (seen.kind == FileKind::Symlink) {
      auto target = read_link(text);
      auto real = real_path(text);
      const bool inside = sharing.portable.within(text);
      if (!target ||
          (inside ? sharing.portable.mentions(*target) : !real || sharing.portable.within(*real)))
        return "it follows the symlink " + shown + " to the workspace";
    }
    if (seen.kind != FileKind::File || !sharing.portable.within(text)) continue;
    auto digest = view.content(path, seen);
    if (!digest) return "it reads " + shown + ", which cannot be read again";
    auto [known, added] = sharing.inputs.try_emplace(*digest, true);
    if (added)
      if (auto fd = open_file(text, O_RDONLY))
        known->second = names_root(sharing.patterns, fd->get());
    if (known->second) return "it reads " + shown + ", which contains the path of the workspace";
  }
  return {};
}

}  // namespace

void share(const Services& s, const Sharing& sharing, const Ingested& ingested,
           const Recorded& recorded, wire::PipResult& result) {
  Judge judge(s, sharing, ingested);
  result.not_shared = judge.why_not(recorded, result.console);
  if (!result.not_shared.empty()) return;
  std::vector<fingerprint::Observation> observations;
  result.not_shared =
      sharing.portable.observations(recorded.observations, s.view.paths(), &observations);
  if (!result.not_shared.empty()) return;
  result.not_shared = leads_back(s, sharing, result.pip, recorded);
  if (!result.not_shared.empty()) return;
  const std::string text = fingerprint::static_text(s.view, result.pip, s.salts, &sharing.portable);
  if (sharing.portable.mentions(text)) {
    result.not_shared = "its command or environment names the workspace in a way of its own";
    return;
  }

  const Computed weak = fingerprint::weak_fingerprint(s.view, result.pip, text);
  wire::Shared shared;
  shared.path_set_blob =
      fingerprint::encode_path_set(observations, s.view.paths(), s.view.mounts());
  auto set = fingerprint::decode_path_set(shared.path_set_blob, s.view.paths(), s.view.mounts());
  if (weak.status != Computed::Status::Ok || !set) {
    result.not_shared = "its fingerprint without the path of the workspace cannot be computed";
    return;
  }
  const Computed strong = fingerprint::strong_fingerprint(s.view, result.pip, weak.digest, *set);
  if (strong.status != Computed::Status::Ok) {
    result.not_shared = strong.why;
    return;
  }
  shared.weak = weak.digest;
  shared.strong = strong.digest;
  shared.path_set = set->digest;
  result.shared = std::move(shared);
  result.entry.root_free = true;
  result.entry.root_names = sharing.portable.places(judge.words());
}

}  // namespace bxl::exec
