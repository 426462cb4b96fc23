// How a pull is shown and how it is remembered.
#include <algorithm>
#include <iterator>
#include <map>

#include "daemon/engine/pull.h"

namespace hfget::engine {
namespace {

constexpr size_t kShownFiles = 64;

FileSnapshot::State ShownState(Transfer::State state) {
  switch (state) {
    case Transfer::State::kWaiting:
    case Transfer::State::kOpening:
      return FileSnapshot::State::kWaiting;
    case Transfer::State::kLocked:
      return FileSnapshot::State::kLocked;
    case Transfer::State::kFetching:
      return FileSnapshot::State::kFetching;
    default:
      return FileSnapshot::State::kVerifying;
  }
}

}  // namespace

PullSnapshot Pull::Brief(absl::Time now) const {
  PullSnapshot s;
  s.id = id_;
  s.owner = spec_.owner;
  s.repo = canonical_;
  s.revision = spec_.revision;
  s.commit = commit_;
  s.state = state_;
  s.error = error_;
  s.path = path_;
  s.total = total_;
  s.done = done_ + in_flight_;
  s.reused = reused_;
  s.fetched = fetched_;
  s.wasted = wasted_;
  s.total_files = total_files_;
  s.done_files = done_files_;
  s.repo_files = repo_files_;
  s.listing_source = listing_source_;
  s.notices = notices_;
  for (const PullToken* token : {&token_, &scope_token_}) {
    if (!token->notice().empty()) s.notices.push_back(token->notice());
  }
  s.created = created_;
  s.finished = finished_;
  s.terms = spec_.terms;
  s.request_id = spec_.request_id;
  s.change = change_;
  for (const auto& [index, transfer] : running_) s.done += transfer->done_bytes();
  const bool moving = state_ == core::PullState::kFetching;
  s.listing = moving && !settled_;
  if (moving) s.rate_per_sec = static_cast<ByteCount>(rate_.PerSecond(now));
  if (moving && settled_ && s.rate_per_sec > 0) s.eta = absl::Seconds((s.total - s.done) / s.rate_per_sec);
  return s;
}

std::vector<std::pair<size_t, const Transfer*>> Pull::Shown() const {
  return {running_.begin(), std::next(running_.begin(), std::min(running_.size(), kShownFiles))};
}

PieceMapSnapshot Pull::MapPieces(int most_cells) const {
  PieceMapSnapshot map;
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) map.sources.push_back(context_.sources.at(i).config.name);
  std::map<core::FileId, std::vector<const core::Flight*>> flights;
  for (const core::Flight* flight : racer_.scheduler().flights()) flights[flight->file].push_back(flight);
  for (const auto& [index, transfer] : Shown()) {
    const hub::ManifestFile& file = files_[index];
    map.files.push_back(
        {file.path, file.size, core::PieceCells(transfer->pieces(), transfer->provenance(), flights[transfer->id()], most_cells)});
  }
  return map;
}

PullSnapshot Pull::Snapshot(absl::Time now) {
  PullSnapshot s = Brief(now);
  s.plan = plan_;
  for (const auto& [index, transfer] : Shown()) {
    FileSnapshot f;
    f.path = files_[index].path;
    f.size = files_[index].size;
    f.done = transfer->done_bytes();
    f.state = ShownState(transfer->state());
    f.rate_per_sec = static_cast<ByteCount>(transfer->rate().PerSecond(now));
    s.files.push_back(std::move(f));
  }
  const bool moving = state_ == core::PullState::kFetching;
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
    const Source& source = context_.sources.at(i);
    const bool foreign = source.hub() != canonical_.hub && !counterparts_;
    if ((source.off || foreign) && shares_.count(i) == 0) continue;
    ShareSnapshot share;
    share.source = source.config.name;
    const auto found = shares_.find(i);
    if (found != shares_.end()) share.bytes = found->second.bytes;
    if (moving && found != shares_.end()) {
      share.rate_per_sec = static_cast<ByteCount>(found->second.rate.PerSecond(now));
    }
    if (moving) share.connections = racer_.ConnectionsOf(i, this);
    if (const std::string* bar = Barred(i)) {
      share.note = *bar;
    } else if (source.hub() != canonical_.hub) {
      if (counterparts_) share.note = counterparts_->NoteOn(i);
    } else if (source.absences.Has(commit_, now)) {
      share.note = "does not have this commit (yet)";
    } else if (!source.health.Usable(now) || (share.bytes == 0 && source.failures_in_a_row > 0)) {
      share.note = source.last_failure.empty() ? source.health.reason() : source.last_failure;
    }
    s.shares.push_back(std::move(share));
  }
  return s;
}

records::v1::PullRecord Pull::ToRecord() const {
  records::v1::PullRecord r;
  r.set_id(id_);
  r.set_sequence(sequence_);
  r.set_owner(spec_.owner);
  r.set_repo(spec_.repo.name);
  r.set_repo_type(static_cast<int>(spec_.repo.type));
  r.set_revision(spec_.revision);
  r.set_commit(commit_);
  for (const std::string& f : spec_.filters.files) r.add_files(f);
  for (const std::string& f : spec_.filters.include) r.add_include(f);
  for (const std::string& f : spec_.filters.exclude) r.add_exclude(f);
  r.set_local_dir(spec_.local_dir);
  r.set_cache_dir(spec_.cache_dir);
  r.set_token_origin(token_.origin());
  r.set_max_bytes_per_sec(spec_.max_bytes_per_sec);
  r.set_max_connections(spec_.max_connections);
  r.set_hub(static_cast<int>(spec_.repo.hub));
  r.set_modelscope_id(spec_.modelscope_id);
  r.set_modelscope_token_origin(scope_token_.origin());
  r.set_authority(spec_.authority);
  r.set_state(static_cast<int>(state_));
  r.set_error_cause(static_cast<int>(error_.cause));
  r.set_error_message(error_.message);
  r.set_error_source(error_.source);
  r.set_created_unix_ms(absl::ToUnixMillis(created_));
  if (finished_ != absl::InfiniteFuture()) r.set_finished_unix_ms(absl::ToUnixMillis(finished_));
  r.set_path(path_);
  r.set_listing_source(listing_source_);
  r.set_total_bytes(total_);
  r.set_total_files(total_files_);
  r.set_fetched_bytes(fetched_);
  r.set_wasted_bytes(wasted_);
  r.set_repo_files(repo_files_);
  r.set_reused_bytes(reused_);
  r.set_is_private(is_private_);
  r.set_is_gated(is_gated_);
  r.set_priority(spec_.terms.priority);
  if (spec_.terms.deadline != absl::InfiniteFuture()) r.set_deadline_unix_ms(absl::ToUnixMillis(spec_.terms.deadline));
  for (const auto& [key, value] : spec_.terms.labels) {
    auto* label = r.add_labels();
    label->set_key(key);
    label->set_value(value);
  }
  for (const auto& [name, at] : requests_.all()) {
    auto* request = r.add_requests();
    request->set_id(name);
    request->set_at_unix_ms(absl::ToUnixMillis(at));
  }
  r.set_request_id(spec_.request_id);
  r.set_held(held_);
  r.set_change(change_);
  return r;
}

// Who wanted it only as long as they were there are not known any more: that the process ended was not their doing.
void Pull::RestoreWishes(const records::v1::PullRecord& r) {
  spec_.terms.priority = r.priority();
  if (r.deadline_unix_ms() > 0) spec_.terms.deadline = absl::FromUnixMillis(r.deadline_unix_ms());
  for (const auto& label : r.labels()) spec_.terms.labels[label.key()] = label.value();
  for (const auto& request : r.requests()) requests_.Add(request.id(), absl::FromUnixMillis(request.at_unix_ms()));
  spec_.request_id = r.request_id();
  held_ = r.held();
  change_ = r.change();
  kept_ = true;
}

Pull::Pull(Context& context, Racer& racer, PullHost& host, const records::v1::PullRecord& r)
    : context_(context),
      racer_(racer),
      host_(host),
      id_(r.id()),
      sequence_(r.sequence()),
      token_(r.token_origin()),
      scope_token_(r.modelscope_token_origin()),
      error_{static_cast<core::ErrorCause>(r.error_cause()), r.error_message(), r.error_source(), {}},
      commit_(r.commit()),
      path_(r.path()),
      listing_source_(r.listing_source()),
      is_private_(r.is_private()),
      is_gated_(r.is_gated()),
      repo_files_(r.repo_files()),
      total_files_(r.total_files()),
      total_(r.total_bytes()),
      reused_(r.reused_bytes()),
      fetched_(r.fetched_bytes()),
      wasted_(r.wasted_bytes()),
      last_progress_(context.clock.Steady()),
      created_(absl::FromUnixMillis(r.created_unix_ms())) {
  spec_.repo = {static_cast<hub::RepoType>(r.repo_type()), r.repo(), static_cast<hub::Hub>(r.hub())};
  spec_.owner = r.owner();
  spec_.modelscope_id = r.modelscope_id();
  spec_.revision = r.revision();
  spec_.filters.files.assign(r.files().begin(), r.files().end());
  spec_.filters.include.assign(r.include().begin(), r.include().end());
  spec_.filters.exclude.assign(r.exclude().begin(), r.exclude().end());
  spec_.local_dir = r.local_dir();
  spec_.cache_dir = r.cache_dir();
  spec_.authority = r.authority();
  SetLimits(r.max_bytes_per_sec(), r.max_connections());
  canonical_ = spec_.repo;
  const auto state = static_cast<core::PullState>(r.state());
  state_ = core::IsTerminal(state) || state == core::PullState::kNeedsToken ? state : core::PullState::kQueued;
  begun_ = state_ == core::PullState::kQueued && state != core::PullState::kQueued && state != core::PullState::kListing;
  if (state == core::PullState::kPaused) error_ = {};
  RestoreWishes(r);
  if (held_ && state == core::PullState::kPaused) state_ = state;
  if (r.finished_unix_ms() > 0) finished_ = absl::FromUnixMillis(r.finished_unix_ms());
  if (state_ == core::PullState::kDone) {
    done_ = total_;
    done_files_ = total_files_;
  }
}

}  // namespace hfget::engine
