// The records that cross pipes, as plain values. Encoding: wire/bxl.capnp; framing: wire/FORMAT.md.
//
// Paths are PathIds of the process's own PathTable; writers and readers translate them to the
// stream's own interned table (wire/stream.h). PipIds are positions in the graph that the stream's
// header names by digest.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/boxed.h"
#include "base/digest.h"
#include "base/ids.h"
#include "os/file.h"

namespace bxl::wire {

enum class StreamKind : std::uint32_t { Graph = 1, Plan = 2, Results = 3, State = 4 };
const char* name(StreamKind kind);

inline constexpr std::uint16_t kSchemaMajor = 1;  // another major is refused by name
inline constexpr std::uint16_t kSchemaMinor = 8;  // newer minors: unknown fields are ignored

// --- mounts: token, real path, flags; the longest prefix wins ------------------------------------
enum MountFlags : std::uint32_t {
  kMountReadable = 1,
  kMountHashable = 2,
  kMountOutput = 4,  // undeclared outputs may be written here (shared opaque)
  kMountSystem = 8,  // a successful stat is a probe, not a content read
};
struct Mount {
  std::string token;  // "%build%"; printed and hashed in place of `path`
  std::string path;   // absolute real path
  std::uint32_t flags = 0;
  bool operator==(const Mount&) const = default;
};

struct Header {
  StreamKind kind = StreamKind::Graph;
  std::uint16_t major = kSchemaMajor, minor = kSchemaMinor;
  std::string tool_version;  // of the writer
  std::string workspace;     // absolute real path of the workspace root
  std::vector<Mount> mounts;
  Digest graph;  // digest of the graph body this stream refers to; zero in a graph stream
  bool operator==(const Header&) const = default;
};

// The last record. A stream without a good one is "upstream incomplete".
struct End {
  int exit_code = 0;          // what the writer is about to exit with
  std::string message;        // one sentence when exit_code != 0
  std::uint64_t records = 0;  // filled in by the writer: records between header and end
  bool operator==(const End&) const = default;
};

// --- graph ---------------------------------------------------------------------------------------
enum class PipKind : std::uint8_t { Process = 0, Alias = 1, WriteFile = 2, CopyFile = 3 };

enum PipFlags : std::uint32_t {
  kPipGenerator = 1,  // brings the manifest up to date; run by bxl-graph, never by bxl-exec
  kPipRestat = 2,
  kPipConsole = 4,         // console pool: never clean, never published
  kPipAlwaysDirty = 8,     // has an always-dirty input: never clean, never published
  kPipDepsGcc = 16,        // the depfile is absorbed and removed after success
  kPipUncacheable = 32,    // its declaration says: never clean, never published
  kPipDeclaredReads = 64,  // may read no source but inputs, order_only and read_scopes
  // Writing once more what another pip with this flag made, with the same content, is no violation.
  kPipSameContent = 128,
  kPipExecutable = 256,      // WriteFile: the file gets its x bit
  kPipJson = 512,            // declared in a JSON graph: messages speak of its fields
  kPipJavaScript = 1024,     // a task of a JavaScript repository: messages speak of packages
  kPipKeepSources = 2048,    // rewriting a file that was there before is a violation
  kPipDenyWrites = 4096,     // writing where it may not fails, besides being a violation
  kPipDenyNetwork = 8192,    // network sockets fail, and are violations
  kPipTrustNetwork = 16384,  // talking to others does not keep its result out of the cache
  // With kPipDeclaredReads: its declaration restricts where undeclared reads are allowed.
  kPipRestrictedReads = 32768,
  // Run by a tool that lists every package to find its own: names that pips in no order with it
  // make are members of no listing (rule 15).
  kPipToolLists = 65536,
  kPipStderrFails = 131072,  // whoever writes a byte to standard error fails
  // What its user typed to have it done now: it runs as under ninja, each time, and no violation
  // stops it (exec/action.h). Of Ninja graphs: edges of the console pool, those with an
  // always-dirty input, and what its generator knows for a name that nobody makes.
  kPipAction = 262144,
};

// A directory below which everything a pip writes is its output. Exclusive: no other pip declares
// anything there.
struct DirectoryOutput {
  PathId path = kRootPath;
  bool exclusive = false;
  bool operator==(const DirectoryOutput&) const = default;
};

// Sources below (recursive) or directly in a directory.
struct ReadScope {
  PathId path = kRootPath;
  bool recursive = true;
  bool operator==(const ReadScope&) const = default;
};

// A program that breaks away when its arguments, joined with spaces, hold such a text.
struct BreakawayCall {
  std::string program, arguments;
  bool ignore_case = false;
  bool operator==(const BreakawayCall&) const = default;
};

inline constexpr std::uint32_t kSurvivorGraceMs = 2000;  // as the schema has it

// What only some front ends say of a pip.
struct PipOptions {
  std::vector<std::string> argv;  // run as it stands; empty: /bin/sh -c command
  std::vector<std::pair<std::string, std::string>>
      environment;  // over GraphRecord::environment, sorted by name
  std::vector<DirectoryOutput> directory_outputs;
  std::vector<ReadScope> read_scopes;  // counts with kPipDeclaredReads
  std::vector<PathId> untracked;       // accesses there, and below, are not looked at
  PathId stdin_file = kNoPath;         // one of its inputs
  std::string stdin_text;              // counts without stdin_file; empty: /dev/null
  PathId stdout_file = kNoPath, stderr_file = kNoPath;  // outputs; may be the same
  std::string content;                                  // WriteFile: of its one output
  std::uint64_t timeout_ms = 0;                         // 0: the build's
  std::uint32_t weight = 1;                             // job slots
  std::uint32_t retries = 0;  // runs after the first, while it exits with a retry_exit_code
  std::vector<std::uint32_t> retry_exit_codes;
  std::vector<std::uint32_t> success_exit_codes;  // empty: 0
  std::vector<std::string> tags;
  std::string module;
  std::vector<std::string> surviving, breakaway;  // names of programs: sandbox::Policy
  std::vector<PathId> temporary_directories;      // what it leaves there is nobody's, and removed
  std::vector<std::uint32_t> uncacheable_exit_codes;  // of success, but never published, nor clean
  std::string retry_attempt_variable;      // tells it how often it ran before: "0", "1" …; or empty
  std::vector<PathId> output_exclusions;   // below these the nearest directory output is none
  std::string warning_regex, error_regex;  // which of its lines are shown (base/expression.h)
  std::uint32_t survivor_grace_ms = kSurvivorGraceMs;
  std::vector<BreakawayCall> breakaway_calls;
  bool operator==(const PipOptions&) const = default;
};

// Pips with one of these are never clean and never published.
inline constexpr std::uint32_t kRunsAlways =
    kPipConsole | kPipAlwaysDirty | kPipUncacheable | kPipAction;

struct Pip {
  PipKind kind = PipKind::Process;
  std::uint32_t flags = 0;
  std::string stable_id;  // Ninja: first declared output, relative to the build directory,
                          // canonical; JSON: its id
  std::string command;    // run as /bin/sh -c COMMAND, unless options say otherwise. CopyFile, of a
                        // file: inputs[0] to outputs[0]; of a tree: what lies in read_scopes[0] to
                        // directory_outputs[0]. These and WriteFile: text for people.
  std::string description;
  std::string rule;  // ninja rule name, or the value symbol of a JSON pip ("value" in filters)
  std::string spec;  // file:line of the build statement
  std::string pool;  // pool name, "" = none
  std::uint32_t pool_depth = 0;
  PathId working_directory = kRootPath;
  std::vector<PathId> inputs;      // explicit and implicit inputs, in order
  std::vector<PathId> order_only;  // order-only inputs
  std::vector<PathId>
      outputs;  // declared outputs, explicit then implicit; explicit_outputs of them explicit
  std::uint32_t explicit_outputs = 0;
  std::vector<PathId> optional_outputs;  // depfile (without deps=gcc) and the like
  PathId depfile = kNoPath;
  PathId rspfile = kNoPath;
  std::string rspfile_content;
  std::vector<PipId>
      dependencies;  // direct producers of inputs and order_only, sorted, no duplicates
  // Pips that a request for this one asks for as well, without it needing them (Ninja: "|@").
  // Sorted, no duplicates; they may depend on this pip.
  std::vector<PipId> validations;
  // A file that names further inputs and outputs of this pip (Ninja: dyndep); one of its inputs.
  // What it said when it was last read is in the lists above; GraphRecord::dyndeps tells which
  // content that was.
  PathId dyndep = kNoPath;
  Boxed<PipOptions> options;
  // As above, with the defaults where there are none.
  const PipOptions& more() const {
    static const PipOptions kDefaults;
    return options ? *options : kDefaults;
  }
  bool operator==(const Pip&) const = default;
};

// What the front end read: unchanged means that the stored graph is reused.
struct FrontEndRead {
  PathId path = kRootPath;
  FileIdentity identity;  // kind Absent for a probe that found nothing
  Digest digest;          // of the content for files, zero otherwise
  bool operator==(const FrontEndRead&) const = default;
};

// A file that completes the graph, and what the front end found in it. While its producer's final
// result is not this content, the pips that name it cannot be planned: it has to be built first,
// then the graph is read again.
struct Dyndep {
  PathId path = kRootPath;
  Digest digest;        // of the bytes; zero: the file was absent, nothing of it is in the graph
  std::string problem;  // why those bytes could not be used, one sentence; nothing of them is in
                        // the graph then
  bool operator==(const Dyndep&) const = default;
};

// A whole graph, to be encoded. Aliases are Ninja's phony edges: they have dependencies and no
// command.
struct GraphRecord {
  std::string front_end;  // "ninja", "json"
  std::string options;    // front-end options that shaped the graph
  std::vector<std::pair<std::string, std::string>> environment;  // of every pip, sorted by name
  std::vector<FrontEndRead> reads;
  std::vector<Pip> pips;               // dependencies are PipIds into this vector
  std::vector<PipId> default_targets;  // empty: all roots
  std::vector<Dyndep> dyndeps;         // sorted by path text, each path once
  bool share_checkouts = false;        // results may serve other checkouts, and theirs us
  bool operator==(const GraphRecord&) const = default;
};

// --- outputs -------------------------------------------------------------------------------------
enum class OutputKind : std::uint8_t { File = 0, Symlink = 1, Directory = 2 };

struct Output {
  PathId path = kRootPath;
  OutputKind kind = OutputKind::File;
  bool executable = false;
  std::uint64_t size = 0;   // bytes; 0 unless File
  Digest digest;            // of the bytes (File) or of the target text (Symlink)
  std::string link_target;  // Symlink only
  FileIdentity identity;    // as seen when it was hashed or materialized; kind Absent: not on disk
  bool operator==(const Output&) const = default;
};

// What one execution made, as stored in the cache and replayed.
struct Entry {
  std::vector<Output> outputs;  // sorted by path text; identities empty
  std::vector<PathId> deleted;  // paths it removed that existed before
  Digest console;               // stdout and stderr, interleaved as written; zero when empty
  std::uint64_t console_bytes = 0;
  std::uint64_t wall_ms = 0, cpu_ms = 0, peak_kib = 0;
  Digest evidence;  // blob: what the result rests on, for `bxl why` (fingerprint/evidence.h); zero:
                    // none
  // No output tells where the workspace lay, so that the result may serve other checkouts. Words of
  // the outputs that happen to be components of its path are in `root_names`
  // (fingerprint/portable.h): only checkouts that agree in them are served.
  bool root_free = false;
  std::vector<std::string> root_names;
  bool operator==(const Entry&) const = default;
};

// --- plan ----------------------------------------------------------------------------------------
enum class Action : std::uint8_t { Filtered = 0, Clean = 1, Hit = 2, Miss = 3, Deferred = 4 };
const char* name(Action action);

struct PlanPip {
  PipId pip = kNoPip;
  Action action = Action::Miss;
  bool requested = false;         // its outputs are wanted on disk
  std::string reason;             // Miss, Deferred: one sentence
  Digest weak, strong, path_set;  // Clean, Hit
  Entry entry;  // Clean, Hit: where the outputs come from. Clean: identities are those on disk.
  bool operator==(const PlanPip&) const = default;
};

// One path that clean and hit decisions rest on, as it was.
struct Basis {
  PathId path = kRootPath;
  FileIdentity
      identity;  // kind only for directories that were merely probed (size, times are then zero)
  bool whole = true;  // false: only `identity.kind` counts
  bool operator==(const Basis&) const = default;
};

// A stale output to be removed before the first pip starts, if it still has this identity.
struct Scrub {
  PathId path = kRootPath;
  FileIdentity identity;
  std::string owner;  // stable id of the pip that made it
  bool operator==(const Scrub&) const = default;
};

// What lookups cost: path sets of the cache whose observations were looked at.
struct Visits {
  std::uint64_t path_sets = 0;  // by all lookups
  std::uint64_t most = 0;       // by the lookup that needed the most
  bool operator==(const Visits&) const = default;
};

struct PlanHeader {
  std::uint64_t state_generation = 0;
  std::uint64_t total = 0;  // pips the request reaches (no aliases, no generator edges)
  bool requested_all = true;
  std::string graph_file;     // where the graph can be mapped from
  std::uint64_t waiting = 0;  // requested pips that are not in the plan: a dyndep file they need is
                              // not up to date. Another round of all stages is due afterwards.
  Visits visits;
  bool operator==(const PlanHeader&) const = default;
};

// --- results -------------------------------------------------------------------------------------
enum class Outcome : std::uint8_t {
  Clean = 0,
  Hit = 1,
  Ran = 2,
  Failed = 3,
  Skipped = 4,
  Cancelled = 5,
  Violated = 6
};
const char* name(Outcome outcome);

struct Violation {
  std::string code;          // "DX5009"
  std::string letter;        // P R W DW MD
  std::string role;          // "R" or "W" of the reporting pip, for MD
  std::string pip, related;  // stable ids
  PathId path = kRootPath;   // kNoPath: none
  std::string message;
  bool operator==(const Violation&) const = default;
};

// Under what a publishable result goes into the cache (plan/lookup.h).
struct Filed {
  Digest weak;                // an augmented weak fingerprint; zero: the weak fingerprint itself
  Digest from;                // and the weak fingerprint whose augmenting path set leads there,
  std::string path_set_blob;  // when that is to be published as well; empty: it was found there
  bool operator==(const Filed&) const = default;
};

// Under what a root-free result goes into the cache a second time, for other checkouts.
struct Shared {
  Digest weak, strong, path_set;  // weak zero: it is not shared
  std::string path_set_blob;
  bool operator==(const Shared&) const = default;
};

struct PipResult {
  PipId pip = kNoPip;
  std::uint32_t attempt = 0;  // a later record of the same pip supersedes
  Outcome outcome = Outcome::Ran;
  bool requested = false;
  bool publishable = false;  // Ran: may enter the cache
  std::string why_not;       // Ran and not publishable: first reason, one sentence
  Digest static_hash;        // of the pip's declaration, environment and policies
  Digest weak, strong, path_set;
  std::string path_set_blob;  // encoded path set (fingerprint/path_set.h); empty for Hit and Clean
  Entry entry;                // outputs with identities when on disk
  std::string console;        // text printed by the pip, at most 64 KiB; the rest is in the store
  int exit_status = 0;        // Failed: 0-255, or 128 + signal
  std::vector<Violation> violations;
  std::string reason;  // Ran, Failed, Violated: why no result could be reused, one sentence. Hit:
                       // where the result comes from, when it is another checkout
  std::int64_t started_unix_us = 0,
               ended_unix_us = 0;  // of the job, outputs stored; 0: did not run
  std::uint32_t lane = 0;          // job slot, from 1; 0: did not run
  Filed filed;                     // Ran and publishable
  Shared shared;                   // the same, and the entry is root-free
  std::string not_shared;  // Ran, publishable, asked to be shared: why it is not, one sentence
  bool operator==(const PipResult&) const = default;
};

// Counters that each stage adds to; the last one writes --summary.
struct Stats {
  std::string result = "succeeded";  // or "failed"
  int exit_code = 0;
  std::uint64_t total = 0, clean = 0, hit = 0, ran = 0, failed = 0, skipped = 0, uncacheable = 0;
  std::uint64_t published = 0, bytes_materialized = 0, files_materialized = 0, wall_ms = 0,
                cpu_ms = 0;
  std::int64_t started_unix_ms = 0;
  std::vector<std::string> ran_ids;  // stable ids
  std::uint64_t waiting = 0;         // as in PlanHeader
  Visits visits;                     // of bxl-plan and bxl-exec together
  bool operator==(const Stats&) const = default;
};

// --- workspace state -----------------------------------------------------------------------------

// What the last successful build of one pip rested on and made. Valid only for its static hash.
struct StateRow {
  std::string stable_id;
  Digest static_hash, weak, strong, path_set;
  Entry entry;  // outputs with the identity they had when hashed or materialized (Absent: left in
                // the cache)
  bool operator==(const StateRow&) const = default;
};
struct StateHeader {
  std::uint64_t generation = 0;
  bool operator==(const StateHeader&) const = default;
};
// An encoded path set, stored once and named by rows.
struct PathSetBlob {
  Digest digest;
  std::string bytes;
  bool operator==(const PathSetBlob&) const = default;
};

}  // namespace bxl::wire
