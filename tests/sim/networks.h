// A library of networks as users have them, and how fast a perfect downloader would be on each.
#ifndef HFGET_TESTS_SIM_NETWORKS_H_
#define HFGET_TESTS_SIM_NETWORKS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "tests/sim/dice.h"
#include "tests/sim/world.h"

namespace hfget::testing {

struct Network {
  absl::string_view name;
  // Gives the world 2 to 5 sources, as the dice fall, for a pull of so many bytes.
  void (*set_up)(World& world, Dice& dice, ByteCount bytes);
};

const std::vector<Network>& Networks();

// Of a pull of so many bytes by somebody who knows all that will happen: the integral of what the sources and the line carry
// together, and the least latency. Follows from the shaping alone. REQUIRES: nothing has been sent yet.
// Units: seconds
double IdealSeconds(World& world, ByteCount bytes);

}  // namespace hfget::testing

#endif  // HFGET_TESTS_SIM_NETWORKS_H_
