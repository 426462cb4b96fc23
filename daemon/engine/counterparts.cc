#include "daemon/engine/counterparts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/hub/ms_dialect.h"

namespace hfget::engine {

Counterparts::Counterparts(Context& context, Wish wish, std::vector<const hub::ManifestFile*> files)
    : context_(context), wish_(std::move(wish)), wanted_(std::move(files)) {
  hub::CounterpartTable table;
  table.ids = context_.config.modelscope_ids;
  candidates_ = hub::CounterpartCandidates(wish_.repo, wish_.given_id, table);
}

void Counterparts::Begin() {
  // Nothing could prove that it is the same repo.
  const bool provable = std::any_of(wanted_.begin(), wanted_.end(), [](const hub::ManifestFile* f) {
    return f->hash.kind == ContentHash::Kind::kSha256 && f->size > 0;
  });
  if (!provable) return;
  const absl::Time now = context_.clock.Steady();
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
    if (context_.sources.at(i).hub() != hub::Hub::kModelScope || !context_.sources.Usable(i, now)) continue;
    searches_[i];
    AskNext(i);
  }
}

void Counterparts::Stop() {
  for (auto& [source, search] : searches_) {
    search.attempt.reset();
    search.over = true;
  }
}

void Counterparts::AskNext(core::SourceIndex source) {
  Search& search = searches_[source];
  if (search.next == candidates_.size()) {
    return End(search, search.note.empty() ? "has no repo of this name" : search.note);
  }
  search.repo = {wish_.repo.type, candidates_[search.next++], hub::Hub::kModelScope};
  ListingAttempt::Wish wish;
  wish.repo = search.repo;
  wish.revision = std::string(hub::DefaultRevision(hub::Hub::kModelScope));
  wish.token = wish_.token;
  search.attempt = std::make_unique<ListingAttempt>(
      context_, source, std::move(wish), lifetime_.Guard([this, source](ListingVerdict verdict) {
        OnVerdict(source, std::move(verdict));
      }));
}

void Counterparts::OnVerdict(core::SourceIndex source, ListingVerdict verdict) {
  Search& search = searches_[source];
  const auto finished = std::move(search.attempt);  // lives until this function ends
  const absl::Time now = context_.clock.Steady();
  if (verdict.manifest) {
    context_.sources.OnSuccess(source, now);
    search.found = hub::MatchCounterpart(wanted_, verdict.manifest->files);
    if (search.found.accepted) {
      spdlog::info("{} at source {} is {}, by its hashes", wish_.repo.name, context_.sources.at(source).config.name,
                   search.repo.name);
      return End(search, absl::StrCat("as ", search.repo.name));
    }
    search.note = absl::StrCat(search.repo.name, " there holds other files");
    return AskNext(source);
  }
  if (verdict.said && verdict.said->cause == core::ErrorCause::kNotFound) {
    context_.sources.OnSuccess(source, now);  // in its own words: it speaks the dialect
    return AskNext(source);
  }
  context_.sources.OnFailure(source, verdict.failure, verdict.rest, verdict.why, now, context_.rng);
  search.failed = true;
  End(search, std::move(verdict.why));
}

void Counterparts::End(Search& search, std::string note) {
  search.over = true;
  search.note = std::move(note);
}

Supply Counterparts::Of(core::SourceIndex source, const hub::ManifestFile& file) const {
  const auto search = searches_.find(source);
  if (search == searches_.end()) return Supply::kHasNot;
  if (!search->second.over) return Supply::kUnknownYet;
  const hub::Counterpart& found = search->second.found;
  if (!found.accepted) return Supply::kHasNot;
  if (found.proven.count(file.path) > 0) return Supply::kHas;
  return found.maybe.count(file.path) > 0 ? Supply::kMaybe : Supply::kHasNot;
}

std::string Counterparts::UrlOf(core::SourceIndex source, const hub::ManifestFile& file) const {
  const auto search = searches_.find(source);
  if (search == searches_.end()) return "";
  return hub::MsFileUrl(context_.sources.at(source).config.endpoint, search->second.repo,
                        hub::DefaultRevision(hub::Hub::kModelScope), file.path);
}

std::string Counterparts::NoteOn(core::SourceIndex source) const {
  const auto search = searches_.find(source);
  if (search == searches_.end()) return "";
  return search->second.over ? search->second.note : "is asked under which name it has this repo";
}

bool Counterparts::Unanswered(core::SourceIndex source) const {
  const auto search = searches_.find(source);
  return search == searches_.end() || search->second.failed;
}

}  // namespace hfget::engine
