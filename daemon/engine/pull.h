// One pull: listing, filters, what is already there, transfers, publication of the whole.
#ifndef HFGET_DAEMON_ENGINE_PULL_H_
#define HFGET_DAEMON_ENGINE_PULL_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/pull_filter.h"
#include "daemon/core/pull_state.h"
#include "daemon/core/pull_terms.h"
#include "daemon/core/rate_meter.h"
#include "daemon/core/request_names.h"
#include "daemon/engine/account_query.h"
#include "daemon/engine/api.h"
#include "daemon/engine/context.h"
#include "daemon/engine/counterparts.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/lister.h"
#include "daemon/engine/pull_files.h"
#include "daemon/engine/pull_target.h"
#include "daemon/engine/pull_token.h"
#include "daemon/engine/racer.h"
#include "daemon/engine/transfer.h"
#include "daemon/hub/manifest.h"
#include "daemon/layout/layout.h"
#include "hfget/v1/records.pb.h"

namespace hfget::engine {

class Pull;

class PullHost {
 public:
  virtual ~PullHost() = default;
  // The state changed, or something that must be remembered.
  virtual void OnChanged(Pull& pull) = 0;
  // Finds out which sources may be sent a token. `done` when that is known; at once when nothing is to be found out.
  virtual void ProveSources(absl::AnyInvocable<void()> done) = 0;
};

// Thread: the engine.
class Pull final : public TransferClient {
 public:
  Pull(Context& context, Racer& racer, PullHost& host, std::string id, int64_t sequence, PullSpec spec);
  // From an earlier run; stays as it is when it had ended, else kQueued.
  Pull(Context& context, Racer& racer, PullHost& host, const records::v1::PullRecord& record);
  ~Pull() override;

  void Begin();  // REQUIRES: kQueued
  // What its revision stands for. Before Begin.
  void PinTo(std::string commit) { commit_ = std::move(commit); }
  void Cancel(bool discard_partial);
  void Fail(PullError error);
  // With an equal request; a pull that waits for a token queues again. `found`: see PullToken.
  void GiveToken(Secret token, bool found);
  void GiveModelScopeToken(Secret token);
  // With an equal request; 0 leaves what there is.
  void SetLimits(ByteCount max_bytes_per_sec, int max_connections);
  // With an equal request: a pull that waits for the disk tries it now.
  void TryDiskNow();
  // An equal request has come, with what it brings: tokens, limits, terms, a name. One that is held goes on. True when what must outlive
  // the process has changed.
  bool Ask(PullSpec spec);
  // Whether it was asked for under this name, within a day.
  bool Named(const std::string& request_id) const { return requests_.Has(request_id, context_.clock.Wall()); }
  const std::map<std::string, absl::Time>& names() const { return requests_.all(); }  // also those that hold no more
  bool named() const { return requests_.Any(context_.clock.Wall()); }
  // Pauses it until Unhold; let go of is what a pause lets go of. Errors: FAILED_PRECONDITION.
  absl::Status Hold();
  void Unhold();
  // One of those who asked for it with PullSpec::bound has gone.
  void Release();
  // It is to be begun again in this one's place: the tokens that are not recorded.
  void TakeTokens(const Pull& earlier);
  // When its deadline has passed.
  void CheckDeadline();
  // Fails it when nothing has come for too long.
  void CheckProgress(absl::Time now);

  const std::string& id() const { return id_; }
  int64_t sequence() const { return sequence_; }
  core::PullState state() const { return state_; }
  bool dry_run() const { return spec_.dry_run; }
  bool active() const { return state_ == core::PullState::kListing || state_ == core::PullState::kFetching ||
                               state_ == core::PullState::kPublishing; }
  const PullSpec& spec() const { return spec_; }
  const std::string& owner() const { return spec_.owner; }
  core::PullTurn turn() const { return {spec_.terms.priority, spec_.terms.deadline, sequence_}; }
  // Of its state; given by the engine.
  int64_t change() const { return change_; }
  void set_change(int64_t change) { change_ = change; }
  // The last of Engine::BriefOf, as long as somebody has it.
  std::weak_ptr<const PullSnapshot>& told() { return told_; }
  bool Concerns(const core::PullFilter& filter) const;
  const PullError& error() const { return error_; }
  const PullFiles& files() const { return files_; }
  // When its state changed or something of it came, last.
  absl::Time last_progress() const { return last_progress_; }
  // Same owner, repo, revision, filters and target.
  bool SameAs(const PullSpec& spec) const;
  PullSnapshot Snapshot(absl::Time now);
  PieceMapSnapshot MapPieces(int most_cells) const;
  // Without files, shares and plan.
  PullSnapshot Brief(absl::Time now) const;
  records::v1::PullRecord ToRecord() const;

  // TransferClient
  const std::string& commit() const override { return commit_; }
  const hub::RepoId& repo() const override { return canonical_; }
  PullToken& token(hub::Hub realm) override { return realm == hub::Hub::kModelScope ? scope_token_ : token_; }
  std::shared_ptr<layout::Layout> layout() override { return layout_; }
  const std::string* Barred(core::SourceIndex source) const override;
  Supply SupplyAt(core::SourceIndex source, size_t file_index) const override;
  std::string UrlAt(core::SourceIndex source, size_t file_index) const override;
  std::shared_ptr<core::TokenBucket> bucket() const override { return bucket_; }
  int max_connections() const override { return spec_.max_connections; }
  core::Standing standing() const override { return {spec_.terms.priority, sequence_}; }
  bool is_private() const { return is_private_; }
  bool restricted() const override { return is_private_ || is_gated_; }
  void OnReceived(core::SourceIndex source, ByteCount bytes) override;
  void OnWasted(ByteCount bytes) override { wasted_ += bytes; }
  void OnPublished(size_t file_index) override;
  void OnTransferFailed(size_t file_index, PullError error) override;

 private:
  struct Share {
    ByteCount bytes = 0;
    core::RateMeter rate;
  };
  // What a look at this machine found, on the disk pool.
  struct LocalLook;
  // One look at some of the files, on the disk pool: which are there.
  struct Sweep;
  struct Todo {
    size_t file;      // index
    ByteCount needs = 0;  // counted in needed_
  };

  void SetState(core::PullState state);
  // It has ended: ten thousand such are remembered, and the listing of one may have a million files.
  void DropFiles();
  void RestoreWishes(const records::v1::PullRecord& record);
  bool of_modelscope() const { return spec_.repo.hub == hub::Hub::kModelScope; }
  std::shared_ptr<layout::Layout> NewLayout(const std::string& commit) const { return LayoutOf(spec_, commit); }
  void OnLooked(LocalLook look);
  void StartPinning();
  // Finds out which sources may be sent the token, beside everything else.
  void Prove();
  void OnProven();
  void OnPinned(Pinned pinned);
  void StartListing();
  // The listing was read by somebody already, all of it.
  void OnWholeListing(std::shared_ptr<const hub::Manifest> manifest, bool write_tree);
  // Part by part: the files of one part are fetched while the next is listed.
  void OnListing(Listing listing);
  // Forgets every file: the listing turned out to be another one.
  void BeginAnew();
  // Why a listing that is complete has nothing for this pull.
  std::optional<PullError> NothingToPull() const;
  void Plan();
  // Looks on this machine for files that were listed since the last look.
  void LookOn();
  // On the disk pool: makes the target ready and finds out what is there.
  static absl::Status Prepare(FileSystem& fs, layout::Layout& layout, Sweep& sweep);
  void OnSwept(const Sweep& sweep);
  bool MaySeekCounterparts() const;
  void SeekCounterparts();
  void OpenMore();
  void MaybeFinish();
  void Finish();
  // Files that were there and are not any more.
  void FetchAgain(std::vector<size_t> missing);
  // Pauses it where waiting may help. `space`: bytes that must be free before it can go on.
  void FailDisk(const absl::Status& status, ByteCount space = 0);
  void Pause(PullError error, ByteCount space);  // pull_pause.cc
  void LetGo();
  void PlanTrial();
  void TryDisk();
  // Fails it with the name of the account in the words, as soon as that is known (pull_access.cc).
  void FailWithoutAccess(PullError error, const std::string& path);
  // It has failed for want of a token that an earlier run had.
  bool WaitsForToken() const;
  int WaitingFiles() const;
  // Those that are shown, in the order of their files.
  std::vector<std::pair<size_t, const Transfer*>> Shown() const;

  Context& context_;
  Racer& racer_;
  PullHost& host_;
  const std::string id_;
  const int64_t sequence_;
  PullSpec spec_;
  PullToken token_;
  PullToken scope_token_;  // of ModelScope's realm

  core::PullState state_ = core::PullState::kQueued;
  PullError error_;
  int64_t change_ = 0;
  std::weak_ptr<const PullSnapshot> told_;
  core::RequestNames requests_;
  bool held_ = false;   // paused by somebody, not by the disk
  bool kept_ = false;   // somebody wants it, whether they stay or go
  int bound_ = 0;       // so many are there who want it as long as they are
  hub::RepoId canonical_;
  std::string commit_;
  std::string path_;
  std::string listing_source_;
  bool is_private_ = false;
  bool is_gated_ = false;
  bool proving_ = false;
  bool pin_again_ = false;  // nobody could say, but somebody was being proven
  Pinned pinned_;
  std::shared_ptr<core::TokenBucket> bucket_;  // null: no limit
  std::unique_ptr<Lister> lister_;
  std::unique_ptr<AccountQuery> account_query_;
  std::optional<Counterparts> counterparts_;
  std::shared_ptr<layout::Layout> layout_;
  std::vector<std::string> notices_;
  std::vector<PlannedFile> plan_;

  PullFiles files_;
  bool listed_ = false;      // all of them are known
  bool write_tree_ = false;  // the listing is to be kept
  int reading_ = 0;          // of the listing: raised when it is read anew, so that older sweeps do not count
  size_t swept_ = 0;         // so many of files_ were looked for on this machine
  bool sweeping_ = false;
  bool settled_ = false;   // all of them, and no more are to come
  bool writable_ = false;  // the target was made ready
  std::vector<Todo> todo_;  // those that are not there
  size_t next_todo_ = 0;
  ByteCount needed_ = 0;  // of the disk, for those of todo_ that no partial file has taken yet
  std::map<size_t, const Transfer*> running_;  // by file index
  bool begun_ = false;  // the target was writable once, now or in an earlier run
  ByteCount space_ = 0;      // paused: bytes that must be free before it goes on
  ByteCount in_flight_ = 0;  // paused: written of files that were under way
  int trials_ = 0;           // of the disk, since it last went well
  int pauses_ = 0;           // so that only the last one's trials count
  absl::Time resumed_ = absl::InfinitePast();
  int repo_files_ = 0;
  int total_files_ = 0;
  int done_files_ = 0;
  int lost_files_rounds_ = 0;
  ByteCount total_ = 0, done_ = 0, reused_ = 0, fetched_ = 0, wasted_ = 0;
  std::map<core::SourceIndex, Share> shares_;
  core::RateMeter rate_{absl::Seconds(3)};
  absl::Time last_progress_;
  absl::Time created_;
  absl::Time finished_ = absl::InfiniteFuture();
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_PULL_H_
