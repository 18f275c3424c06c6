// Each entry follows what it needs, so that the beginning of a torn file is of use.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "base/byte_io.h"
#include "base/path_table.h"
#include "cache/export_file.h"
#include "cache/inspection.h"
#include "cache/machine_salt.h"
#include "cache/metadata_store.h"
#include "cache/transfer.h"
#include "cas/blob_store.h"
#include "cas/lease.h"
#include "os/file.h"
#include "os/named_output.h"

namespace bxl::cache {
namespace {

struct Known {
  std::unordered_set<Digest> entries, blobs, path_sets;  // entries by key()

  Result<void> add(const std::string& file) {
    BXL_TRY_ASSIGN(auto reader, ExportReader::open(file));
    for (;;) {
      BXL_TRY_ASSIGN(auto record, reader.next());
      if (!record) return {};
      if (record->kind == ExportKind::Blob)
        blobs.insert(*Digest::from_bytes(record->payload));
      else if (record->kind == ExportKind::PathSet)
        path_sets.insert(Digest::of(record->payload));
      else if (record->kind == ExportKind::Entry)
        if (auto entry = ExportEntry::decode(record->payload)) entries.insert(entry->key());
    }
  }
};

class Exporter {
 public:
  Exporter(cas::BlobStore& store, MetadataStore& metadata, ExportWriter& writer, int scratch,
           const ExportRequest& request)
      : store_(store), metadata_(metadata), writer_(writer), scratch_(scratch), request_(request) {}

  Result<Exported> run(Inspection& rows) {
    for (const std::string& file : request_.since) BXL_TRY(known_.add(file));
    std::vector<EntryRow> all;
    BXL_TRY(rows.entries([&](const EntryRow& row) -> Result<void> {
      if (!row.intact)
        ++done_.left_out;
      else
        all.push_back(row);
      return {};
    }));
    // Markers say where to look; of the others the ones used last first.
    std::stable_sort(all.begin(), all.end(), [](const EntryRow& a, const EntryRow& b) {
      const bool marks_a = a.selector.strong == kAugmentingMarker,
                 marks_b = b.selector.strong == kAugmentingMarker;
      return marks_a != marks_b ? marks_a : a.used_unix_s > b.used_unix_s;
    });
    BXL_TRY(writer_.write(ExportKind::Salt, machine_salt()));
    for (const EntryRow& row : all) BXL_TRY(one(row));
    BXL_TRY(writer_.write(ExportKind::End, {}));
    done_.bytes = writer_.bytes();
    return done_;
  }

 private:
  Result<void> one(const EntryRow& row) {
    const bool marker = row.selector.strong == kAugmentingMarker;
    const ExportEntry entry{row.weak, row.selector.path_set, row.selector.strong, row.stable_id,
                            row.entry_bytes};
    if (known_.entries.count(entry.key()) != 0) {
      if (!marker) ++done_.already;
      return {};
    }
    ExportNeeds needs;
    if (!marker) {
      auto found = needs_of(row.entry_bytes);
      if (!found) return leave_out(marker);
      needs = std::move(*found);
    }
    std::uint64_t bytes = row.entry_bytes.size();
    for (const auto& [digest, size] : needs.content)
      if (known_.blobs.count(digest) == 0) bytes += size;
    if (request_.at_most_bytes && writer_.bytes() + bytes > *request_.at_most_bytes) {
      if (!marker) ++done_.over;
      return {};
    }
    for (const auto& [digest, size] : needs.content)
      if (known_.blobs.count(digest) == 0 && !store_.rely_on(digest, size))
        return leave_out(marker);
    BXL_TRY_ASSIGN(auto path_set, metadata_.path_set(row.selector.path_set));
    if (!path_set) return leave_out(marker);
    for (const auto& [digest, size] : needs.content) {
      BXL_TRY_ASSIGN(const bool there, blob(digest));
      if (!there) return leave_out(marker);
    }
    if (!needs.evidence.is_zero()) BXL_TRY(blob(needs.evidence));
    if (known_.path_sets.insert(row.selector.path_set).second)
      BXL_TRY(writer_.write(ExportKind::PathSet, *path_set));
    BXL_TRY(writer_.write(ExportKind::Entry, entry.encode()));
    if (!marker) ++done_.entries;
    return {};
  }

  Result<void> leave_out(bool marker) {
    if (!marker) ++done_.left_out;
    return {};
  }

  // False: it is lost. Copied out first, which verifies it: what is in the file cannot be taken
  // back.
  Result<bool> blob(const Digest& digest) {
    if (known_.blobs.count(digest) != 0) return true;
    if (::ftruncate(scratch_, 0) != 0 || ::lseek(scratch_, 0, SEEK_SET) < 0)
      return errno_error("empty a temporary file");
    BXL_TRY_ASSIGN(const bool there, store_.copy_out(digest, scratch_));
    if (!there) return false;
    BXL_TRY_ASSIGN(const auto copy, fstat_identity(scratch_));
    BXL_TRY(writer_.write_blob(digest, scratch_, copy.size));
    known_.blobs.insert(digest);
    ++done_.blobs;
    return true;
  }

  cas::BlobStore& store_;
  MetadataStore& metadata_;
  ExportWriter& writer_;
  int scratch_;
  const ExportRequest& request_;
  Known known_;
  Exported done_;
};

}  // namespace

Result<Exported> export_cache(const std::string& directory, const ExportRequest& request) {
  BXL_TRY_ASSIGN(auto format, stat_identity(directory + "/FORMAT"));
  if (!format.exists()) return make_error(ENOENT, "there is no cache in " + directory);
  BXL_TRY_ASSIGN(auto store, cas::BlobStore::open(directory));
  auto lease = cas::Lease::take(directory, "bxl-cache export");  // readable caches have none
  BXL_TRY_ASSIGN(auto metadata, MetadataStore::open(directory));
  BXL_TRY_ASSIGN(auto rows, Inspection::open(directory));
  BXL_TRY_ASSIGN(auto file, NamedOutput::open(request.file));
  // Where the export goes there is room for it; a pipe has no place.
  const std::string beside(file.replaces() ? std::string(parent_path(request.file))
                                           : std::filesystem::temp_directory_path().string());
  BXL_TRY_ASSIGN(auto scratch, unnamed_file(beside.empty() ? "." : beside));
  BXL_TRY_ASSIGN(auto writer, ExportWriter::create(file.fd()));
  BXL_TRY_ASSIGN(auto done, Exporter(store, *metadata, writer, scratch.get(), request).run(*rows));
  BXL_TRY(file.commit(Durable::Yes));
  return done;
}

}  // namespace bxl::cache
