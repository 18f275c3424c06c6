// One cache entry on its own: a single frame whose paths are text.
#include <unordered_map>

#include "wire/codec.h"
#include "wire/frame.h"
#include "wire/stream.h"

namespace bxl::wire {

std::string encode_entry(const Entry& entry, const PathTable& paths,
                         const std::function<std::string(PathId)>& tokenise) {
  std::vector<std::string> texts;
  std::unordered_map<PathId, std::uint32_t> known;
  auto id_of = [&](PathId path) {
    BXL_ASSERT(index(path) < paths.size());
    auto [at, added] = known.emplace(path, static_cast<std::uint32_t>(texts.size()));
    if (added) texts.push_back(tokenise(path));
    return at->second;
  };
  auto words = encode<schema::EntryBlob>([&](schema::EntryBlob::Builder to) {
    put(to.initEntry(), entry, id_of);
    auto list = to.initPaths(static_cast<unsigned>(texts.size()));
    for (unsigned i = 0; i < list.size(); ++i) list.set(i, blob(texts[i]));
  });
  // The limits are 512 MiB per string and 1 GiB together; an entry has paths and link targets only.
  BXL_ASSERT(words.has_value());
  std::string out;
  auto sink = string_sink(&out);
  auto written = write_frame(*sink, FrameKind::EntryBlob, bytes_of(*words));
  BXL_ASSERT(written.has_value());
  return out;
}

Result<Entry> decode_entry(std::string_view bytes,
                           const std::function<Result<PathId>(std::string_view)>& expand) {
  auto source = memory_source(bytes);
  FrameReader frames(*source, FrameKind::EntryBlob);
  BXL_TRY_ASSIGN(Frame frame, frames.next());
  BXL_TRY(frames.expect_end());
  std::optional<Error> refused;
  auto entry = decode<schema::EntryBlob>(frame.body, [&](schema::EntryBlob::Reader from) {
    std::vector<PathId> ids;
    for (auto text : from.getPaths()) {
      auto id = expand(view(text));
      if (!id) {
        refused = std::move(id.error());
        return Entry();
      }
      ids.push_back(*id);
    }
    return get(from.getEntry(), [&](std::uint32_t id) {
      if (id >= ids.size()) throw BadRecord{"a path id is out of range"};
      return ids[id];
    });
  });
  if (refused) return std::move(*refused);
  return entry;
}

}  // namespace bxl::wire
