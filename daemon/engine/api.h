// What the outside (rpc/, main, tests) asks of the engine, in plain values. Nothing here blocks: answers come by callback,
// on the engine thread, and must not block it either.
#ifndef HFGET_DAEMON_ENGINE_API_H_
#define HFGET_DAEMON_ENGINE_API_H_

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "daemon/base/secret.h"
#include "daemon/base/types.h"
#include "daemon/core/piece_cells.h"
#include "daemon/core/pull_filter.h"
#include "daemon/core/pull_state.h"
#include "daemon/core/pull_terms.h"
#include "daemon/core/token_policy.h"
#include "daemon/engine/bench_values.h"
#include "daemon/engine/stats.h"
#include "daemon/hub/account.h"
#include "daemon/hub/filters.h"
#include "daemon/hub/finding.h"
#include "daemon/hub/hub_error.h"
#include "daemon/hub/manifest.h"
#include "daemon/hub/repo_id.h"

namespace hfget::engine {

// What is wanted. Checked (ids, revision, filters, absolute folders) before it reaches the engine.
struct PullSpec {
  std::string owner;  // who asked, as core::Caller::name; empty: the daemon's own user or root
  hub::RepoId repo;
  std::string revision = "main";
  hub::Filters filters;
  std::string local_dir;  // absolute, or empty
  std::string cache_dir;  // absolute; empty: the daemon's
  std::string authority;  // name of the only source whose listing is believed; empty: any
  Secret token;           // from the request; empty: the daemon's own
  bool token_is_ambient = false;  // the caller found it and did not give it for this pull
  bool anonymous = false;         // no token at all, not even the daemon's own
  Secret modelscope_token;        // from the request, for sources of that realm only; empty: the daemon's own
  std::string modelscope_id;      // under which ModelScope has a Hugging Face repo; empty: it is looked for
  ByteCount max_bytes_per_sec = 0;  // 0: no limit of its own
  int max_connections = 0;          // likewise
  bool dry_run = false;
  bool list_only = false;  // ends as soon as its files are known; never recorded
  core::PullTerms terms;
  std::string request_id;  // the caller's name for this request; empty: none
  // Whoever asks may go, which ReleasePull says: then it is cancelled, unless somebody else wants it.
  bool bound = false;
};

struct PullError {
  core::ErrorCause cause = core::ErrorCause::kNone;
  std::string message;
  std::string source;
  std::optional<absl::Duration> retry_after;
  std::optional<hub::HubError> no_access = std::nullopt;  // a valid token was sent, and its account may not
  bool may_pass = false;  // the disk's: worth waiting for
};

struct FileSnapshot {
  enum class State { kWaiting, kFetching, kVerifying, kPublished, kLocked };
  std::string path;
  ByteCount size = 0;
  ByteCount done = 0;
  ByteCount rate_per_sec = 0;
  State state = State::kWaiting;
};

struct ShareSnapshot {
  std::string source;
  ByteCount bytes = 0;
  ByteCount rate_per_sec = 0;
  int connections = 0;
  std::string note;
};

struct PlannedFile {
  std::string path;
  ByteCount size = 0;
  bool present = false;
};

// One pull at one moment. Fields as in hfget.proto's Pull.
struct PullSnapshot {
  std::string id;
  std::string owner;  // as in PullSpec
  hub::RepoId repo;
  std::string revision;
  std::string commit;
  core::PullState state = core::PullState::kQueued;
  PullError error;
  std::string path;
  ByteCount total = 0, done = 0, reused = 0, fetched = 0, wasted = 0;
  int total_files = 0, done_files = 0, repo_files = 0;
  bool listing = false;  // files are fetched while the listing is being read, or looked for on this machine
  ByteCount rate_per_sec = 0;
  std::optional<absl::Duration> eta;
  std::vector<FileSnapshot> files;  // running ones, at most 64
  std::vector<ShareSnapshot> shares;
  std::vector<PlannedFile> plan;  // dry_run only
  std::string listing_source;
  std::vector<std::string> notices;
  absl::Time created, finished = absl::InfiniteFuture();
  core::PullTerms terms;
  std::string request_id;  // the first
  int queue_position = 0;  // kQueued only: how many begin before it, plus one
  int64_t change = 0;      // grows with every change of state of any pull: this one's last
};

// Of one running file. Fields as in hfget.proto's FilePieces.
struct FilePieces {
  std::string path;
  ByteCount size = 0;
  std::vector<core::PieceCell> cells;
};
struct PieceMapSnapshot {
  std::vector<std::string> sources;  // names, by core::SourceIndex
  std::vector<FilePieces> files;     // those of PullSnapshot::files
};

struct DataHostSnapshot {
  std::string host, state;
  ByteCount rate_per_sec = 0, bytes = 0;
  absl::Duration latency;
  double success = 1;
};

// Fields as in hfget.proto's Source.
struct SourceSnapshot {
  std::string name, endpoint, dialect, state, reason, token_policy, proxy;
  bool enabled = false;
  ByteCount rate_per_sec = 0, bytes = 0;
  double score = 0;
  absl::Duration latency, latency_p95;
  double success = 1;
  int connections = 0, convictions = 0;
  int64_t stalls = 0, rate_limited = 0;
  core::ProofVerdict proof = core::ProofVerdict::kUnknown;
  std::string proof_why;
  absl::Time proven = absl::InfinitePast(), probed = absl::InfinitePast();
  std::vector<DataHostSnapshot> data_hosts;
  std::vector<std::string> evidence;  // of convictions, one line each
};

enum class SourceChange { kEnable, kDisable, kReset };

// Whose token it is; `account` or `error`.
struct AccountAnswer {
  std::optional<hub::Account> account;
  PullError error;
  std::string source;      // who said so
  std::string token_hint;  // "hf_…1a2b"
};

// What a diagnosis is about. Checked before it reaches the engine.
struct DiagnoseSpec {
  std::optional<hub::RepoId> repo;  // none: what holds for every repo
  std::string revision = "main";
  std::string local_dir;     // absolute, or empty
  std::string cache_dir;     // absolute; empty: the daemon's
  Secret token;              // from the request; empty: the daemon's own
  bool token_is_ambient = false;
  bool anonymous = false;    // as in PullSpec
  std::string token_origin;  // for the words
};

// Called on the engine thread with each finding as it comes. OnEnd comes last, once.
class FindingSink {
 public:
  virtual ~FindingSink() = default;
  virtual void OnFinding(const hub::Finding& finding) = 0;
  virtual void OnEnd() = 0;
};

// Files of a listing that a request keeps, and what keeps them alive: for work elsewhere, and without a copy.
struct ListedFiles {
  std::vector<const hub::ManifestFile*> files;
  std::vector<std::shared_ptr<const hub::Manifest>> owners;
};

struct ManifestAnswer {
  PullSnapshot pull;  // of one that has the same request: repo, revision, commit, figures, notices, path
  bool is_private = false;
  ListedFiles files;
};

// Called on the engine thread: one of these two, once.
class ManifestSink {
 public:
  virtual ~ManifestSink() = default;
  virtual void OnManifest(ManifestAnswer manifest) = 0;
  virtual void OnError(const PullError& error) = 0;
};

// Fields as in hfget.proto's FileVerdict.
struct FileVerdict {
  enum class Verdict { kGood, kMissing, kUnnamed, kWrongSize, kCorrupt, kUnreadable, kNoHash };
  const hub::ManifestFile* file = nullptr;
  Verdict verdict = Verdict::kMissing;
  std::string found_path;
  ByteCount found_size = 0;
  std::string found_hash;
  std::string message;
};

struct VerifyProgress {
  ByteCount checked = 0;
  int64_t files = 0;
  ByteCount rate_per_sec = 0;
};

// Fields as in hfget.proto's VerifySummary.
struct VerifySummary {
  int64_t good = 0, bad = 0, no_hash = 0;
  ByteCount checked = 0;
  std::optional<PullSnapshot> repair;
  absl::Status repair_status;
};

// After OnManifest: verdicts as they are found, while the manifest's files live; the summary last, once.
class VerifySink : public ManifestSink {
 public:
  virtual void OnVerdicts(std::vector<FileVerdict> verdicts) = 0;
  virtual void OnProgress(const VerifyProgress& progress) = 0;
  virtual void OnSummary(const VerifySummary& summary) = 0;
  // So much waits to be taken in that no more should be told.
  virtual bool Behind() const { return false; }
};

// Called on the engine thread: the plan, samples as they end, and at last OnReport or OnError, once.
class BenchSink {
 public:
  virtual ~BenchSink() = default;
  virtual void OnPlan(const BenchPlan& plan) = 0;
  virtual void OnProgress(const BenchProgress& progress) = 0;
  virtual void OnSample(const BenchSample& sample, const BenchReport& so_far) = 0;
  virtual void OnReport(const BenchReport& report) = 0;
  virtual void OnError(const PullError& error) = 0;
};

// Some pulls of many, newest first.
struct PullQuery {
  core::PullFilter filter;
  bool active_only = false;
  int64_t before = std::numeric_limits<int64_t>::max();  // only those that came earlier than this `next`
  size_t most = 0;  // 0: all
  // Without files, shares and plan.
  bool brief = false;
};
struct PullPage {
  std::vector<PullSnapshot> pulls;
  int64_t next = 0;  // 0: these were the last
};

// Where a watch of all pulls begins.
struct WatchBegun {
  int64_t change = 0;       // the last that there was
  bool incomplete = false;  // pulls that ended since then may have been forgotten
};

struct PullStarted {
  PullSnapshot pull;
  bool joined = false;
};

// What is said of an id that no pull has, or one that is not shown: the same words.
inline absl::Status NoSuchPull(const std::string& id) {
  return absl::NotFoundError(absl::StrCat("no pull has the id \"", id, "\"; see hfget ps --all"));
}

// Called on the engine thread with each new snapshot (at most 10 a second, fewer where very many watch), the terminal one last and always.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void OnSnapshot(std::shared_ptr<const PullSnapshot> snapshot) = 0;
};

// Thread: any.
class EngineApi {
 public:
  virtual ~EngineApi() = default;

  template <typename T>
  using Answer = absl::AnyInvocable<void(absl::StatusOr<T>)>;

  // Answered when the pull is recorded durably. Errors: UNAVAILABLE while draining; RESOURCE_EXHAUSTED; ALREADY_EXISTS: the request id
  // stands for another pull.
  virtual void StartPull(PullSpec spec, Answer<PullStarted> answer) = 0;
  // The same of many: one answer for each, in their order. `specs`: those that cannot be are errors already. `all_or_nothing`: when one
  // is refused, none is begun, and those that would not be refused are CANCELLED.
  using Specs = std::vector<absl::StatusOr<PullSpec>>;
  virtual void StartPulls(Specs specs, bool all_or_nothing, Answer<std::vector<absl::StatusOr<PullStarted>>> answer) = 0;
  virtual void GetPull(std::string id, Answer<PullSnapshot> answer) = 0;  // NOT_FOUND
  // Of each file at most `most_cells`. NOT_FOUND.
  virtual void GetPieceMap(std::string id, int most_cells, Answer<PieceMapSnapshot> answer) = 0;
  virtual void ListPulls(PullQuery query, Answer<PullPage> answer) = 0;
  virtual void CancelPull(std::string id, bool discard_partial, Answer<PullSnapshot> answer) = 0;
  // Errors of these four: NOT_FOUND; FAILED_PRECONDITION: not in its state. Answered when it is recorded durably.
  virtual void PausePull(std::string id, Answer<PullSnapshot> answer) = 0;
  virtual void ResumePull(std::string id, Answer<PullSnapshot> answer) = 0;
  virtual void RetryPull(std::string id, Answer<PullSnapshot> answer) = 0;
  virtual void RemovePull(std::string id, Answer<bool> answer) = 0;
  // One who asked for it with PullSpec::bound has gone.
  virtual void ReleasePull(std::string id) = 0;
  virtual void ListSources(Answer<std::vector<SourceSnapshot>> answer) = 0;
  virtual void GetStats(Answer<Stats> answer) = 0;
  // Empty: the daemon's own token.
  virtual void WhoAmI(Secret token, Answer<AccountAnswer> answer) = 0;
  // Answers those that were probed, when it is known how they answer. An empty name: all that are on. NOT_FOUND.
  virtual void ProbeSource(std::string name, Answer<std::vector<SourceSnapshot>> answer) = 0;
  // Answered when it is recorded durably. NOT_FOUND.
  virtual void SetSource(std::string name, SourceChange change, Answer<SourceSnapshot> answer) = 0;
  // Looks whether a pull would work; touches nothing but a probe file in each folder. The engine keeps only a weak reference:
  // to stop it, drop the sink.
  virtual void Diagnose(DiagnoseSpec spec, std::shared_ptr<FindingSink> sink) = 0;
  // What the pull would be about; nothing is fetched or written. The engine keeps only a weak reference, and gives it up when the sink has
  // gone; the same for those below.
  virtual void ReadManifest(PullSpec spec, std::shared_ptr<ManifestSink> sink) = 0;
  // Compares what is on this machine. `repair`: what is not as listed is given up, and the pull begun.
  virtual void Verify(PullSpec spec, bool repair, std::shared_ptr<VerifySink> sink) = 0;
  // Measures the sources; one at a time. Answered when it has begun: RESOURCE_EXHAUSTED, one is under way already.
  virtual void BenchSources(BenchSpec spec, std::shared_ptr<BenchSink> sink, Answer<bool> answer) = 0;
  // What was measured since `since` of these sources (empty: all), oldest first.
  virtual void GetBenchHistory(absl::Time since, std::vector<std::string> sources, Answer<std::vector<BenchPoint>> answer) = 0;
  // The current snapshot comes at once, also for a pull that has ended (then it is the last). The engine keeps only a
  // weak reference: to stop watching, drop the watcher. NOT_FOUND: no such pull.
  virtual void Watch(std::string id, std::shared_ptr<Watcher> watcher, Answer<bool> answer) = 0;
  // Of all pulls that the filter is about, brief snapshots: first, after the answer, those that changed after `after` (0: those that have
  // not ended), in the order of their changes; then every change of state, and once a second those that move (less often where very many watch).
  virtual void WatchAll(core::PullFilter filter, int64_t after, std::shared_ptr<Watcher> watcher, Answer<WatchBegun> answer) = 0;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_API_H_
