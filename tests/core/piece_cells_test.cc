#include "daemon/core/piece_cells.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr SourceIndex kA = 0, kB = 1;

// A file, a letter a piece: "." missing, "a" and "b" brought by A and B, "?" brought by nobody knows whom.
struct File {
  explicit File(const std::string& letters, ByteCount cut = 0)
      : pieces(static_cast<ByteCount>(letters.size()) * kPieceBytes - cut), provenance(letters.size()) {
    for (size_t p = 0; p < letters.size(); ++p) {
      if (letters[p] == '.') continue;
      Write(p);
      if (letters[p] != '?') provenance.Written(p, letters[p] - 'a', Provenance::kUnknown, {});
    }
  }

  void Write(PieceIndex piece) {
    pieces.BeginWrite(piece);
    pieces.Written(piece);
  }
  // Its first byte that is still to come is in `position`, counted in pieces.
  File& Asked(SourceIndex source, PieceRange range, PieceIndex position) {
    Flight flight;
    flight.source = source;
    flight.pieces = range;
    flight.position = position * kPieceBytes + 1;
    flights.push_back(flight);
    return *this;
  }
  std::vector<PieceCell> Cells(int most) const {
    std::vector<const Flight*> all;
    for (const Flight& flight : flights) all.push_back(&flight);
    return PieceCells(pieces, provenance, all, most);
  }
  // "70a" a cell, "*" in front of what is in flight.
  std::vector<std::string> Shown(int most) const {
    std::vector<std::string> shown;
    for (const PieceCell& cell : Cells(most)) {
      const std::string source = cell.source == Provenance::kUnknown ? "" : std::string(1, static_cast<char>('a' + cell.source));
      shown.push_back((cell.in_flight ? "*" : "") + std::to_string(cell.done_percent) + source);
    }
    return shown;
  }

  PieceMap pieces;
  Provenance provenance;
  std::vector<Flight> flights;
};

TEST(PieceCellsTest, APieceIsACellWhenThereIsRoom) {
  EXPECT_THAT(File("a.b").Shown(3), ElementsAre("100a", "0", "100b"));
  EXPECT_THAT(File("a.b").Shown(100), ElementsAre("100a", "0", "100b"));
}

TEST(PieceCellsTest, AFileOfNoBytesHasNoCells) { EXPECT_THAT(File("").Shown(10), IsEmpty()); }

TEST(PieceCellsTest, CellsAreEquallyLongGiveOrTakeOnePiece) {
  // Cells of 7 pieces in 3 begin at 0, 2, 4.
  EXPECT_THAT(File("a......").Shown(3), ElementsAre("50a", "0", "0"));
  EXPECT_THAT(File("..a....").Shown(3), ElementsAre("0", "50a", "0"));
  EXPECT_THAT(File("....a..").Shown(3), ElementsAre("0", "0", "33a"));
}

TEST(PieceCellsTest, AllOrNothingIsSaidOnlyWhereItIsSo) {
  std::string pieces(1000, 'a');
  pieces[7] = '.';
  EXPECT_THAT(File(pieces).Shown(1), ElementsAre("99a"));
  std::string one(1000, '.');
  one[7] = 'a';
  EXPECT_THAT(File(one).Shown(1), ElementsAre("1a"));
}

TEST(PieceCellsTest, TheLastPieceCountsWithTheBytesThatItHas) {
  EXPECT_THAT(File("a.", kPieceBytes / 2).Shown(1), ElementsAre("66a"));
  EXPECT_THAT(File(".a", kPieceBytes / 2).Shown(1), ElementsAre("33a"));
}

TEST(PieceCellsTest, IsOfWhoBroughtMost) {
  EXPECT_THAT(File("abb").Shown(1), ElementsAre("100b"));
  EXPECT_THAT(File("ba").Shown(1), ElementsAre("100a"));  // of equals the first
}

TEST(PieceCellsTest, OfAnEarlierRunItIsKnownThatItIsThereAndNotByWhom) {
  EXPECT_THAT(File("??").Shown(1), ElementsAre("100"));
  EXPECT_THAT(File("??b").Shown(1), ElementsAre("100b"));
}

TEST(PieceCellsTest, WhoFetchesItGoesBeforeWhoBroughtIt) {
  EXPECT_THAT(File("aa.").Asked(kB, {2, 3}, 2).Shown(1), ElementsAre("*66b"));
}

TEST(PieceCellsTest, InFlightIsWhatHasNotComeOfARange) {
  EXPECT_THAT(File("aa..").Asked(kA, {0, 4}, 2).Shown(4), ElementsAre("100a", "100a", "*0a", "*0a"));
}

TEST(PieceCellsTest, WhatARivalHasBroughtMeanwhileIsNotInFlight) {
  EXPECT_THAT(File("b").Asked(kA, {0, 1}, 0).Shown(1), ElementsAre("100b"));
}

TEST(PieceCellsTest, OfSeveralWhoFetchTheOneWithMostToComeIsNamed) {
  EXPECT_THAT(File("....").Asked(kA, {0, 1}, 0).Asked(kB, {1, 4}, 1).Shown(1), ElementsAre("*0b"));
}

}  // namespace
}  // namespace hfget::core
