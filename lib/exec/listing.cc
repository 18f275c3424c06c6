// Listings against View.
#include "exec/listing.h"

#include <algorithm>
#include <iterator>

namespace bxl::exec {

bool shows_listing(fingerprint::View& view, PipId pip, const Listing& listing,
                   std::vector<std::string>* extra) {
  std::vector<std::string> differ;
  auto visible = view.members(pip, listing.directory);
  if (!visible || !*visible) {
    differ.emplace_back(".");
  } else {
    std::vector<std::string> now;
    for (const std::string& name : **visible)
      if (!std::binary_search(listing.own.begin(), listing.own.end(), name)) now.push_back(name);
    std::set_symmetric_difference(listing.names.begin(), listing.names.end(), now.begin(),
                                  now.end(), std::back_inserter(differ));
    std::erase_if(differ, [&](const std::string& name) {
      return view.at(pip, view.paths().child(listing.directory, name)).hidden;
    });
  }
  const bool same = differ.empty();
  if (extra) *extra = std::move(differ);
  return same;
}

}  // namespace bxl::exec
