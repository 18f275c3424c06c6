// Blobs first, so that an entry whose content turned out damaged goes in the same audit.
#include "cache/audit.h"

#include <limits>
#include <random>
#include <unordered_set>

#include "base/path_table.h"
#include "cache/inspection.h"
#include "cache/metadata_store.h"
#include "cas/sweep.h"
#include "wire/stream.h"

namespace bxl::cache {
namespace {

constexpr std::int64_t kNeverOld = std::numeric_limits<std::int64_t>::min();

class Auditor {
 public:
  Auditor(cas::BlobStore& store, const AuditRequest& request)
      : store_(store), request_(request), random_(std::random_device()()) {}

  Result<Audit> run() {
    if (request_.check_rows) BXL_TRY(check_database());
    BXL_TRY(check_blobs());
    if (unreadable_) return std::move(audit_);
    BXL_TRY_ASSIGN(rows_, Inspection::open(store_.root()));
    BXL_TRY(rows_->entries([this](const EntryRow& row) { return check_entry(row); }));
    if (request_.check_rows)
      BXL_TRY(rows_->path_sets([this](const PathSetRow& row) { return check_path_set(row); }));
    for (const Digest& blob : blobs_)
      if (named_.count(blob) == 0) ++audit_.orphan_blobs;
    if (request_.recount)
      for (std::size_t slice = 0; slice < cas::kSlices; ++slice)
        BXL_TRY(cas::sweep_slice(store_, slice, kNeverOld, [](const Digest&) { return true; }));
    return std::move(audit_);
  }

 private:
  void note(Problem::Kind kind, std::string subject, std::string text) {
    audit_.problems.push_back({kind, std::move(subject), std::move(text)});
  }

  // Opening sets a database aside whose head is damaged; pages further in are looked at here.
  Result<void> check_database() {
    BXL_TRY_ASSIGN(auto store, MetadataStore::open(store_.root()));
    if (store->set_aside().empty()) {
      BXL_TRY_ASSIGN(auto rows, Inspection::open(store_.root()));
      BXL_TRY_ASSIGN(const std::string damage, rows->damage());
      if (damage.empty()) return {};
      note(Problem::Kind::DamagedDatabase, store_.root() + "/metadata.sqlite", damage);
      unreadable_ = !request_.repair;
      if (unreadable_) return {};
      rows.reset();
      BXL_TRY(store->set_damaged_aside());
    } else {
      note(Problem::Kind::DamagedDatabase, store_.root() + "/metadata.sqlite",
           "it was set aside, and a new one was made");
    }
    audit_.set_aside = store->set_aside();
    return {};
  }

  Result<void> check_blobs() {
    std::uniform_real_distribution<double> percent(0, 100);
    const auto keep = request_.repair ? cas::BlobStore::Keep::No : cas::BlobStore::Keep::Yes;
    for (std::size_t slice = 0; slice < cas::kSlices; ++slice) {
      std::vector<std::string> foreign;
      BXL_TRY_ASSIGN(auto blobs, store_.blobs_of_slice(slice, &foreign));
      for (const std::string& file : foreign)
        note(Problem::Kind::ForeignFile, file, "it is no blob; nothing reads it");
      for (const Digest& blob : blobs) {
        ++audit_.blobs;
        blobs_.insert(blob);
        if (request_.hash_percent <= 0 ||
            (request_.hash_percent < 100 && percent(random_) >= request_.hash_percent))
          continue;
        const auto stat = cas::stat_blob(store_, blob);
        BXL_TRY_ASSIGN(auto content, store_.verify(blob, keep));
        ++audit_.hashed_blobs;
        if (stat) audit_.hashed_bytes += stat->bytes;
        if (content != cas::BlobStore::Content::Damaged) continue;
        damaged_.insert(blob);
        note(Problem::Kind::DamagedBlob, blob.hex(),
             request_.repair ? "its bytes are not those it is named after; it is in quarantine now"
                             : "its bytes are not those it is named after");
      }
    }
    return {};
  }

  bool is_there(const Digest& blob, std::uint64_t size) const {
    return store_.contains(blob, size) && (request_.repair || damaged_.count(blob) == 0);
  }

  // Empty: everything the entry needs to be replayed is there.
  std::string what_lacks(const wire::Entry& entry) const {
    for (const wire::Output& output : entry.outputs)
      if (output.kind == wire::OutputKind::File && !is_there(output.digest, output.size))
        return "its content " + output.digest.hex() + " is not in the store";
    if (!entry.console.is_zero() && !is_there(entry.console, entry.console_bytes))
      return "what it printed, " + entry.console.hex() + ", is not in the store";
    return {};
  }

  Result<void> reject(const EntryRow& row, Problem::Kind kind, std::string text) {
    BXL_TRY_ASSIGN(const bool still_there, rows_->has_entry(row));
    if (!still_there) return {};
    note(kind, row.stable_id, std::move(text));
    if (request_.repair) BXL_TRY(rows_->remove_entry(row));
    return {};
  }

  Result<void> check_entry(const EntryRow& row) {
    const bool marker = row.intact && row.selector.strong == kAugmentingMarker;
    ++(marker ? audit_.markers : audit_.entries);
    if (!row.intact)
      return reject(row, Problem::Kind::DamagedRow, "the checksum of its row does not hold");
    for (const Digest& blob : row.blobs) named_.insert(blob);
    BXL_TRY_ASSIGN(const bool reachable, rows_->has_path_set(row.selector.path_set));
    if (!reachable)
      return reject(row, Problem::Kind::MissingPathSet,
                    "its path set " + row.selector.path_set.hex() + " is not in the database");
    if (marker) return {};
    PathTable paths;  // names and numbers only: no mount is known here
    auto entry = wire::decode_entry(row.entry_bytes, [&](std::string_view token) -> Result<PathId> {
      return paths.intern("/" + std::string(token));
    });
    if (!entry)
      return reject(row, Problem::Kind::Undecodable,
                    "it cannot be decoded: " + entry.error().to_string());
    if (what_lacks(*entry).empty()) return {};
    // Collections remove entries before their content, builds store content before its entry. Only
    // what is missing while the entry is there is missing: between two looks at it.
    BXL_TRY_ASSIGN(const bool still_there, rows_->has_entry(row));
    std::string lacks = still_there ? what_lacks(*entry) : std::string();
    if (lacks.empty()) return {};
    return reject(row, Problem::Kind::MissingContent, std::move(lacks));
  }

  Result<void> check_path_set(const PathSetRow& row) {
    ++audit_.path_sets;
    if (row.intact && Digest::of(row.bytes) == row.digest) return {};
    note(Problem::Kind::DamagedRow, row.digest.hex(), "a path set that is not what it was");
    if (request_.repair) BXL_TRY(rows_->remove_path_set(row.id));
    return {};
  }

  cas::BlobStore& store_;
  const AuditRequest& request_;
  std::mt19937_64 random_;
  std::unique_ptr<Inspection> rows_;
  std::unordered_set<Digest> blobs_, damaged_, named_;
  bool unreadable_ = false;  // the database is damaged, and stays
  Audit audit_;
};

}  // namespace

const char* name(Problem::Kind kind) {
  switch (kind) {
    case Problem::Kind::DamagedDatabase:
      return "damagedDatabase";
    case Problem::Kind::DamagedRow:
      return "damagedRow";
    case Problem::Kind::DamagedBlob:
      return "damagedBlob";
    case Problem::Kind::MissingContent:
      return "missingContent";
    case Problem::Kind::MissingPathSet:
      return "missingPathSet";
    case Problem::Kind::Undecodable:
      return "undecodable";
    case Problem::Kind::ForeignFile:
      return "foreignFile";
  }
  return "";
}

Result<Audit> audit(const std::string& directory, const AuditRequest& request) {
  BXL_TRY_ASSIGN(auto format, stat_identity(directory + "/FORMAT"));
  if (!format.exists()) return make_error(ENOENT, "there is no cache in " + directory);
  BXL_TRY_ASSIGN(auto store, cas::BlobStore::open(directory));
  // Makes the database where there is none yet.
  BXL_TRY(MetadataStore::open(directory));
  return Auditor(store, request).run();
}

}  // namespace bxl::cache
