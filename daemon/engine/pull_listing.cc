// How a pull comes to know its files: the pinned commit, the listing, what is on this machine already.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/core/access.h"
#include "daemon/engine/pull.h"
#include "daemon/layout/folder_memory.h"

namespace hfget::engine {
namespace {

// So many files are looked for at once: other work of the disk pool does not wait long.
constexpr size_t kSweep = 5000;

std::string Gigabytes(ByteCount bytes) {
  if (bytes >= kGiB) return absl::StrCat(bytes / kGiB, ".", bytes % kGiB * 10 / kGiB, " GiB");
  if (bytes >= kMiB) return absl::StrCat(bytes / kMiB, ".", bytes % kMiB * 10 / kMiB, " MiB");
  return absl::StrCat(bytes, " bytes");
}

}  // namespace

struct Pull::LocalLook {
  Secret token;
  Secret scope_token;
  std::optional<std::string> caveat;  // about the folder
  std::optional<hub::Manifest> manifest;
};

struct Pull::Sweep {
  struct FoundFile {
    bool present;
    bool has_partial;
    ByteCount needs;  // of the disk, beside what its partial file has
  };

  PullFiles::Part part;
  absl::Time now;
  std::shared_ptr<const hub::Manifest> tree;  // to be kept; null: not now
  ByteCount needed = 0;                       // of the disk, before and after
  bool writable = false;                      // the target was made ready, before and after
  std::vector<FoundFile> found;               // one a file
};

void Pull::Begin() {
  SetState(core::PullState::kListing);
  auto look = std::make_shared<LocalLook>();
  BeginAnew();
  const std::string commit = hub::IsFullCommit(spec_.revision) ? spec_.revision : commit_;
  std::shared_ptr<layout::Layout> layout;
  // What others have pulled with tokens of theirs is not listed to a guest whom the hub has not let in.
  const bool may_look = spec_.owner.empty() || !spec_.list_only;
  if (!commit.empty() && may_look) layout = NewLayout(commit);
  const bool may_find = core::MayUseOwnToken(spec_.owner, context_.config.share_token);
  const bool find_token = may_find && token_.wants_own() && !of_modelscope();
  const bool find_scope = may_find && scope_token_.wants_own();
  const std::string& target = spec_.local_dir.empty() ? spec_.cache_dir : spec_.local_dir;
  const bool scope_cache = of_modelscope() && spec_.local_dir.empty();
  context_.disk.Run(
      [look, layout, commit, owner = spec_.owner, target, check = context_.config.check_target, repo = spec_.repo, scope = scope_cache ? spec_.cache_dir : "",
       find = find_token ? context_.config.find_token : nullptr,
       find_scope = find_scope ? context_.config.find_modelscope_token : nullptr](FileSystem& fs) {
        if (check) HFGET_RETURN_IF_ERROR(check(owner, target));
        if (find) look->token = find();
        if (find_scope) look->scope_token = find_scope();
        if (!scope.empty()) look->caveat = layout::ModelScopeCaveat(fs, scope, repo);
        if (layout) look->manifest = layout->ReadTree(fs, commit);
        return absl::OkStatus();
      },
      lifetime_.Guard([this, look, reading = reading_](absl::Status status) {
        if (state_ != core::PullState::kListing || reading != reading_) return;
        if (!status.ok()) return FailDisk(status);
        OnLooked(std::move(*look));
      }));
}

void Pull::OnLooked(LocalLook look) {
  token_.Find(std::move(look.token), !spec_.owner.empty());
  scope_token_.Find(std::move(look.scope_token), !spec_.owner.empty());
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
    return OnWholeListing(std::make_shared<hub::Manifest>(*std::move(look.manifest)), false);
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
      lifetime_.Guard([this, found, reading = reading_](absl::Status) {
        if (state_ != core::PullState::kListing || reading != reading_) return;
        if (*found) return OnWholeListing(std::make_shared<hub::Manifest>(**std::move(found)), false);
        if (pinned_.listing != nullptr) return OnWholeListing(pinned_.listing, true);
        StartListing();
      }));
}

void Pull::StartListing() {
  write_tree_ = true;
  lister_->List(
      pinned_,
      lifetime_.Guard([this](Listing listing) {
        listing_source_ = context_.sources.at(lister_->listed_by()).config.name;
        OnListing(std::move(listing));
      }),
      lifetime_.Guard([this](PullError error) { Fail(std::move(error)); }));
}

void Pull::OnWholeListing(std::shared_ptr<const hub::Manifest> manifest, bool write_tree) {
  write_tree_ = write_tree;
  OnListing({std::move(manifest), true, true});
}

void Pull::BeginAnew() {
  running_.clear();
  racer_.Leave(*this, false);
  counterparts_.reset();  // which knows the files
  ++reading_;
  files_ = PullFiles(spec_.filters);
  todo_.clear();
  next_todo_ = swept_ = 0;
  listed_ = sweeping_ = settled_ = false;
  done_files_ = 0;
  done_ = reused_ = needed_ = 0;
}

void Pull::OnListing(Listing listing) {
  if (listing.anew) BeginAnew();
  files_.Take(std::move(listing.manifest));
  listed_ = listing.complete;
  last_progress_ = context_.clock.Steady();
  repo_files_ = static_cast<int>(files_.listed());
  total_files_ = static_cast<int>(files_.size());
  total_ = files_.bytes();
  path_ = layout_->SnapshotPath();
  if (listed_) {
    lister_.reset();
    if (auto error = NothingToPull()) return Fail(*std::move(error));
    if (!spec_.filters.SingleFile().empty() && files_.size() == 1) path_ = layout_->FinalPath(files_[0]);
    if (spec_.list_only) return SetState(core::PullState::kDone);
    host_.OnChanged(*this);
  }
  if (spec_.list_only) return;
  if (!spec_.dry_run) return LookOn();
  if (listed_) Plan();
}

std::optional<PullError> Pull::NothingToPull() const {
  PullError error;
  error.cause = core::ErrorCause::kNotFound;
  // ModelScope's state has a name of our own making, which says nothing to anybody else.
  const std::string where = absl::StrCat(canonical_.name, " at ", of_modelscope() ? spec_.revision : commit_.substr(0, 12));
  if (const std::string file = files_.absent(); !file.empty()) {
    error.message = absl::StrCat(where, " has no file \"", file, "\"; list what is there with --dry-run");
    return error;
  }
  if (files_.size() > 0 || files_.listed() == 0) return std::nullopt;
  error.message = absl::StrCat("none of the ", files_.listed(), " files of ", where,
                               " matches the filters; list them with --dry-run");
  return error;
}

void Pull::Plan() {
  auto present = std::make_shared<std::vector<bool>>();
  context_.disk.Run(
      [present, layout = layout_, all = files_.all()](FileSystem& fs) {
        layout::FolderMemory memory(fs);
        for (const hub::ManifestFile* file : all.files) {
          auto there = layout->IsPresent(memory, *file);
          present->push_back(there.ok() && *there);
        }
        return absl::OkStatus();
      },
      lifetime_.Guard([this, present, reading = reading_](absl::Status) {
        if (core::IsTerminal(state_) || reading != reading_) return;
        for (size_t i = 0; i < files_.size(); ++i) {
          plan_.push_back({files_[i].path, files_[i].size, (*present)[i]});
          if ((*present)[i]) reused_ += files_[i].size;
        }
        done_ = reused_;
        SetState(core::PullState::kDone);
      }));
}

void Pull::LookOn() {
  if (sweeping_ || settled_) return;
  const size_t end = std::min(files_.size(), swept_ + kSweep);
  const bool last = listed_ && end == files_.size();
  if (end == swept_ && !last) return;
  sweeping_ = true;
  auto sweep = std::make_shared<Sweep>();
  sweep->part = files_.PartOf(swept_, end);
  sweep->now = context_.clock.Wall();
  sweep->needed = needed_;
  sweep->writable = writable_;
  if (last && write_tree_) sweep->tree = files_.listing();
  context_.disk.Run([sweep, layout = layout_](FileSystem& fs) { return Prepare(fs, *layout, *sweep); },
                    lifetime_.Guard([this, sweep, last, reading = reading_](absl::Status status) {
                      if (core::IsTerminal(state_) || reading != reading_) return;
                      if (!status.ok()) return FailDisk(status, sweep->needed);
                      sweeping_ = false;
                      settled_ = last;
                      OnSwept(*sweep);
                    }));
}

absl::Status Pull::Prepare(FileSystem& fs, layout::Layout& layout, Sweep& sweep) {
  layout::FolderMemory memory(fs);
  for (const hub::ManifestFile* file : sweep.part.files) {
    // Not only looked at: content that is there by hash needs its name under this commit.
    const auto adopted = layout.Adopt(memory, *file, sweep.now);
    const bool absent = !adopted.ok() || !*adopted;
    if (absent && !sweep.writable) HFGET_RETURN_IF_ERROR(layout.CheckWritable(memory));
    sweep.writable = sweep.writable || absent;
    if (!adopted.ok()) return adopted.status();
    const std::string path = layout.PartialPath(*file);
    const bool partial = memory.Holds(path);
    const auto there = partial ? memory.LStat(path) : absl::NotFoundError("");
    const ByteCount needs = absent ? std::max<ByteCount>(0, file->size - (there.ok() ? there->size : 0)) : 0;
    sweep.found.push_back({*adopted, partial, needs});
    sweep.needed += needs;
  }
  const auto free = fs.FreeSpace(layout.SnapshotPath());
  if (free.ok() && sweep.needed > *free) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the disk is too full: ", Gigabytes(sweep.needed), " are needed and ", Gigabytes(*free),
        " are free at ", layout.SnapshotPath()));
  }
  if (sweep.tree != nullptr && sweep.writable) return layout.WriteTree(fs, *sweep.tree);
  return absl::OkStatus();
}

void Pull::OnSwept(const Sweep& sweep) {
  writable_ = sweep.writable;
  begun_ = begun_ || writable_;
  for (const Sweep::FoundFile& found : sweep.found) {
    const size_t i = swept_++;
    if (!found.present) {
      todo_.push_back({i, found.needs});
      needed_ += found.needs;
      continue;
    }
    ++done_files_;
    done_ += files_[i].size;
    reused_ += files_[i].size;
    racer_.Forget(layout_->PartialPath(files_[i]), found.has_partial);
  }
  if (!todo_.empty()) SetState(core::PullState::kFetching);
  if (settled_) SeekCounterparts();
  OpenMore();
  MaybeFinish();
  LookOn();
}

}  // namespace hfget::engine
