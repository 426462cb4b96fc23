// Who sent which piece of one file, and the keyed digest of what arrived: the evidence by which a liar is found.
#ifndef HFGET_DAEMON_CORE_PROVENANCE_H_
#define HFGET_DAEMON_CORE_PROVENANCE_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "daemon/base/types.h"
#include "daemon/core/scheduler.h"

namespace hfget::core {

// Pure. Thread: the engine. Source: libtorrent's smart_ban, for files whose only hash is the whole file's
// (reference/codebases.md §3.1 "Mapping to us").
class Provenance {
 public:
  using Digest = std::array<uint64_t, 2>;
  static constexpr SourceIndex kUnknown = -1;

  explicit Provenance(PieceIndex pieces) : entries_(pieces) {}

  struct Entry {
    SourceIndex source = kUnknown;
    SourceIndex also = kUnknown;  // a second sender, when the piece was continued after a broken connection
    Digest digest{};
    bool known = false;           // digest is set
  };

  const Entry& at(PieceIndex piece) const { return entries_[piece]; }
  // A piece was written (again).
  void Written(PieceIndex piece, SourceIndex source, SourceIndex also, const Digest& digest);
  void Load(PieceIndex piece, SourceIndex source, const Digest& digest);

  // The whole-file hash failed. Which pieces are to be fetched again, from anybody but their sender: those of the least trusted
  // sender that was not yet under suspicion (`trust`: higher is better, by source), but for what another has sent alike. Before
  // the most trusted sender's turn, what others have sent alike is compared with its bytes: two may have the same wrong file. Empty:
  // all was doubted in turn and the hash is still wrong.
  struct Suspicion {
    SourceIndex suspect = kUnknown;
    std::vector<PieceIndex> pieces;
  };
  Suspicion Suspect(const std::vector<double>& trust);

  // The last suspect, or who was meant by the last of several; kUnknown: none, or bytes of unknown origin.
  SourceIndex suspect() const { return suspect_; }
  // Now or in an earlier round: what it sends is no help in finding out who lied.
  bool Suspected(SourceIndex source) const { return suspected_.count(source) > 0; }
  bool UnderSuspicion() const { return !suspected_.empty(); }

  // The hash is right now: who sent pieces that differ from those that somebody else sent, and which. A piece that two have
  // sent together convicts neither: it does not tell which of them lied.
  std::map<SourceIndex, std::vector<PieceIndex>> Convicted() const;
  // The digest of what `source` had sent of a piece that was replaced since.
  std::optional<Digest> Replaced(SourceIndex source, PieceIndex piece) const;

 private:
  // What comes next when the one before has nothing left.
  enum class Doubt { kUnlike, kAlikeButUnlikeTheBest, kBestUnlike, kBestAlike, kNothing };

  std::set<SourceIndex> SendersOf(const Entry& entry) const;
  // Who has sent what the piece has now, at any time.
  std::set<SourceIndex> AgreeOn(PieceIndex piece) const;
  bool Alike(PieceIndex piece) const;
  SourceIndex MostTrusted(const std::vector<double>& trust) const;
  Suspicion LeastTrusted(const std::vector<double>& trust, SourceIndex best) const;
  Suspicion Next(const std::vector<double>& trust, SourceIndex best);
  void Remember(const Suspicion& suspicion);

  std::vector<Entry> entries_;
  Doubt doubt_ = Doubt::kUnlike;
  SourceIndex best_ = kUnknown;  // the most trusted sender
  SourceIndex suspect_ = kUnknown;
  std::set<SourceIndex> suspected_;
  std::map<PieceIndex, std::vector<Entry>> replaced_;  // what suspects had sent
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_PROVENANCE_H_
