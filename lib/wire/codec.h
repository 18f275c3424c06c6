// Records to and from Cap'n Proto messages. Internal to lib/wire; only here and in *.cc of this
// module is Cap'n Proto included, and its exceptions end in encode() and decode() below.
#pragma once

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/result.h"
#include "wire/bxl.capnp.h"
#include "wire/path_map.h"
#include "wire/records.h"
#include "wire/stream.h"

namespace bxl::wire {

// A record whose bytes are intact and whose meaning is not. Thrown by the functions below only.
struct BadRecord {
  std::string what;
};

inline capnp::Data::Reader blob(std::string_view bytes) {
  return kj::arrayPtr(reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size());
}
inline std::string_view view(capnp::Data::Reader bytes) {
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}
inline std::string str(capnp::Data::Reader bytes) { return std::string(view(bytes)); }
// The zero digest ("none") is empty on the wire.
inline capnp::Data::Reader digest_data(const Digest& digest) {
  return digest.is_zero() ? capnp::Data::Reader() : blob(digest.view());
}
inline Digest digest(capnp::Data::Reader bytes) {
  if (bytes.size() == 0) return {};
  auto digest = Digest::from_bytes(view(bytes));
  if (!digest) throw BadRecord{"a digest is not 16 bytes long"};
  return *digest;
}
// Cap'n Proto hands on any 16-bit number as an enum; `last` is the highest one this build knows.
template <typename To, typename From>
To checked_enum(From value, To last, const char* what) {
  if (static_cast<unsigned>(value) > static_cast<unsigned>(last))
    throw BadRecord{std::string("unknown ") + what + " " +
                    std::to_string(static_cast<unsigned>(value))};
  return static_cast<To>(value);
}

using Words = kj::Array<capnp::word>;
inline std::string_view bytes_of(const Words& words) {
  return {reinterpret_cast<const char*>(words.begin()), words.size() * sizeof(capnp::word)};
}

// Builds one message by `fill(Schema::Builder)`. Errors: EOVERFLOW when a field exceeds Cap'n
// Proto's limits.
template <typename Schema, typename Fill>
Result<Words> encode(Fill fill) {
  try {
    capnp::MallocMessageBuilder message;
    fill(message.initRoot<Schema>());
    return capnp::messageToFlatArray(message);
  } catch (const BadRecord& bad) {
    return make_error(ENAMETOOLONG, "cannot write record: " + bad.what);
  } catch (const kj::Exception& e) {
    return make_error(EOVERFLOW, std::string("cannot write record: ") + e.getDescription().cStr());
  }
}

// Runs `read`, which may meet damage. Errors: EBADMSG.
template <typename Read>
auto decode_guarded(Read read) -> Result<decltype(read())> {
  try {
    if constexpr (std::is_void_v<decltype(read())>) {
      read();
      return {};
    } else {
      return read();
    }
  } catch (const BadRecord& bad) {
    return make_error(EBADMSG, "stream damaged: " + bad.what);
  } catch (const kj::Exception& e) {
    return make_error(EBADMSG, std::string("stream damaged: ") + e.getDescription().cStr());
  }
}

inline kj::ArrayPtr<const capnp::word> words_of(std::string_view body) {
  return kj::arrayPtr(reinterpret_cast<const capnp::word*>(body.data()),
                      body.size() / sizeof(capnp::word));
}
// An honest message is read once from end to end. Twice its size lets pointers that share targets
// multiply the work by two at most, where Cap'n Proto's own limit (64 MiB) would refuse large
// graphs.
inline capnp::ReaderOptions one_pass(std::string_view body) {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 2 * (body.size() / sizeof(capnp::word)) + 64;
  return options;
}

// Decodes a frame body by `read(Schema::Reader)`. Errors: EBADMSG.
template <typename Schema, typename Read>
auto decode(std::string_view body, Read read) {
  return decode_guarded([&] {
    capnp::FlatArrayMessageReader message(words_of(body), one_pass(body));
    return read(message.getRoot<Schema>());
  });
}

// --- parts shared by several records (codec_common.cc) -------------------------------------------
void put(schema::Header::Builder to, const Header& from);
Header get(schema::Header::Reader from);
void put(schema::Paths::Builder to, const PathsOut& from);  // the pending definitions
void define(PathsIn& paths, schema::Paths::Reader from);
void put(schema::Identity::Builder to, const FileIdentity& from);
FileIdentity get(schema::Identity::Reader from);
void put(schema::Entry::Builder to, const Entry& from,
         const std::function<std::uint32_t(PathId)>& id_of);
Entry get(schema::Entry::Reader from, const std::function<PathId(std::uint32_t)>& path_of);
inline void put(schema::Entry::Builder to, const Entry& from, PathsOut& paths) {
  put(to, from, [&](PathId path) { return paths.id(path); });
}
inline Entry get(schema::Entry::Reader from, const PathsIn& paths) {
  return get(from, [&](std::uint32_t id) { return paths.at(id); });
}

// --- graph (codec_graph.cc) ----------------------------------------------------------------------
void put(schema::Graph::Builder to, const GraphRecord& from,
         PathsOut& paths);  // all but the path table
Pip get(schema::Pip::Reader from, const PathsIn& paths, std::uint32_t pip_count);
// All but pips and path table.
GraphRecord get_frame(schema::Graph::Reader from, const PathsIn& paths, std::uint32_t pip_count);

// --- records of streams (codec_records.cc) -------------------------------------------------------
void put(schema::PlanHeader::Builder to, const PlanHeader& from, PathsOut& paths);
void put(schema::PlanPip::Builder to, const PlanPip& from, PathsOut& paths);
void put(schema::Basis::Builder to, const Basis& from, PathsOut& paths);
void put(schema::Scrub::Builder to, const Scrub& from, PathsOut& paths);
void put(schema::PipResult::Builder to, const PipResult& from, PathsOut& paths);
void put(schema::Stats::Builder to, const Stats& from, PathsOut& paths);
void put(schema::StateHeader::Builder to, const StateHeader& from, PathsOut& paths);
void put(schema::StateRow::Builder to, const StateRow& from, PathsOut& paths);
void put(schema::PathSetBlob::Builder to, const PathSetBlob& from, PathsOut& paths);
PlanHeader get(schema::PlanHeader::Reader from, const PathsIn& paths);
PlanPip get(schema::PlanPip::Reader from, const PathsIn& paths);
Basis get(schema::Basis::Reader from, const PathsIn& paths);
Scrub get(schema::Scrub::Reader from, const PathsIn& paths);
PipResult get(schema::PipResult::Reader from, const PathsIn& paths);
Stats get(schema::Stats::Reader from, const PathsIn& paths);
StateHeader get(schema::StateHeader::Reader from, const PathsIn& paths);
StateRow get(schema::StateRow::Reader from, const PathsIn& paths);
PathSetBlob get(schema::PathSetBlob::Reader from, const PathsIn& paths);

}  // namespace bxl::wire
