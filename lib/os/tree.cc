// Removing and counting.
#include "os/tree.h"

#include <filesystem>
#include <system_error>

namespace bxl {

Result<void> remove_tree(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code failed;
  fs::remove_all(path, failed);
  if (!failed) return {};
  // A directory without permissions, such as overlayfs's own: one after the other, from the top.
  const auto open_up = [](const fs::path& directory) {
    std::error_code ignored;
    fs::permissions(directory, fs::perms::owner_all, fs::perm_options::add, ignored);
  };
  open_up(path);
  std::error_code ignored;
  for (fs::recursive_directory_iterator
           it(path, fs::directory_options::skip_permission_denied, ignored),
       end;
       it != end; it.increment(ignored))
    if (it->symlink_status(ignored).type() == fs::file_type::directory) open_up(it->path());
  fs::remove_all(path, failed);
  if (failed) return make_error(failed.value(), "remove " + path);
  return {};
}

std::size_t count_files(const std::string& directory) {
  std::size_t files = 0;
  std::error_code failed;
  std::filesystem::recursive_directory_iterator at(directory, failed), end;
  for (; !failed && at != end; at.increment(failed))
    if (at->is_symlink(failed) || !at->is_directory(failed)) ++files;
  return files;
}

}  // namespace bxl
