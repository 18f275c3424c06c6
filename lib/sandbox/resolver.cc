// The component walk and its memo.
#include "sandbox/resolver.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bxl::sandbox {

namespace {

constexpr int kMaxLinks = 40;              // the kernel's MAXSYMLINKS
constexpr std::size_t kMaxMemo = 200'000;  // spellings; about 40 MB, then the memo starts afresh

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::File;
  if (S_ISDIR(mode)) return FileKind::Directory;
  if (S_ISLNK(mode)) return FileKind::Symlink;
  return FileKind::Other;
}

bool ends_with(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

// The kernel marks what has no name any more with this suffix; a file may also really be called so.
bool is_deleted(const std::string& target) {
  struct stat st;
  return ends_with(target, " (deleted)") && lstat(target.c_str(), &st) != 0;
}

}  // namespace

Resolver::Resolver(PathTable& paths, const std::vector<std::string>& untracked)
    : paths_(paths),
      proc_(paths.intern("/proc")),
      sys_(paths.intern("/sys")),
      dev_(paths.intern("/dev")),
      shm_(paths.intern("/dev/shm")) {
  for (const std::string& dir : untracked) untracked_.push_back(paths.intern(dir));
}

bool Resolver::is_tracked(PathId id) const {
  if (paths_.is_within(id, proc_) || paths_.is_within(id, sys_)) return false;
  if (paths_.is_within(id, dev_) && !paths_.is_within(id, shm_)) return false;
  for (PathId dir : untracked_) {
    if (paths_.is_within(id, dir)) return false;
  }
  return true;
}

Resolver::Node& Resolver::node(PathId id) {
  if (index(id) >= nodes_.size()) nodes_.resize(index(id) + 1 + nodes_.size() / 2);
  return nodes_[index(id)];
}

const Resolver::Node& Resolver::look(PathId id, bool remember, bool again, Node& scratch) {
  Node& memo = node(id);
  if (remember && memo.known) {
    if (!again) return memo;
    const Node before = memo;
    memo.known = false;
    const Node& now = look(id, true, false, scratch);
    if (now.kind != before.kind || now.target != before.target) ++generation_;
    return now;
  }
  text_ = paths_.str(id);
  Node& out = remember ? memo : scratch;
  out.error = 0;
  out.kind = FileKind::Absent;
  struct stat st;
  if (lstat(text_.c_str(), &st) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) out.error = errno;
  } else {
    out.kind = kind_of(st.st_mode);
    if (out.kind == FileKind::Symlink) {
      char target[PATH_MAX];
      const ssize_t n = readlink(text_.c_str(), target, sizeof target);
      if (n < 0) {
        out.error = errno;
      } else {
        out.target.assign(target, static_cast<std::size_t>(n));
      }
    }
  }
  out.known = true;
  return out;
}

Place Resolver::finish(Place place) const {
  place.tracked = place.tracked && is_tracked(place.id);
  return place;
}

Place Resolver::resolve(PathId base, std::string_view raw, Follow follow, pid_t tid, OnLink on_link,
                        void* context, PathId root) {
  if (root != kRootPath) {
    bool unused = false;
    return walk(base, raw, follow, tid, on_link, context, root, unused);
  }
  const auto base_bits = static_cast<std::uint32_t>(index(base));
  key_.assign(reinterpret_cast<const char*>(&base_bits), sizeof base_bits);
  if (raw.front() == '/') key_.assign(sizeof base_bits, '\0');
  key_.push_back(follow == Follow::Yes ? 'y' : 'n');
  key_.append(raw);
  if (auto it = memo_.find(key_);
      !again_ && it != memo_.end() && it->second.generation == generation_)
    return it->second.place;
  bool volatile_walk = false;
  Place place = walk(base, raw, follow, tid, on_link, context, root, volatile_walk);
  if (!volatile_walk) {
    if (memo_.size() > kMaxMemo) memo_.clear();
    memo_.insert_or_assign(key_, Memo{generation_, place});
  }
  return place;
}

Place Resolver::walk(PathId base, std::string_view raw, Follow follow, pid_t tid, OnLink on_link,
                     void* context, PathId root, bool& volatile_walk) {
  std::string buffer;  // owns `rest` once a symlink was followed
  std::string_view rest = raw;
  PathId at = raw.front() == '/' ? root : base;
  int links = 0;
  Node scratch;
  bool in_proc = paths_.is_within(at, proc_);
  bool tree_changing = false;
  for (PathId p = at; p != kRootPath; p = paths_.parent(p)) tree_changing |= node(p).tree_changing;

  for (;;) {
    while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
    if (rest.empty()) {
      volatile_walk |= in_proc;
      return finish({at, FileKind::Directory, 0, true, true});
    }
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, slash);
    std::string_view after = rest.substr(slash);
    const bool last = after.find_first_not_of('/') == std::string_view::npos;
    const bool trailing = last && !after.empty();
    if (name == ".") {
      rest = after;
      continue;
    }
    if (name == "..") {
      if (at != root) at = paths_.parent(at);
      in_proc = paths_.is_within(at, proc_);
      rest = after;
      continue;
    }
    // The rest of a path that ends here: appended literally, except where ".." makes that
    // meaningless.
    const auto stop = [&](PathId missing, int error) {
      PathId id = missing;
      PathId whole = missing;
      std::string_view tail = after;
      bool climbs = false;
      while (!tail.empty()) {
        while (!tail.empty() && tail.front() == '/') tail.remove_prefix(1);
        const std::size_t end = std::min(tail.find('/'), tail.size());
        const std::string_view part = tail.substr(0, end);
        tail = tail.substr(end);
        if (part.empty() || part == ".") continue;
        if (part == "..") {
          climbs = true;
          break;
        }
        whole = paths_.child(whole, part);
      }
      if (!climbs) id = whole;
      volatile_walk |= in_proc;
      return finish({id, FileKind::Absent, error, last && error == 0, true});
    };
    PathId next = paths_.child(at, name);
    if (at == proc_ && (name == "self" || name == "thread-self")) {
      at = paths_.child(proc_, std::to_string(tid));
      in_proc = true;
      volatile_walk = true;
      if (last) return finish({at, FileKind::Directory, 0, true, true});
      rest = after;
      continue;
    }
    const bool now_in_proc = in_proc || next == proc_;
    const Node& memo = node(next);
    tree_changing |= memo.tree_changing;
    const bool changing = memo.changing || tree_changing;
    const bool remember = !now_in_proc && !changing;
    volatile_walk |= changing;
    const Node& here = look(next, remember, again_ && last, scratch);
    if (here.error != 0) return stop(next, here.error);
    if (here.kind == FileKind::Absent) return stop(next, 0);

    if (here.kind == FileKind::Symlink && (!last || trailing || follow == Follow::Yes)) {
      if (++links > kMaxLinks) return stop(next, ELOOP);
      if (!now_in_proc) on_link(context, next);
      if (now_in_proc) {
        volatile_walk = true;
        // Magic links jump to an object: one without a name is not an input.
        if (here.target.empty() || (here.target.front() != '/' && ends_with(here.target, "]")) ||
            here.target.rfind("anon_inode:", 0) == 0 || is_deleted(here.target)) {
          return {next, FileKind::Other, 0, true, false};
        }
      }
      std::string joined = here.target;
      joined.append(after);
      buffer = std::move(joined);
      rest = buffer;
      if (!rest.empty() && rest.front() == '/') {
        at = root;
        in_proc = false;
        tree_changing = false;
      }
      continue;
    }
    if (here.kind != FileKind::Directory && !last) {
      Place place = stop(next, 0);  // ENOTDIR
      place.parent_exists = false;
      return place;
    }
    if (last) {
      volatile_walk |= now_in_proc;
      // "file/" fails with ENOTDIR, but what decided it is the file itself.
      const bool usable = here.kind == FileKind::Directory || !trailing;
      return finish({next, here.kind, 0, usable, true});
    }
    at = next;
    in_proc = now_in_proc;
    rest = after;
  }
}

void Resolver::will_change(PathId id, bool whole_tree) {
  Node& n = node(id);
  if (!n.changing || (whole_tree && !n.tree_changing)) ++generation_;
  n.changing = true;
  n.known = false;
  if (whole_tree) n.tree_changing = true;
}

}  // namespace bxl::sandbox
