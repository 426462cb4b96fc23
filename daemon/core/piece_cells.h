// The piece map of one file for the eye: a few cells in place of many pieces.
#ifndef HFGET_DAEMON_CORE_PIECE_CELLS_H_
#define HFGET_DAEMON_CORE_PIECE_CELLS_H_

#include <vector>

#include "daemon/core/piece_map.h"
#include "daemon/core/provenance.h"
#include "daemon/core/scheduler.h"

namespace hfget::core {

struct PieceCell {
  int done_percent = 0;    // of its bytes, written: 100 only when all are, 0 only when none is
  bool in_flight = false;  // some of it is asked for and has not come
  // Who fetches most of it; when nobody does, who brought most of what is there. Of equals the first.
  SourceIndex source = Provenance::kUnknown;
};

// Pure. At most `most` cells, of at least one piece each; cell i of n begins at piece i * pieces / n. `flights`: those of this file.
// REQUIRES: most > 0.
std::vector<PieceCell> PieceCells(const PieceMap& pieces, const Provenance& provenance, const std::vector<const Flight*>& flights,
                                  int most);

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_PIECE_CELLS_H_
