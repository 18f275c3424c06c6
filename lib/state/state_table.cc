#include "state/state_table.h"

#include <fcntl.h>

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "wire/stream.h"

namespace bxl::state {

StateTable StateTable::load(const Workspace& workspace, PathTable& paths) {
  StateTable table;
  auto fd = open_file(workspace.state(), O_RDONLY);
  if (!fd) return table;
  auto reader = wire::StreamReader::open(fd->get(), wire::StreamKind::State, paths);
  if (!reader) return table;
  StateTable loaded;
  for (;;) {
    auto record = reader->next();
    if (!record) return table;
    if (!*record) break;
    if (auto* head = std::get_if<wire::StateHeader>(&**record))
      loaded.generation_ = head->generation;
    if (auto* row = std::get_if<wire::StateRow>(&**record)) {
      std::string id = row->stable_id;
      loaded.rows_.emplace(std::move(id), std::move(*row));
    }
    if (auto* blob = std::get_if<wire::PathSetBlob>(&**record))
      loaded.path_sets_.emplace(blob->digest, std::move(blob->bytes));
  }
  return loaded;
}

std::uint64_t StateTable::generation_of(const Workspace& workspace) {
  PathTable paths;
  auto fd = open_file(workspace.state(), O_RDONLY);
  if (!fd) return 0;
  auto reader = wire::StreamReader::open(fd->get(), wire::StreamKind::State, paths);
  if (!reader) return 0;
  auto record = reader->next();
  if (!record || !*record) return 0;
  auto* head = std::get_if<wire::StateHeader>(&**record);
  return head ? head->generation : 0;
}

const wire::StateRow* StateTable::find(const std::string& stable_id) const {
  auto it = rows_.find(stable_id);
  return it == rows_.end() ? nullptr : &it->second;
}

const std::string* StateTable::path_set(const Digest& digest) const {
  auto it = path_sets_.find(digest);
  return it == path_sets_.end() ? nullptr : &it->second;
}

void StateTable::put(wire::StateRow row, const std::string& path_set_bytes) {
  if (!path_set_bytes.empty()) path_sets_.emplace(row.path_set, path_set_bytes);
  std::string id = row.stable_id;
  rows_[std::move(id)] = std::move(row);
  changed_ = true;
}

void StateTable::erase(const std::string& stable_id) {
  if (rows_.erase(stable_id) != 0) changed_ = true;
}

Result<void> StateTable::save(const Workspace& workspace, const PathTable& paths,
                              const wire::Header& header) {
  if (!changed_) return {};
  BXL_TRY_ASSIGN(auto file, AtomicFile::create(workspace.state()));
  auto sink = wire::fd_sink(file.fd());
  wire::Header head = header;
  head.kind = wire::StreamKind::State;
  BXL_TRY_ASSIGN(auto writer, wire::StreamWriter::create(*sink, paths, head));
  BXL_TRY(writer.write(wire::StateHeader{generation_ + 1}));
  std::vector<const wire::StateRow*> rows;
  for (const auto& [id, row] : rows_) rows.push_back(&row);
  std::sort(rows.begin(), rows.end(), [](auto* a, auto* b) { return a->stable_id < b->stable_id; });
  std::unordered_set<Digest> written;
  for (const wire::StateRow* row : rows) {
    if (auto it = path_sets_.find(row->path_set);
        it != path_sets_.end() && written.insert(it->first).second)
      BXL_TRY(writer.write(wire::PathSetBlob{it->first, it->second}));
    BXL_TRY(writer.write(*row));
  }
  BXL_TRY(writer.end({}));
  BXL_TRY(file.commit());
  ++generation_;
  changed_ = false;
  return {};
}

}  // namespace bxl::state
