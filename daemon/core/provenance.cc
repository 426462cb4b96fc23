#include "daemon/core/provenance.h"

namespace hfget::core {

void Provenance::Written(PieceIndex piece, SourceIndex source, SourceIndex also,
                         const Digest& digest) {
  entries_[piece] = {source, also, digest, true};
}

void Provenance::Load(PieceIndex piece, SourceIndex source, const Digest& digest) {
  entries_[piece] = {source, kUnknown, digest, true};
}

Provenance::Suspicion Provenance::Suspect(const std::vector<double>& trust) {
  std::map<SourceIndex, std::vector<PieceIndex>> senders;
  for (PieceIndex p = 0; p < static_cast<PieceIndex>(entries_.size()); ++p) {
    const Entry& e = entries_[p];
    if (suspected_.count(e.source) == 0) senders[e.source].push_back(p);
    if (e.also != kUnknown && suspected_.count(e.also) == 0) senders[e.also].push_back(p);
  }
  Suspicion out;
  double least = 0;
  for (const auto& [source, pieces] : senders) {
    const bool rated = source >= 0 && source < static_cast<SourceIndex>(trust.size());
    const double t = rated ? trust[source] : 0;
    if (out.pieces.empty() || t < least) {
      least = t;
      out = {source, pieces};
    }
  }
  if (out.pieces.empty()) return out;
  suspect_ = out.suspect;
  suspected_.insert(out.suspect);
  for (const PieceIndex p : out.pieces) replaced_[p].push_back(entries_[p]);
  return out;
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
