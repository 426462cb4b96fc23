// What a hostile hub may say, made from a seed: listings, headers, places to be sent to.
#ifndef HFGET_TESTS_HOSTILE_MAKER_H_
#define HFGET_TESTS_HOSTILE_MAKER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/hub/headers.h"
#include "tests/sim/dice.h"

namespace hfget::testing {

inline const std::string kHostileCommit = "0123456789abcdef0123456789abcdef01234567";

// The first seed of a run: HFGET_HOSTILE_SEED, or always the same.
uint64_t HostileSeed();

struct HostileListing {
  std::vector<std::string> pages;  // bodies, in order
  bool hopeless = false;           // nobody may take it, whatever else is in it
  std::string what;                // was done to it, for messages
};

// Thread: one.
class HostileMaker {
 public:
  explicit HostileMaker(uint64_t seed) : dice_(seed) {}

  // Valid rows, most often with one or more that are not, or with the JSON itself spoiled.
  HostileListing Listing();
  // An answer to the question which commit a revision is.
  std::string Info();
  int Status();
  // Of any answer: a few of those that carry decisions, good and bad, in any order and number.
  hub::HeaderFields Headers();
  std::string Location();
  std::string Link();
  // Not UTF-8, not printable, not short.
  std::string Junk(int max_bytes);
  std::string Path();

  Dice& dice() { return dice_; }

 private:
  struct Row;
  std::string Page(const std::vector<Row>& rows);
  void Spoil(std::vector<Row>& rows, int which, HostileListing& listing);
  void SpoilPath(std::vector<Row>& rows, Row& row, HostileListing& listing);
  void SpoilSize(Row& row, HostileListing& listing);
  void SpoilHash(Row& row, HostileListing& listing);
  void SpoilText(HostileListing& listing);
  std::string HexDigits(int count);
  std::string Value(const std::string& header);

  Dice dice_;
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_HOSTILE_MAKER_H_
