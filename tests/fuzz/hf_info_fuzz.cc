// The info call of a Hugging Face hub.
#include "daemon/hub/hf_dialect.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  const auto info = hub::ParseInfo(input);
  if (!info.ok()) return HOLDS(IsOneLine(info.status().message()));
  HOLDS(hub::IsFullCommit(info->commit));
  HOLDS(info->name.empty() || hub::CheckRepoName(info->name).ok());
  HOLDS(info->siblings.size() <= 1'000'000);
}

}  // namespace hfget::fuzz
