#include "daemon/engine/pull.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/base/sha256.h"
#include "daemon/disk/digest.h"

namespace hfget::engine {
namespace {

// So many partial files are open at once: enough small files to keep every connection busy.
constexpr size_t kOpenFiles = 96;
constexpr int kLostFilesRounds = 3;

std::string Gigabytes(ByteCount bytes) {
  if (bytes >= kGiB) return absl::StrCat(bytes / kGiB, ".", bytes % kGiB * 10 / kGiB, " GiB");
  if (bytes >= kMiB) return absl::StrCat(bytes / kMiB, ".", bytes % kMiB * 10 / kMiB, " MiB");
  return absl::StrCat(bytes, " bytes");
}

bool Plain(absl::string_view file) {
  return !file.empty() && file.find_first_of("*?[") == absl::string_view::npos && file.back() != '/';
}

}  // namespace

struct Pull::LocalLook {
  Secret token;
  Secret scope_token;
  std::optional<std::string> caveat;  // about the folder
  std::optional<hub::Manifest> manifest;
};

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
  if (spec_.cache_dir.empty()) spec_.cache_dir = DefaultCache();
  scope_token_.Bring(std::move(spec_.modelscope_token), false);
  token_.Bring(std::move(spec_.token), spec_.token_is_ambient);
  if (spec_.anonymous) token_.Forbid();
  SetLimits(spec_.max_bytes_per_sec, spec_.max_connections);
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
  }
  host_.OnChanged(*this);
}

bool Pull::SameAs(const PullSpec& spec) const {
  return spec_.repo == spec.repo && spec_.revision == spec.revision &&
         spec_.filters.files == spec.filters.files && spec_.filters.include == spec.filters.include &&
         spec_.filters.exclude == spec.filters.exclude && spec_.local_dir == spec.local_dir &&
         (spec_.cache_dir == spec.cache_dir ||
          (spec.cache_dir.empty() && spec_.cache_dir == DefaultCache())) &&
         spec_.dry_run == spec.dry_run && spec_.authority == spec.authority && spec_.modelscope_id == spec.modelscope_id;
}

const std::string& Pull::DefaultCache() const {
  return of_modelscope() ? context_.config.modelscope_cache_dir : context_.config.cache_dir;
}

std::shared_ptr<layout::Layout> Pull::NewLayout(const std::string& commit) const {
  const auto hash_file = [](FileSystem& fs, const std::string& path, const ContentHash& like) {
    return disk::HashFile(fs, path, like);
  };
  if (!spec_.local_dir.empty()) return layout::NewLocalDirLayout(spec_.local_dir, spec_.repo, commit, hash_file);
  if (!of_modelscope()) return layout::NewHfCacheLayout(spec_.cache_dir, spec_.repo, commit);
  return layout::NewModelScopeCacheLayout(spec_.cache_dir, spec_.repo, spec_.revision, commit, hash_file, &Sha256Hex);
}

void Pull::Begin() {
  SetState(core::PullState::kListing);
  auto look = std::make_shared<LocalLook>();
  const std::string commit = hub::IsFullCommit(spec_.revision) ? spec_.revision : commit_;
  std::shared_ptr<layout::Layout> layout;
  if (!commit.empty()) layout = NewLayout(commit);
  const bool find_token = token_.wants_own() && !of_modelscope();
  const bool find_scope = scope_token_.wants_own();
  const bool scope_cache = of_modelscope() && spec_.local_dir.empty();
  context_.disk.Run(
      [look, layout, commit, repo = spec_.repo, scope = scope_cache ? spec_.cache_dir : "",
       find = find_token ? context_.config.find_token : nullptr,
       find_scope = find_scope ? context_.config.find_modelscope_token : nullptr](FileSystem& fs) {
        if (find) look->token = find();
        if (find_scope) look->scope_token = find_scope();
        if (!scope.empty()) look->caveat = layout::ModelScopeCaveat(fs, scope, repo);
        if (layout) look->manifest = layout->ReadTree(fs, commit);
        return absl::OkStatus();
      },
      lifetime_.Guard([this, look](absl::Status) {
        if (state_ == core::PullState::kListing) OnLooked(std::move(*look));
      }));
}

void Pull::OnLooked(LocalLook look) {
  token_.Find(std::move(look.token));
  scope_token_.Find(std::move(look.scope_token));
  if (look.caveat) notices_.push_back(*std::move(look.caveat));
  if (token_.present() && !of_modelscope()) Prove();
  Lister::Options options;
  options.repo = spec_.repo;
  options.revision = commit_.empty() || of_modelscope() ? spec_.revision : commit_;
  options.token = &token(spec_.repo.hub);
  options.only_source = spec_.authority;
  options.is_private = is_private_;
  lister_ = std::make_unique<Lister>(context_, std::move(options));
  if (look.manifest) {
    commit_ = look.manifest->commit;
    layout_ = NewLayout(commit_);
    return OnManifest(*std::move(look.manifest), false);
  }
  StartPinning();
}

void Pull::StartPinning() {
  const bool proving = proving_;
  lister_->Pin(lifetime_.Guard([this](Pinned pinned) { OnPinned(std::move(pinned)); }),
               lifetime_.Guard([this, proving](PullError error) {
                 if (!proving) return Fail(std::move(error));
                 // A source that is proven meanwhile may say more.
                 pin_again_ = true;
                 if (!proving_) OnProven();
               }));
}

void Pull::OnPinned(Pinned pinned) {
  pinned_ = std::move(pinned);
  commit_ = pinned_.commit;
  canonical_ = pinned_.repo;
  is_private_ = pinned_.is_private;
  is_gated_ = pinned_.gated;
  for (const std::string& notice : pinned_.notices) notices_.push_back(notice);
  layout_ = NewLayout(commit_);
  listing_source_ = context_.sources.at(pinned_.source).config.name;
  host_.OnChanged(*this);
  auto found = std::make_shared<std::optional<hub::Manifest>>();
  context_.disk.Run(
      [found, layout = layout_, commit = commit_](FileSystem& fs) {
        *found = layout->ReadTree(fs, commit);
        return absl::OkStatus();
      },
      lifetime_.Guard([this, found](absl::Status) {
        if (state_ != core::PullState::kListing) return;
        if (*found) return OnManifest(**std::move(found), false);
        if (pinned_.listing != nullptr) return OnManifest(*pinned_.listing, true);
        StartListing();
      }));
}

void Pull::StartListing() {
  lister_->List(
      pinned_,
      lifetime_.Guard([this](hub::Manifest manifest) {
        listing_source_ = context_.sources.at(lister_->listed_by()).config.name;
        OnManifest(std::move(manifest), true);
      }),
      lifetime_.Guard([this](PullError error) { Fail(std::move(error)); }));
}

// False when nothing is left to pull, or a file that was asked for by name is not there; the pull has failed then.
bool Pull::ApplyFilters(hub::Manifest& manifest) {
  PullError error;
  error.cause = core::ErrorCause::kNotFound;
  // ModelScope's state has a name of our own making, which says nothing to anybody else.
  const std::string where = absl::StrCat(canonical_.name, " at ", of_modelscope() ? spec_.revision : commit_.substr(0, 12));
  for (const std::string& file : spec_.filters.files) {
    if (!Plain(file)) continue;
    const bool there = std::any_of(manifest.files.begin(), manifest.files.end(),
                                   [&](const hub::ManifestFile& f) { return f.path == file; });
    if (there) continue;
    error.message = absl::StrCat(where, " has no file \"", file, "\"; list what is there with --dry-run");
    Fail(std::move(error));
    return false;
  }
  for (hub::ManifestFile& file : manifest.files) {
    if (spec_.filters.Keeps(file.path)) files_.push_back(file);
  }
  if (files_.empty() && !manifest.files.empty()) {
    error.message = absl::StrCat("none of the ", manifest.files.size(), " files of ", where,
                                 " matches the filters; list them with --dry-run");
    Fail(std::move(error));
    return false;
  }
  return true;
}

void Pull::OnManifest(hub::Manifest manifest, bool write_tree) {
  repo_files_ = static_cast<int>(manifest.files.size());
  files_.clear();
  if (!ApplyFilters(manifest)) return;
  total_files_ = static_cast<int>(files_.size());
  total_ = 0;
  for (const hub::ManifestFile& file : files_) total_ += file.size;
  path_ = layout_->SnapshotPath();
  if (!spec_.filters.SingleFile().empty() && files_.size() == 1) path_ = layout_->FinalPath(files_[0]);
  lister_.reset();
  if (spec_.dry_run) return Plan();
  Adopt(write_tree ? std::make_shared<hub::Manifest>(std::move(manifest)) : nullptr);
}

void Pull::Plan() {
  auto present = std::make_shared<std::vector<bool>>();
  context_.disk.Run(
      [present, layout = layout_, files = files_](FileSystem& fs) {
        for (const hub::ManifestFile& file : files) {
          auto there = layout->IsPresent(fs, file);
          present->push_back(there.ok() && *there);
        }
        return absl::OkStatus();
      },
      lifetime_.Guard([this, present](absl::Status) {
        if (core::IsTerminal(state_)) return;
        for (size_t i = 0; i < files_.size(); ++i) {
          plan_.push_back({files_[i].path, files_[i].size, (*present)[i]});
          if ((*present)[i]) reused_ += files_[i].size;
        }
        done_ = reused_;
        SetState(core::PullState::kDone);
      }));
}

absl::Status Pull::Prepare(FileSystem& fs, layout::Layout& layout, const std::vector<hub::ManifestFile>& files,
                           const hub::Manifest* tree, absl::Time now, std::vector<FoundFile>& found) {
  ByteCount needed = 0;
  bool writable = false;
  for (const hub::ManifestFile& file : files) {
    // Not only looked at: content that is there by hash needs its name under this commit.
    const auto adopted = layout.Adopt(fs, file, now);
    const bool absent = !adopted.ok() || !*adopted;
    if (absent && !writable) HFGET_RETURN_IF_ERROR(layout.CheckWritable(fs));
    writable = writable || absent;
    if (!adopted.ok()) return adopted.status();
    const bool partial = fs.Stat(layout.PartialPath(file)).ok();
    found.push_back({*adopted, partial});
    if (absent && !partial) needed += file.size;
  }
  const auto free = fs.FreeSpace(layout.SnapshotPath());
  if (free.ok() && needed > *free) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the disk is too full: ", Gigabytes(needed), " are needed and ", Gigabytes(*free),
        " are free at ", layout.SnapshotPath()));
  }
  if (tree != nullptr && writable) return layout.WriteTree(fs, *tree);
  return absl::OkStatus();
}

void Pull::Adopt(std::shared_ptr<hub::Manifest> tree) {
  auto found = std::make_shared<std::vector<FoundFile>>();
  context_.disk.Run(
      [found, tree, layout = layout_, files = files_, now = context_.clock.Wall()](FileSystem& fs) {
        return Prepare(fs, *layout, files, tree.get(), now, *found);
      },
      lifetime_.Guard([this, found](absl::Status status) {
        if (core::IsTerminal(state_)) return;
        if (!status.ok()) return FailDisk(status);
        OnAdopted(*found);
      }));
}

void Pull::OnAdopted(const std::vector<FoundFile>& found) {
  todo_.clear();
  next_todo_ = 0;
  done_files_ = 0;
  done_ = reused_ = 0;
  for (size_t i = 0; i < files_.size(); ++i) {
    if (!found[i].present) {
      todo_.push_back(i);
      continue;
    }
    ++done_files_;
    reused_ += files_[i].size;
    racer_.Forget(layout_->PartialPath(files_[i]), found[i].has_partial);
  }
  done_ = reused_;
  if (todo_.empty()) return Finish();
  SetState(core::PullState::kFetching);
  SeekCounterparts();
  OpenMore();
}

void Pull::OpenMore() {
  while (state_ == core::PullState::kFetching && running_.size() < kOpenFiles && next_todo_ < todo_.size()) {
    const size_t index = todo_[next_todo_++];
    running_[index] = &racer_.Join(*this, index, files_[index]);
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
  if (state_ != core::PullState::kFetching) return;
  if (done_files_ == total_files_) return Finish();
  OpenMore();
}

void Pull::OnTransferFailed(size_t index, PullError error) {
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
      [missing, layout = layout_, files = files_, revision = spec_.revision, commit = commit_,
       now = context_.clock.Wall()](FileSystem& fs) {
        for (size_t i = 0; i < files.size(); ++i) {
          const auto there = layout->Adopt(fs, files[i], now);
          if (!there.ok() || !*there) missing->push_back(i);
        }
        return missing->empty() ? layout->Finish(fs, revision, commit) : absl::OkStatus();
      },
      lifetime_.Guard([this, missing](absl::Status status) {
        if (core::IsTerminal(state_)) return;
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
  for (const size_t i : missing) {
    --done_files_;
    done_ -= files_[i].size;
  }
  todo_ = std::move(missing);
  next_todo_ = 0;
  SetState(core::PullState::kFetching);
  OpenMore();
}

void Pull::FailDisk(const absl::Status& status) {
  PullError error;
  error.cause = core::ErrorCause::kDisk;
  error.message = std::string(status.message());
  Fail(std::move(error));
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
  SetState(core::PullState::kCancelled);
}

void Pull::CheckProgress(absl::Time now) {
  if (state_ != core::PullState::kFetching) return;
  const bool busy = std::any_of(running_.begin(), running_.end(), [](const auto& r) {
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
