#include "daemon/core/provenance.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr SourceIndex kUnknown = Provenance::kUnknown;
constexpr SourceIndex kA = 0, kB = 1, kC = 2;
const std::vector<double> kTrust = {3, 1, 2};  // B is trusted least, then C, then A

// What a piece's right bytes digest to, and what a liar's do.
Provenance::Digest Right(PieceIndex piece) { return {static_cast<uint64_t>(piece), 1}; }
Provenance::Digest Wrong(PieceIndex piece, uint64_t how = 2) { return {static_cast<uint64_t>(piece), how}; }

struct Sent {
  SourceIndex source;
  bool right = true;
  SourceIndex also = kUnknown;
};

// A file whose pieces came so, in order.
Provenance File(const std::vector<Sent>& pieces) {
  Provenance provenance(pieces.size());
  for (size_t p = 0; p < pieces.size(); ++p) {
    provenance.Written(p, pieces[p].source, pieces[p].also, pieces[p].right ? Right(p) : Wrong(p));
  }
  return provenance;
}

TEST(ProvenanceTest, KnowsWhoSentWhat) {
  Provenance provenance(2);
  EXPECT_FALSE(provenance.at(0).known);
  provenance.Written(1, kB, kC, Right(1));
  EXPECT_TRUE(provenance.at(1).known);
  EXPECT_EQ(provenance.at(1).source, kB);
  EXPECT_EQ(provenance.at(1).also, kC);
  EXPECT_EQ(provenance.at(1).digest, Right(1));
}

TEST(ProvenanceTest, SuspectsAllPiecesOfTheLeastTrusted) {
  Provenance provenance = File({{kA}, {kB}, {kC}, {kB}, {kA}});
  const auto suspicion = provenance.Suspect(kTrust);
  EXPECT_EQ(suspicion.suspect, kB);
  EXPECT_THAT(suspicion.pieces, ElementsAre(1, 3));
  EXPECT_EQ(provenance.suspect(), kB);
  EXPECT_TRUE(provenance.UnderSuspicion());
}

TEST(ProvenanceTest, APieceThatTwoSentTogetherIsSuspectWithEither) {
  Provenance provenance = File({{kA}, {kA, true, kB}, {kC}});
  EXPECT_THAT(provenance.Suspect(kTrust).pieces, ElementsAre(1));
}

TEST(ProvenanceTest, SuspectsOneAfterAnotherAndThenNobody) {
  Provenance provenance = File({{kA}, {kB}, {kC}});
  EXPECT_EQ(provenance.Suspect(kTrust).suspect, kB);
  EXPECT_EQ(provenance.Suspect(kTrust).suspect, kC);
  EXPECT_EQ(provenance.Suspect(kTrust).suspect, kA);
  EXPECT_THAT(provenance.Suspect(kTrust).pieces, IsEmpty());
}

TEST(ProvenanceTest, BytesOfUnknownOriginAreTrustedLeast) {
  Provenance provenance(3);
  provenance.Written(0, kB, kUnknown, Right(0));
  const auto suspicion = provenance.Suspect(kTrust);
  EXPECT_EQ(suspicion.suspect, kUnknown);
  EXPECT_THAT(suspicion.pieces, ElementsAre(1, 2));
}

TEST(ProvenanceTest, ASenderThatNobodyRatedIsTrustedLeast) {
  Provenance provenance = File({{kA}, {7}});
  EXPECT_EQ(provenance.Suspect(kTrust).suspect, 7);
}

TEST(ProvenanceTest, NobodyIsConvictedWithoutSuspicion) {
  EXPECT_THAT(File({{kA}, {kB, false}}).Convicted(), IsEmpty());
}

TEST(ProvenanceTest, ConvictsTheSenderOfExactlyThePiecesThatWereReplaced) {
  Provenance provenance = File({{kA}, {kB, false}, {kB}, {kB, false}});
  for (const PieceIndex p : provenance.Suspect(kTrust).pieces) provenance.Written(p, kA, kUnknown, Right(p));
  EXPECT_THAT(provenance.Convicted(), ElementsAre(Pair(kB, ElementsAre(1, 3))));
}

TEST(ProvenanceTest, TheSameBytesFromAnotherClearTheSuspect) {
  Provenance provenance = File({{kA, false}, {kB}});
  provenance.Suspect(kTrust);
  provenance.Written(1, kA, kUnknown, Right(1));
  EXPECT_THAT(provenance.Convicted(), IsEmpty());
}

// B, innocent, is suspected first; C replaces its pieces by wrong ones and is found in the next round.
TEST(ProvenanceTest, ALiarThatReplacedGoodPiecesConvictsNobodyButItself) {
  Provenance provenance = File({{kB}, {kB}, {kC, false}});
  for (const PieceIndex p : provenance.Suspect(kTrust).pieces) provenance.Written(p, kC, kUnknown, Wrong(p));
  const auto second = provenance.Suspect(kTrust);
  EXPECT_EQ(second.suspect, kC);
  EXPECT_THAT(second.pieces, ElementsAre(0, 1, 2));
  for (const PieceIndex p : second.pieces) provenance.Written(p, kA, kUnknown, Right(p));
  EXPECT_THAT(provenance.Convicted(), ElementsAre(Pair(kC, ElementsAre(0, 1, 2))));
}

TEST(ProvenanceTest, ConvictsTwoLiarsOfOnePiece) {
  Provenance provenance = File({{kB, false}, {kC}});
  provenance.Suspect(kTrust);
  provenance.Written(0, kC, kUnknown, Wrong(0, 3));
  for (const PieceIndex p : provenance.Suspect(kTrust).pieces) provenance.Written(p, kA, kUnknown, Right(p));
  EXPECT_THAT(provenance.Convicted(), UnorderedElementsAre(Pair(kB, ElementsAre(0)), Pair(kC, ElementsAre(0))));
}

TEST(ProvenanceTest, APieceThatTwoSentTogetherConvictsNeither) {
  Provenance provenance = File({{kA, false, kB}, {kB, false, kA}});
  for (const PieceIndex p : provenance.Suspect(kTrust).pieces) provenance.Written(p, kC, kUnknown, Right(p));
  EXPECT_THAT(provenance.Convicted(), IsEmpty());
}

TEST(ProvenanceTest, ASenderThatSendsBetterBytesTheSecondTimeIsNotConvicted) {
  Provenance provenance = File({{kA, false}});
  for (const PieceIndex p : provenance.Suspect(kTrust).pieces) provenance.Written(p, kA, kUnknown, Right(p));
  EXPECT_THAT(provenance.Convicted(), IsEmpty());
}

// Fetches all that is suspect again, from the first of `helpers` that is not under suspicion. How many pieces that were.
size_t FetchAgain(Provenance& provenance, const std::vector<PieceIndex>& pieces, const std::vector<SourceIndex>& helpers,
                  const std::set<SourceIndex>& liars, const std::set<PieceIndex>& lies) {
  for (const PieceIndex p : pieces) {
    const auto helper = std::find_if(helpers.begin(), helpers.end(), [&](SourceIndex s) { return !provenance.Suspected(s); });
    const SourceIndex source = helper != helpers.end() ? *helper : helpers.front();
    provenance.Written(p, source, kUnknown, liars.count(source) > 0 && lies.count(p) > 0 ? Wrong(p) : Right(p));
  }
  return pieces.size();
}

TEST(ProvenanceTest, WhatTwoHaveSentAlikeIsNotFetchedAgain) {
  Provenance provenance = File({{kB}, {kB}, {kC}, {kC, false}, {kA}});
  EXPECT_EQ(FetchAgain(provenance, provenance.Suspect(kTrust).pieces, {kC}, {}, {}), 2u);
  const auto second = provenance.Suspect(kTrust);
  EXPECT_EQ(second.suspect, kC);
  EXPECT_THAT(second.pieces, ElementsAre(2, 3)) << "0 and 1 are as B had sent them";
  FetchAgain(provenance, second.pieces, {kA}, {}, {});
  EXPECT_THAT(provenance.Convicted(), ElementsAre(Pair(kC, ElementsAre(3))));
}

TEST(ProvenanceTest, TheMostTrustedIsFoundOutByFetchingEachPieceAtMostTwice) {
  Provenance provenance = File({{kB}, {kB}, {kC}, {kC}, {kA}, {kA, false}});
  size_t again = FetchAgain(provenance, provenance.Suspect(kTrust).pieces, {kC, kA}, {kA}, {5});
  again += FetchAgain(provenance, provenance.Suspect(kTrust).pieces, {kA}, {kA}, {5});
  auto third = provenance.Suspect(kTrust);
  EXPECT_THAT(third.pieces, ElementsAre(0, 1)) << "what B and C have sent alike, as A would send it";
  again += FetchAgain(provenance, third.pieces, {kC, kB, kA}, {kA}, {5});
  third = provenance.Suspect(kTrust);
  EXPECT_EQ(third.suspect, kA);
  EXPECT_THAT(third.pieces, ElementsAre(4, 5));
  again += FetchAgain(provenance, third.pieces, {kB}, {kA}, {5});
  EXPECT_EQ(again, 8u);
  EXPECT_THAT(provenance.Convicted(), ElementsAre(Pair(kA, ElementsAre(5))));
}

TEST(ProvenanceTest, TwoWithTheSameWrongFileAreBothFound) {
  const std::set<PieceIndex> all = {0, 1, 2, 3, 4};
  Provenance provenance = File({{kB, false}, {kB, false}, {kC, false}, {kC, false}, {kA}});
  FetchAgain(provenance, provenance.Suspect(kTrust).pieces, {kC, kA}, {kB, kC}, all);
  FetchAgain(provenance, provenance.Suspect(kTrust).pieces, {kA}, {kB, kC}, all);
  const auto third = provenance.Suspect(kTrust);
  EXPECT_THAT(third.pieces, ElementsAre(0, 1));
  EXPECT_FALSE(provenance.Suspected(kA));
  FetchAgain(provenance, third.pieces, {kA}, {kB, kC}, all);
  for (PieceIndex p = 0; p < 5; ++p) EXPECT_EQ(provenance.at(p).digest, Right(p));
  EXPECT_THAT(provenance.Convicted(), UnorderedElementsAre(Pair(kB, ElementsAre(0, 1)), Pair(kC, ElementsAre(0, 1, 2, 3))));
}

TEST(ProvenanceTest, InTheEndAllIsDoubtedAndThenNothing) {
  Provenance provenance = File({{kB}, {kA}});
  FetchAgain(provenance, provenance.Suspect(kTrust).pieces, {kA}, {}, {});
  auto suspicion = provenance.Suspect(kTrust);
  EXPECT_THAT(suspicion.pieces, ElementsAre(1));
  FetchAgain(provenance, suspicion.pieces, {kB}, {}, {});
  EXPECT_THAT(provenance.Suspect(kTrust).pieces, ElementsAre(0, 1)) << "A and B may have the same wrong file";
  EXPECT_THAT(provenance.Suspect(kTrust).pieces, IsEmpty());
}

TEST(ProvenanceTest, BytesOfUnknownOriginConvictNobody) {
  Provenance provenance(1);
  for (const PieceIndex p : provenance.Suspect(kTrust).pieces) provenance.Written(p, kA, kUnknown, Right(p));
  EXPECT_THAT(provenance.Convicted(), IsEmpty());
}

TEST(ProvenanceTest, WhatAnEarlierRunRecordedIsEvidence) {
  Provenance provenance(2);
  provenance.Load(0, kB, Wrong(0));
  provenance.Written(1, kA, kUnknown, Right(1));
  for (const PieceIndex p : provenance.Suspect(kTrust).pieces) provenance.Written(p, kA, kUnknown, Right(p));
  EXPECT_THAT(provenance.Convicted(), ElementsAre(Pair(kB, ElementsAre(0))));
}

}  // namespace
}  // namespace hfget::core
