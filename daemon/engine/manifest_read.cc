#include "daemon/engine/manifest_read.h"

#include <utility>

#include "daemon/engine/pull_target.h"

namespace hfget::engine {

ManifestRead::ManifestRead(Context& context, Racer& racer, Prober& prober, PullSpec spec, Which which,
                           absl::AnyInvocable<void(ManifestAnswer)> done, absl::AnyInvocable<void(PullError)> failed)
    : context_(context),
      racer_(racer),
      prober_(prober),
      spec_(std::move(spec)),
      which_(which),
      done_(std::move(done)),
      failed_(std::move(failed)) {
  spec_.list_only = true;
  if (spec_.cache_dir.empty()) spec_.cache_dir = DefaultCache(spec_.repo, context_.config);
}

void ManifestRead::Begin() {
  if (which_ == Which::kAsPulled && spec_.owner.empty() && !hub::IsFullCommit(spec_.revision)) return FindRef();
  List();
}

void ManifestRead::FindRef() {
  auto commit = std::make_shared<std::string>();
  context_.disk.Run(
      [commit, layout = LayoutOf(spec_, ""), owner = spec_.owner, target = spec_.local_dir.empty() ? spec_.cache_dir : spec_.local_dir,
       check = context_.config.check_target, revision = spec_.revision](FileSystem& fs) {
        if (check && !check(owner, target).ok()) return absl::OkStatus();  // the pull says so
        *commit = layout->ReadRef(fs, revision).value_or("");
        return absl::OkStatus();
      },
      lifetime_.Guard([this, commit](absl::Status) {
        commit_as_pulled_ = std::move(*commit);
        List();
      }));
}

void ManifestRead::List() {
  pull_ = std::make_unique<Pull>(context_, racer_, *this, "", 0, std::move(spec_));
  pull_->PinTo(commit_as_pulled_);
  pull_->Begin();
}

// The pull is in the midst of something.
void ManifestRead::OnChanged(Pull& pull) {
  const bool standing = core::IsTerminal(pull.state()) || pull.state() == core::PullState::kPaused;
  if (!standing || std::exchange(over_, true)) return;
  files_ = pull.files().all();  // which a pull that has ended does not keep
  context_.timers.At(context_.clock.Steady(), lifetime_.Guard([this] { Conclude(); }));
}

void ManifestRead::Conclude() {
  if (pull_->state() != core::PullState::kDone) return failed_(pull_->error());
  done_({pull_->Brief(context_.clock.Steady()), pull_->is_private(), std::move(files_)});
}

}  // namespace hfget::engine
