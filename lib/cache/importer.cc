// Reads an export that nobody vouches for: what is not proved by its own bytes is refused.
#include <unistd.h>

#include <unordered_map>

#include "base/text.h"
#include "cache/export_file.h"
#include "cache/machine_salt.h"
#include "cache/metadata_store.h"
#include "cache/transfer.h"
#include "cas/blob_store.h"
#include "cas/lease.h"

namespace bxl::cache {
namespace {

constexpr std::size_t kBatch = 64;  // entries per transaction
constexpr const char* kIsRest = " is missing (was the export that this one continues imported?)";

class Importer {
 public:
  Importer(cas::BlobStore& store, MetadataStore& metadata, int scratch)
      : store_(store), metadata_(metadata), scratch_(scratch) {}

  Result<Imported> run(ExportReader& reader, const std::string& file) {
    BXL_TRY_ASSIGN(auto first, reader.next());
    if (!first || first->kind != ExportKind::Salt)
      return make_error(EBADMSG, file + " is damaged at its beginning");
    if (auto differing = salt_differences(first->payload, machine_salt()); !differing.empty()) {
      std::string names;
      for (const std::string& name : differing) names += (names.empty() ? "" : ", ") + name;
      return make_error(EPROTO, file + " comes from where something else is the case (" + names +
                                    "): its results could be wrong here, or never match");
    }
    for (;;) {
      BXL_TRY_ASSIGN(auto record, reader.next());
      if (!record) break;
      if (record->kind == ExportKind::PathSet) {
        const Digest digest = Digest::of(record->payload);
        path_sets_[digest] = std::move(record->payload);
      } else if (record->kind == ExportKind::Blob) {
        BXL_TRY(blob(reader, *record));
      } else if (record->kind == ExportKind::Entry) {
        BXL_TRY(entry(record->payload));
        if (batch_.size() >= kBatch) BXL_TRY(commit());
      }
    }
    BXL_TRY(commit());
    done_.complete = reader.complete();
    return done_;
  }

 private:
  Result<void> refuse(std::string why) {
    if (done_.refused++ == 0) done_.first_refusal = std::move(why);
    return {};
  }

  // The store names what it keeps by its own bytes: a blob that lies about its name helps nobody.
  Result<void> blob(ExportReader& reader, const ExportRecord& record) {
    const Digest digest = *Digest::from_bytes(record.payload);
    if (store_.rely_on(digest, record.blob_bytes)) return {};
    if (::ftruncate(scratch_, 0) != 0 || ::lseek(scratch_, 0, SEEK_SET) < 0)
      return errno_error("empty a temporary file");
    BXL_TRY(reader.copy_blob(scratch_));
    BXL_TRY_ASSIGN(auto put, store_.put(scratch_));
    if (put.digest != digest)
      return refuse("a blob is not what it is named after (" + digest.hex() + ")");
    if (put.existed) return {};
    ++done_.blobs;
    done_.bytes += put.size;
    return {};
  }

  Result<void> entry(std::string_view payload) {
    auto decoded = ExportEntry::decode(payload);
    if (!decoded) return refuse("an entry is damaged");
    PublishRequest request;
    request.weak = decoded->weak;
    request.path_set = decoded->path_set;
    request.strong = decoded->strong;
    request.stable_id = std::move(decoded->stable_id);
    const std::string name = printable(request.stable_id);
    auto path_set = path_sets_.find(request.path_set);
    if (path_set != path_sets_.end()) {
      request.path_set_bytes = path_set->second;
    } else {  // it was in an earlier export, of which this is the rest
      BXL_TRY_ASSIGN(auto known, metadata_.path_set(request.path_set));
      if (!known) return refuse(name + ": its path set" + kIsRest);
      request.path_set_bytes = std::move(*known);
    }
    if (request.strong == kAugmentingMarker) {
      if (!decoded->entry_bytes.empty()) return refuse(name + ": a marker with content");
      batch_.push_back(std::move(request));
      return {};
    }
    auto needs = needs_of(decoded->entry_bytes);
    if (!needs) return refuse(name + ": " + printable(needs.error().to_string()));
    for (const auto& [digest, size] : needs->content) {
      if (!store_.rely_on(digest, size)) return refuse(name + ": content" + kIsRest);
      request.blobs.push_back(digest);
    }
    if (!needs->evidence.is_zero() && store_.rely_on(needs->evidence))
      request.blobs.push_back(needs->evidence);
    request.entry_bytes = std::move(decoded->entry_bytes);
    batch_.push_back(std::move(request));
    return {};
  }

  // Twice when the database turned out damaged: it was set aside, and the new one takes the batch.
  Result<void> commit() {
    if (batch_.empty()) return {};
    auto done = try_commit();
    if (!done && done.error().errnum == EBADMSG) done = try_commit();
    batch_.clear();
    return done;
  }

  Result<void> try_commit() {
    BXL_TRY(metadata_.begin());
    std::uint64_t published = 0, already = 0;
    std::optional<Error> failed;
    for (const PublishRequest& request : batch_) {
      auto result = metadata_.publish(request);
      if (!result) {
        failed = std::move(result.error());
        break;
      }
      if (request.strong != kAugmentingMarker)
        ++(*result == PublishResult::Published ? published : already);
    }
    auto committed = metadata_.commit();
    if (failed) return std::move(*failed);
    BXL_TRY(std::move(committed));
    done_.entries += published;
    done_.already += already;
    return {};
  }

  cas::BlobStore& store_;
  MetadataStore& metadata_;
  int scratch_;
  std::unordered_map<Digest, std::string> path_sets_;
  std::vector<PublishRequest> batch_;
  Imported done_;
};

}  // namespace

Result<Imported> import_cache(const std::string& directory, const std::string& file) {
  BXL_TRY_ASSIGN(auto reader, ExportReader::open(file));
  BXL_TRY_ASSIGN(auto store, cas::BlobStore::open(directory));
  auto lease = cas::Lease::take(directory, "bxl-cache import");
  BXL_TRY_ASSIGN(auto metadata, MetadataStore::open(directory));
  BXL_TRY_ASSIGN(auto scratch, unnamed_file(directory));
  return Importer(store, *metadata, scratch.get()).run(reader, file);
}

}  // namespace bxl::cache
