#include "daemon/core/provenance.h"

namespace hfget::core {

void Provenance::Written(PieceIndex piece, SourceIndex source, SourceIndex also,
                         const Digest& digest) {
  const auto before = before_.find(piece);
  if (before != before_.end()) {
    const Entry& old = before->second;
    if (old.known && old.digest != digest) {
      differing_[old.source].push_back(piece);
      if (old.also != kUnknown) differing_[old.also].push_back(piece);
    }
    before_.erase(before);
  }
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
  for (const PieceIndex p : out.pieces) before_[p] = entries_[p];
  return out;
}

}  // namespace hfget::core
