# The body of every frame. Frames, order and compatibility: FORMAT.md.
#
# Strings are Data because paths, commands and console text are bytes, not UTF-8. A digest is 16 bytes, or empty
# for "none". Path ids index the stream's path table (0 is "/"); noPath means absent. Fields are only ever appended.
@0xd2b1f0c46e0a57c3;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("bxl::wire::schema");

const noPath :UInt32 = 0xffffffff;

# --- every stream -------------------------------------------------------------------------------------------------

# Frozen for all majors: whatever else changes, kind, major and minor can be read and named.
struct Header {
  kind @0 :UInt32;
  major @1 :UInt16;
  minor @2 :UInt16;
  toolVersion @3 :Data;
  workspace @4 :Data;
  mounts @5 :List(Mount);
  graph @6 :Data;
}

struct Mount {
  token @0 :Data;
  path @1 :Data;
  flags @2 :UInt32;
}

struct End {
  exitCode @0 :Int32;
  message @1 :Data;
  records @2 :UInt64;  # frames between header and end that are not path frames
  digest @3 :Data;     # XXH3-128 of the checksums (8 bytes each, little-endian) of all frames before this one
}

# Entries for the next ids, in order. A parent's id is smaller than its child's.
struct Paths {
  parents @0 :List(UInt32);
  names @1 :Data;  # each followed by a zero byte
}

enum FileKind {
  absent @0;
  file @1;
  symlink @2;
  directory @3;
  other @4;
}

struct Identity {
  kind @0 :FileKind;
  executable @1 :Bool;
  mode @2 :UInt32;
  dev @3 :UInt64;
  ino @4 :UInt64;
  size @5 :UInt64;
  mtimeNs @6 :Int64;
  ctimeNs @7 :Int64;
}

enum OutputKind {
  file @0;
  symlink @1;
  directory @2;
}

struct Output {
  path @0 :UInt32;
  kind @1 :OutputKind;
  executable @2 :Bool;
  size @3 :UInt64;
  digest @4 :Data;
  linkTarget @5 :Data;
  identity @6 :Identity;  # null: not on disk
}

struct Entry {
  outputs @0 :List(Output);
  deleted @1 :List(UInt32);
  console @2 :Data;
  consoleBytes @3 :UInt64;
  wallMs @4 :UInt64;
  cpuMs @5 :UInt64;
  peakKib @6 :UInt64;
  evidence @7 :Data;  # minor 1
  rootFree @8 :Bool;  # minor 7, as what follows
  rootNames @9 :List(Data);
}

# --- graph --------------------------------------------------------------------------------------------------------

enum PipKind {
  process @0;
  alias @1;
  writeFile @2;
  copyFile @3;
}

struct Pip {
  kind @0 :PipKind;
  flags @1 :UInt32;
  stableId @2 :Data;
  command @3 :Data;
  description @4 :Data;
  rule @5 :Data;
  spec @6 :Data;
  pool @7 :Data;
  poolDepth @8 :UInt32;
  workingDirectory @9 :UInt32;
  inputs @10 :List(UInt32);
  orderOnly @11 :List(UInt32);
  outputs @12 :List(UInt32);
  explicitOutputs @13 :UInt32;
  optionalOutputs @14 :List(UInt32);
  depfile @15 :UInt32 = 0xffffffff;
  rspfile @16 :UInt32 = 0xffffffff;
  rspfileContent @17 :Data;
  dependencies @18 :List(UInt32);
  validations @19 :List(UInt32);  # minor 2
  dyndep @20 :UInt32 = 0xffffffff;  # minor 3
  options @21 :PipOptions;  # minor 5; null: as if all fields had their defaults
}

struct PipOptions {
  argv @0 :List(Data);
  environment @1 :List(Variable);
  directoryOutputs @2 :List(DirectoryOutput);
  readScopes @3 :List(ReadScope);
  untracked @4 :List(UInt32);
  stdinFile @5 :UInt32 = 0xffffffff;
  stdinText @6 :Data;
  stdoutFile @7 :UInt32 = 0xffffffff;
  stderrFile @8 :UInt32 = 0xffffffff;
  content @9 :Data;
  timeoutMs @10 :UInt64;
  weight @11 :UInt32 = 1;
  retries @12 :UInt32;
  retryExitCodes @13 :List(UInt32);
  successExitCodes @14 :List(UInt32);
  tags @15 :List(Data);
  module @16 :Data;
  survivingProcesses @17 :List(Data);  # minor 6
  breakawayProcesses @18 :List(Data);
  temporaryDirectories @19 :List(UInt32);
  uncacheableExitCodes @20 :List(UInt32);  # minor 8, as what follows
  retryAttemptVariable @21 :Data;
  outputExclusions @22 :List(UInt32);
  warningRegex @23 :Data;
  errorRegex @24 :Data;
  survivorGraceMs @25 :UInt32 = 2000;
  breakawayCalls @26 :List(BreakawayCall);
}

struct BreakawayCall {
  program @0 :Data;
  arguments @1 :Data;
  ignoreCase @2 :Bool;
}

struct DirectoryOutput {
  path @0 :UInt32;
  exclusive @1 :Bool;
}

struct ReadScope {
  path @0 :UInt32;
  recursive @1 :Bool;
}

struct FrontEndRead {
  path @0 :UInt32;
  identity @1 :Identity;
  digest @2 :Data;
}

struct Dyndep {
  path @0 :UInt32;
  digest @1 :Data;  # empty: the file is absent
  problem @2 :Data;
}

struct Variable {
  name @0 :Data;
  value @1 :Data;
}

struct Graph {
  paths @0 :Paths;
  frontEnd @1 :Data;
  options @2 :Data;
  environment @3 :List(Variable);
  reads @4 :List(FrontEndRead);
  pips @5 :List(Pip);
  defaultTargets @6 :List(UInt32);
  dyndeps @7 :List(Dyndep);  # minor 3
  shareCheckouts @8 :Bool;  # minor 7
}

# --- plan ---------------------------------------------------------------------------------------------------------

struct PlanHeader {
  stateGeneration @0 :UInt64;
  total @1 :UInt64;
  requestedAll @2 :Bool;
  graphFile @3 :Data;
  waiting @4 :UInt64;  # minor 3
  pathSetsVisited @5 :UInt64;  # minor 4, as what follows
  mostPathSetsVisited @6 :UInt64;
}

enum Action {
  filtered @0;
  clean @1;
  hit @2;
  miss @3;
  deferred @4;
}

struct PlanPip {
  pip @0 :UInt32;
  action @1 :Action;
  requested @2 :Bool;
  reason @3 :Data;
  weak @4 :Data;
  strong @5 :Data;
  pathSet @6 :Data;
  entry @7 :Entry;
}

struct Basis {
  path @0 :UInt32;
  identity @1 :Identity;
  whole @2 :Bool;
}

struct Scrub {
  path @0 :UInt32;
  identity @1 :Identity;
  owner @2 :Data;
}

# --- results ------------------------------------------------------------------------------------------------------

enum Outcome {
  clean @0;
  hit @1;
  ran @2;
  failed @3;
  skipped @4;
  cancelled @5;
  violated @6;
}

struct Violation {
  code @0 :Data;
  letter @1 :Data;
  role @2 :Data;
  pip @3 :Data;
  related @4 :Data;
  path @5 :UInt32 = 0xffffffff;
  message @6 :Data;
}

struct PipResult {
  pip @0 :UInt32;
  attempt @1 :UInt32;
  outcome @2 :Outcome;
  requested @3 :Bool;
  publishable @4 :Bool;
  whyNot @5 :Data;
  staticHash @6 :Data;
  weak @7 :Data;
  strong @8 :Data;
  pathSet @9 :Data;
  pathSetBlob @10 :Data;
  entry @11 :Entry;
  console @12 :Data;
  exitStatus @13 :Int32;
  violations @14 :List(Violation);
  reason @15 :Data;         # minor 1, as what follows
  startedUnixUs @16 :Int64;
  endedUnixUs @17 :Int64;
  lane @18 :UInt32;
  augmentedWeak @19 :Data;  # minor 4, as what follows
  augmentedFrom @20 :Data;
  augmentingPathSet @21 :Data;
  sharedWeak @22 :Data;  # minor 7, as what follows
  sharedStrong @23 :Data;
  sharedPathSet @24 :Data;
  sharedPathSetBlob @25 :Data;
  notShared @26 :Data;
}

struct Stats {
  result @0 :Data;
  exitCode @1 :Int32;
  total @2 :UInt64;
  clean @3 :UInt64;
  hit @4 :UInt64;
  ran @5 :UInt64;
  failed @6 :UInt64;
  skipped @7 :UInt64;
  uncacheable @8 :UInt64;
  published @9 :UInt64;
  bytesMaterialized @10 :UInt64;
  filesMaterialized @11 :UInt64;
  wallMs @12 :UInt64;
  cpuMs @13 :UInt64;
  startedUnixMs @14 :Int64;
  ranIds @15 :List(Data);
  waiting @16 :UInt64;  # minor 3
  pathSetsVisited @17 :UInt64;  # minor 4, as what follows
  mostPathSetsVisited @18 :UInt64;
}

# --- workspace state ----------------------------------------------------------------------------------------------

struct StateHeader {
  generation @0 :UInt64;
}

struct StateRow {
  stableId @0 :Data;
  staticHash @1 :Data;
  weak @2 :Data;
  strong @3 :Data;
  pathSet @4 :Data;
  entry @5 :Entry;
}

struct PathSetBlob {
  digest @0 :Data;
  bytes @1 :Data;
}

# --- one entry on its own, as the cache stores it -----------------------------------------------------------------

struct EntryBlob {
  paths @0 :List(Data);  # as text; the path ids of `entry` are positions in this list
  entry @1 :Entry;
}
