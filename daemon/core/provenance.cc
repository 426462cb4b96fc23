#include "daemon/core/provenance.h"

#include <algorithm>

namespace hfget::core {

void Provenance::Written(PieceIndex piece, SourceIndex source, SourceIndex also,
                         const Digest& digest) {
  entries_[piece] = {source, also, digest, true};
}

void Provenance::Load(PieceIndex piece, SourceIndex source, const Digest& digest) {
  entries_[piece] = {source, kUnknown, digest, true};
}

std::set<SourceIndex> Provenance::SendersOf(const Entry& entry) const {
  std::set<SourceIndex> senders = {entry.source};
  if (entry.also != kUnknown) senders.insert(entry.also);
  return senders;
}

std::set<SourceIndex> Provenance::AgreeOn(PieceIndex piece) const {
  std::set<SourceIndex> all = SendersOf(entries_[piece]);
  const auto replaced = replaced_.find(piece);
  if (replaced == replaced_.end()) return all;
  for (const Entry& e : replaced->second) {
    if (e.known && entries_[piece].known && e.digest == entries_[piece].digest) all.merge(SendersOf(e));
  }
  return all;
}

// Of two who share an entry, either may have sent all of it.
bool Provenance::Alike(PieceIndex piece) const {
  const auto replaced = replaced_.find(piece);
  if (replaced == replaced_.end() || !entries_[piece].known) return false;
  const std::set<SourceIndex> now = SendersOf(entries_[piece]);
  return std::any_of(replaced->second.begin(), replaced->second.end(), [&](const Entry& e) {
    if (!e.known || e.digest != entries_[piece].digest) return false;
    return e.source != kUnknown && now.count(kUnknown) == 0 && now.count(e.source) == 0 && now.count(e.also) == 0;
  });
}

namespace {

double TrustIn(SourceIndex source, const std::vector<double>& trust) {
  return source >= 0 && source < static_cast<SourceIndex>(trust.size()) ? trust[source] : 0;
}

}  // namespace

SourceIndex Provenance::MostTrusted(const std::vector<double>& trust) const {
  std::set<SourceIndex> senders;
  for (const Entry& e : entries_) senders.merge(SendersOf(e));
  SourceIndex best = kUnknown;
  for (const SourceIndex source : senders) {
    if (source == kUnknown || suspected_.count(source) > 0) continue;
    if (best == kUnknown || TrustIn(source, trust) > TrustIn(best, trust)) best = source;
  }
  return best;
}

Provenance::Suspicion Provenance::LeastTrusted(const std::vector<double>& trust, SourceIndex best) const {
  std::map<SourceIndex, std::vector<PieceIndex>> suspects;
  for (PieceIndex p = 0; p < static_cast<PieceIndex>(entries_.size()); ++p) {
    if (Alike(p)) continue;
    for (const SourceIndex source : SendersOf(entries_[p])) {
      if (source != best && suspected_.count(source) == 0) suspects[source].push_back(p);
    }
  }
  Suspicion out;
  for (auto& [source, pieces] : suspects) {
    if (out.pieces.empty() || TrustIn(source, trust) < TrustIn(out.suspect, trust)) out = {source, std::move(pieces)};
  }
  return out;
}

// Of the later doubts: what they are about. `best` is kUnknown when all senders were suspected.
Provenance::Suspicion Provenance::Next(const std::vector<double>& trust, SourceIndex best) {
  if (doubt_ == Doubt::kUnlike) return LeastTrusted(trust, best);
  Suspicion out{best, {}};
  for (PieceIndex p = 0; p < static_cast<PieceIndex>(entries_.size()); ++p) {
    const bool of_best = AgreeOn(p).count(best) > 0;
    const bool doubted = doubt_ == Doubt::kAlikeButUnlikeTheBest ? !of_best && Alike(p)
                                                                 : of_best && Alike(p) == (doubt_ == Doubt::kBestAlike);
    if (doubted) out.pieces.push_back(p);
  }
  return out;
}

void Provenance::Remember(const Suspicion& suspicion) {
  for (const PieceIndex p : suspicion.pieces) {
    // Whose bytes are compared with the best one's must not be asked for them.
    if (doubt_ == Doubt::kAlikeButUnlikeTheBest) suspected_.merge(AgreeOn(p));
    replaced_[p].push_back(entries_[p]);
  }
  if (doubt_ == Doubt::kAlikeButUnlikeTheBest) return;
  suspect_ = suspicion.suspect;
  suspected_.insert(suspicion.suspect);
}

Provenance::Suspicion Provenance::Suspect(const std::vector<double>& trust) {
  if (doubt_ < Doubt::kBestAlike) best_ = MostTrusted(trust) != kUnknown ? MostTrusted(trust) : best_;
  for (; doubt_ != Doubt::kNothing; doubt_ = static_cast<Doubt>(static_cast<int>(doubt_) + 1)) {
    Suspicion out = Next(trust, best_);
    if (out.pieces.empty()) continue;
    Remember(out);
    // Only the first is about one after another.
    if (doubt_ != Doubt::kUnlike) doubt_ = static_cast<Doubt>(static_cast<int>(doubt_) + 1);
    return out;
  }
  return {};
}

// Only what has passed the whole hash is a measure. A digest that differs from another suspect's proves nothing.
std::map<SourceIndex, std::vector<PieceIndex>> Provenance::Convicted() const {
  std::map<SourceIndex, std::vector<PieceIndex>> convicted;
  for (const auto& [piece, entries] : replaced_) {
    for (const Entry& e : entries) {
      if (!e.known || e.source == kUnknown || e.also != kUnknown) continue;
      if (e.digest == entries_[piece].digest) continue;
      if (e.source == entries_[piece].source) continue;  // it has mended itself
      std::vector<PieceIndex>& pieces = convicted[e.source];
      if (pieces.empty() || pieces.back() != piece) pieces.push_back(piece);
    }
  }
  return convicted;
}

std::optional<Provenance::Digest> Provenance::Replaced(SourceIndex source, PieceIndex piece) const {
  const auto found = replaced_.find(piece);
  if (found == replaced_.end()) return std::nullopt;
  for (const Entry& e : found->second) {
    if (e.known && e.source == source && e.digest != entries_[piece].digest) return e.digest;
  }
  return std::nullopt;
}

}  // namespace hfget::core
