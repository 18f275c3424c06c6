// Finding entries by what people call them, and reading one whole.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cache/metadata_store.h"
#include "cas/blob_store.h"
#include "graph/mounts.h"
#include "report/facts.h"
#include "wire/records.h"

namespace bxl::cache_tool {

// `name` is a stable id ("%build%/a.o"), its end after a slash ("a.o"), a shell pattern over the
// whole of it ("*.o"), or the first 6 and more digits of a weak or strong fingerprint.
bool matches(const cache::Listed& entry, const std::string& name);

// Entries that match one of `names` (none: all), last used first.
Result<std::vector<cache::Listed>> find_entries(cache::MetadataStore& store,
                                                const std::vector<std::string>& names);

struct OutputText {
  wire::Output output;
  std::string path;  // with its mount token
};

struct Whole {
  cache::Listed listed;
  wire::Entry entry;
  std::vector<OutputText> outputs;
  // From the evidence; empty when that is gone, which only costs explanations.
  graph::Mounts mounts;
  std::optional<report::Facts> facts;
  std::string no_facts;  // why
};

// Errors: EBADMSG for an entry that is gone or damaged.
Result<Whole> read_whole(cache::MetadataStore& store, cas::BlobStore& blobs,
                         const cache::Listed& listed);

}  // namespace bxl::cache_tool
