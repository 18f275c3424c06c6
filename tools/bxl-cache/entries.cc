#include "entries.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/path_table.h"
#include "fingerprint/evidence.h"
#include "wire/stream.h"

namespace bxl::cache_tool {
namespace {

constexpr std::size_t kFewestDigits = 6;

bool is_hex(std::string_view text) {
  return text.size() >= kFewestDigits && text.size() <= 32 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// The lines of graph::Mounts::text(): "token flags path".
graph::Mounts parse_mounts(std::string_view text) {
  std::vector<wire::Mount> mounts;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t first = line.find(' ');
    const std::size_t second = first == line.npos ? line.npos : line.find(' ', first + 1);
    if (second == line.npos) continue;
    wire::Mount mount;
    mount.token = line.substr(0, first);
    std::from_chars(line.data() + first + 1, line.data() + second, mount.flags);
    mount.path = line.substr(second + 1);
    if (mount.path.starts_with('/')) mounts.push_back(std::move(mount));
  }
  return graph::Mounts(std::move(mounts));
}

Result<report::Facts> read_facts(cache::MetadataStore& store, cas::BlobStore& blobs,
                                 const cache::Listed& listed, const Digest& evidence,
                                 graph::Mounts* mounts) {
  if (evidence.is_zero()) return make_error(0, "the entry names no evidence");
  BXL_TRY_ASSIGN(auto bytes, blobs.read(evidence));
  if (!bytes) return make_error(0, "its evidence is no longer in the store");
  BXL_TRY_ASSIGN(auto decoded, fingerprint::decode_evidence(*bytes));
  for (const auto& [name, value] : decoded.fields)
    if (name == "mounts") *mounts = parse_mounts(value);
  BXL_TRY_ASSIGN(auto path_set, store.path_set(listed.selector.path_set));
  return report::decode_facts(*bytes, path_set.value_or(std::string()), *mounts);
}

}  // namespace

bool matches(const cache::Listed& entry, const std::string& name) {
  const std::string& id = entry.stable_id;
  if (id == name) return true;
  if (id.size() > name.size() && id.ends_with(name) && id[id.size() - name.size() - 1] == '/')
    return true;
  if (name.find_first_of("*?[") != name.npos) return ::fnmatch(name.c_str(), id.c_str(), 0) == 0;
  return is_hex(name) &&
         (entry.weak.hex().starts_with(name) || entry.selector.strong.hex().starts_with(name));
}

Result<std::vector<cache::Listed>> find_entries(cache::MetadataStore& store,
                                                const std::vector<std::string>& names) {
  BXL_TRY_ASSIGN(auto listed, store.list(std::numeric_limits<std::int64_t>::max()));
  if (!names.empty())
    std::erase_if(listed, [&](const cache::Listed& entry) {
      return std::none_of(names.begin(), names.end(),
                          [&](const std::string& name) { return matches(entry, name); });
    });
  return listed;
}

Result<Whole> read_whole(cache::MetadataStore& store, cas::BlobStore& blobs,
                         const cache::Listed& listed) {
  Whole whole;
  whole.listed = listed;
  BXL_TRY_ASSIGN(auto bytes, store.entry(listed.weak, listed.selector));
  if (!bytes) return make_error(EBADMSG, listed.stable_id + ": the entry is gone or damaged");
  PathTable paths;  // what the entry names are tokens, not places
  auto decoded = wire::decode_entry(*bytes, [&](std::string_view token) -> Result<PathId> {
    return paths.intern("/" + std::string(token));
  });
  if (!decoded) return std::move(decoded.error()).in(listed.stable_id);
  whole.entry = std::move(*decoded);
  for (const wire::Output& output : whole.entry.outputs) {
    std::string path = paths.str(output.path);
    whole.outputs.push_back({output, path.starts_with("/%") ? path.substr(1) : path});
  }
  auto facts = read_facts(store, blobs, listed, whole.entry.evidence, &whole.mounts);
  if (facts)
    whole.facts = std::move(*facts);
  else
    whole.no_facts = facts.error().to_string();
  return whole;
}

}  // namespace bxl::cache_tool
