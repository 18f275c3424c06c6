// The body of a graph stream, validated once, then read in place.
#include "wire/graph_body.h"

#include <limits>

namespace bxl::wire {

Result<GraphBody> GraphBody::open(std::string_view body, PathTable& paths) {
  BXL_ASSERT(paths.size() == 1);
  GraphBody graph;
  graph.paths_ = std::make_unique<PathsIn>(paths);
  BXL_TRY(decode<schema::Graph>(body, [&](schema::Graph::Reader from) {
    define(*graph.paths_, from.getPaths());
    // A repeated definition would shift the ids after it.
    if (paths.size() != graph.paths_->size()) throw BadRecord{"a path is defined twice"};
    auto pips = from.getPips();
    for (auto pip : pips) get(pip, *graph.paths_, pips.size());
    get_frame(from, *graph.paths_, pips.size());
  }));
  // The walk above was bounded, so its result is: from here on pips may be read any number of
  // times.
  capnp::ReaderOptions unlimited;
  unlimited.traversalLimitInWords = std::numeric_limits<std::uint64_t>::max();
  graph.message_ = std::make_unique<capnp::FlatArrayMessageReader>(words_of(body), unlimited);
  BXL_TRY(decode_guarded([&] {
    graph.root_ = graph.message_->getRoot<schema::Graph>();
    graph.pips_ = graph.root_.getPips();
  }));
  return graph;
}

Pip GraphBody::pip(PipId id) const {
  BXL_ASSERT(index(id) < pip_count());
  auto pip =
      decode_guarded([&] { return get(pips_[static_cast<unsigned>(id)], *paths_, pip_count()); });
  // open() read the same bytes: only a file changed in place under the mapping gets here.
  BXL_ASSERT(pip.has_value());
  return std::move(*pip);
}

GraphRecord GraphBody::frame() const {
  auto frame = decode_guarded([&] { return get_frame(root_, *paths_, pip_count()); });
  BXL_ASSERT(frame.has_value());
  return std::move(*frame);
}

}  // namespace bxl::wire
