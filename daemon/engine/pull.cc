#include "daemon/engine/pull.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daemon/base/log.h"
#include "daemon/layout/folder_memory.h"

namespace hfget::engine {
namespace {

// So many partial files are open at once: enough small files to keep every connection busy.
constexpr size_t kOpenFiles = 96;
constexpr int kLostFilesRounds = 3;
// What a dry run would fetch may be a million lines: so long after its end whoever asked has read them.
constexpr absl::Duration kPlanKept = absl::Minutes(10);

}  // namespace

Pull::Pull(Context& context, Racer& racer, PullHost& host, std::string id, int64_t sequence,
           PullSpec spec)
    : context_(context),
      racer_(racer),
      host_(host),
      id_(std::move(id)),
      sequence_(sequence),
      spec_(std::move(spec)),
      canonical_(spec_.repo),
      last_progress_(context.clock.Steady()),
      created_(context.clock.Wall()) {
  if (spec_.cache_dir.empty()) spec_.cache_dir = DefaultCache(spec_.repo, context_.config);
  scope_token_.Bring(std::move(spec_.modelscope_token), false);
  token_.Bring(std::move(spec_.token), spec_.token_is_ambient);
  if (spec_.anonymous) token_.Forbid();
  SetLimits(spec_.max_bytes_per_sec, spec_.max_connections);
  requests_.Add(spec_.request_id, created_);
  spec_.bound ? ++bound_ : kept_ = true;
}

Pull::~Pull() = default;

void Pull::SetState(core::PullState state) {
  if (!core::MayFollow(state_, state)) return;
  state_ = state;
  last_progress_ = context_.clock.Steady();
  if (core::IsTerminal(state)) {
    finished_ = context_.clock.Wall();
    lister_.reset();
    account_query_.reset();
    if (counterparts_) counterparts_->Stop();
    running_.clear();
    // Whoever ends it may be reading of its files.
    context_.timers.At(last_progress_, lifetime_.Guard([this] { DropFiles(); }));
    if (!plan_.empty()) context_.timers.At(last_progress_ + kPlanKept, lifetime_.Guard([this] { plan_ = {}; }));
  }
  host_.OnChanged(*this);
}

void Pull::DropFiles() {
  files_ = {};
  todo_ = {};
  next_todo_ = 0;
  pinned_.listing.reset();
}

bool Pull::SameAs(const PullSpec& spec) const {
  return spec_.owner == spec.owner && spec_.repo == spec.repo && spec_.revision == spec.revision &&
         spec_.filters.files == spec.filters.files && spec_.filters.include == spec.filters.include &&
         spec_.filters.exclude == spec.filters.exclude && spec_.local_dir == spec.local_dir &&
         (spec_.cache_dir == spec.cache_dir ||
          (spec.cache_dir.empty() && spec_.cache_dir == DefaultCache(spec_.repo, context_.config))) &&
         spec_.dry_run == spec.dry_run && spec_.authority == spec.authority && spec_.modelscope_id == spec.modelscope_id;
}

void Pull::OpenMore() {
  if (account_query_ != nullptr) return;  // it is going to fail
  while (state_ == core::PullState::kFetching && running_.size() < kOpenFiles && next_todo_ < todo_.size()) {
    const Todo todo = todo_[next_todo_++];
    needed_ -= todo.needs;
    running_[todo.file] = &racer_.Join(*this, todo.file, files_[todo.file]);
  }
}

void Pull::OnReceived(core::SourceIndex source, ByteCount bytes) {
  const absl::Time now = context_.clock.Steady();
  fetched_ += bytes;
  last_progress_ = now;
  rate_.Add(bytes, now);
  Share& share = shares_[source];
  share.bytes += bytes;
  share.rate.Add(bytes, now);
}

void Pull::OnPublished(size_t index) {
  last_progress_ = context_.clock.Steady();
  running_.erase(index);
  ++done_files_;
  done_ += files_[index].size;
  OpenMore();
  MaybeFinish();
}

void Pull::MaybeFinish() {
  const bool under_way = state_ == core::PullState::kListing || state_ == core::PullState::kFetching;
  if (under_way && settled_ && done_files_ == total_files_) Finish();
}

void Pull::OnTransferFailed(size_t index, PullError error) {
  if (error.may_pass) return Pause(std::move(error), needed_ + files_[index].size);
  running_.erase(index);
  if (error.no_access) return FailWithoutAccess(std::move(error), files_[index].path);
  Fail(std::move(error));
}

void Pull::Finish() {
  SetState(core::PullState::kPublishing);
  // Looked at once more: somebody may have removed files meanwhile (`hf cache prune` takes a snapshot without a ref for a
  // forgotten one), and refs/ must not name what is not there.
  auto missing = std::make_shared<std::vector<size_t>>();
  context_.disk.Run(
      [missing, layout = layout_, all = files_.all(), revision = spec_.revision, commit = commit_,
       now = context_.clock.Wall()](FileSystem& fs) {
        layout::FolderMemory memory(fs);
        for (size_t i = 0; i < all.files.size(); ++i) {
          const auto there = layout->Adopt(memory, *all.files[i], now);
          if (!there.ok() || !*there) missing->push_back(i);
        }
        return missing->empty() ? layout->Finish(fs, revision, commit) : absl::OkStatus();
      },
      lifetime_.Guard([this, missing, reading = reading_](absl::Status status) {
        if (state_ != core::PullState::kPublishing || reading != reading_) return;
        if (!status.ok()) return FailDisk(status);
        if (missing->empty()) return SetState(core::PullState::kDone);
        FetchAgain(std::move(*missing));
      }));
}

void Pull::FetchAgain(std::vector<size_t> missing) {
  if (++lost_files_rounds_ > kLostFilesRounds) {
    return FailDisk(absl::FailedPreconditionError(
        absl::StrCat(files_[missing.front()].path, " was removed again after it was put in its place; what "
                     "else works in ", layout_->SnapshotPath(), "?")));
  }
  spdlog::warn("pull {}: {} file(s) were removed meanwhile; they are fetched again", id_, missing.size());
  todo_.clear();
  next_todo_ = 0;
  for (const size_t i : missing) {
    --done_files_;
    done_ -= files_[i].size;
    todo_.push_back({i});
  }
  SetState(core::PullState::kFetching);
  OpenMore();
}

void Pull::Fail(PullError error) {
  if (core::IsTerminal(state_)) return;
  error_ = std::move(error);
  running_.clear();
  racer_.Leave(*this, false);
  SetState(WaitsForToken() ? core::PullState::kNeedsToken : core::PullState::kFailed);
}

void Pull::Cancel(bool discard_partial) {
  if (core::IsTerminal(state_)) return;
  running_.clear();
  racer_.Leave(*this, discard_partial);
  // A paused pull has let go of its partial files.
  if (discard_partial && state_ == core::PullState::kPaused) {
    for (const Todo& todo : todo_) racer_.Discard(layout_->PartialPath(files_[todo.file]));
  }
  SetState(core::PullState::kCancelled);
}

void Pull::CheckProgress(absl::Time now) {
  if (state_ != core::PullState::kFetching) return;
  const bool looking = !settled_ && running_.empty();  // for files to fetch
  const bool busy = looking || std::any_of(running_.begin(), running_.end(), [](const auto& r) {
    return r.second->state() != Transfer::State::kFetching;
  });
  if (busy) last_progress_ = now;
  if (now - last_progress_ < context_.config.give_up_after) return;
  PullError error;
  error.cause = core::ErrorCause::kNoSource;
  error.message = absl::StrCat("no byte from any source for ",
                               absl::FormatDuration(context_.config.give_up_after));
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
    const Source& s = context_.sources.at(i);
    if (!s.last_failure.empty()) absl::StrAppend(&error.message, "; ", s.config.name, ": ", s.last_failure);
  }
  absl::StrAppend(&error.message, "; pull again when the network is back: what is there is kept");
  Fail(std::move(error));
}

}  // namespace hfget::engine
