// "50MB" and the like.
#include "daemon/toml_reader.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  const auto rate = ParseByteRate(input);
  if (rate.ok()) HOLDS(*rate >= 0 && *rate <= 1'000'000'000'000'000);
  if (!rate.ok()) HOLDS(IsOneLine(rate.status().message()));
  const std::string near = Nearest(input.substr(0, 200), {"rate", "max_connections", "cache_dir"});
  HOLDS(near.empty() || near == "rate" || near == "max_connections" || near == "cache_dir");
}

}  // namespace hfget::fuzz
