// The pieces of files as a picture, coloured by who brings them. Pure.
#ifndef HFGET_CLI_PIECE_VIEW_H_
#define HFGET_CLI_PIECE_VIEW_H_

#include <string>
#include <vector>

#include "cli/render.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// The most cells of a file that are worth asking for: as many as RenderPieces has room for. `rows`: of the picture.
int CellsToAskFor(int width, int rows, int files);

// What the glyphs mean, then of each file, the largest first, a line with its name and lines of cells, a cell a column (one
// line in all when it has one cell): at most `rows` lines, none wider than style.width - 1. Without colour a source is a letter: upper case
// is there, lower case on its way.
// `pull`: how fast the files come; may know none of them.
std::vector<std::string> RenderPieces(const v1::GetPieceMapResponse& map, const v1::Pull& pull, const RenderStyle& style, int rows);

}  // namespace hfget::cli

#endif  // HFGET_CLI_PIECE_VIEW_H_
