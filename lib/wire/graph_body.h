// The body of a graph stream, validated once, then read in place. Internal to lib/wire.
#pragma once

#include <memory>

#include "wire/codec.h"

namespace bxl::wire {

// Thread-safe after open().
class GraphBody {
 public:
  // Walks the whole body, so that later reads cannot meet damage. `body` must be 8-aligned and
  // outlive this; `paths` must be empty and receives the graph's paths under the ids of the body.
  // Errors: EBADMSG.
  static Result<GraphBody> open(std::string_view body, PathTable& paths);
  std::uint32_t pip_count() const { return pips_.size(); }
  Pip pip(PipId id) const;
  GraphRecord frame() const;

 private:
  GraphBody() = default;
  std::unique_ptr<PathsIn> paths_;
  std::unique_ptr<capnp::FlatArrayMessageReader> message_;
  // Taken in open(): Cap'n Proto makes its arena on the first use of a message, which is no thing
  // for two threads.
  schema::Graph::Reader root_;
  capnp::List<schema::Pip>::Reader pips_;
};

}  // namespace bxl::wire
