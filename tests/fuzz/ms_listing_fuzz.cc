// A listing of ModelScope: the first line "model" or "dataset", then its replies, "%%" on a line of its own between two.
#include <algorithm>

#include "daemon/hub/manifest_builder.h"
#include "daemon/hub/ms_commit.h"
#include "daemon/hub/ms_dialect.h"
#include "daemon/hub/url.h"
#include "tests/fuzz/listing.h"

namespace hfget::fuzz {
namespace {

void CheckCommit(const hub::ManifestFiles& files) {
  const std::string commit = hub::MsCommit(files);
  HOLDS(hub::IsFullCommit(commit));
  hub::ManifestFiles turned(files.rbegin(), files.rend());
  HOLDS(hub::MsCommit(turned) == commit);
  if (turned.empty()) return;
  turned.front().size ^= 1;
  HOLDS(hub::MsCommit(turned) != commit);
}

}  // namespace

FUZZ(input) {
  Lines lines(input);
  const bool dataset = lines.Next() == "dataset";
  const hub::RepoId repo{dataset ? hub::RepoType::kDataset : hub::RepoType::kModel, "org/name",
                         hub::Hub::kModelScope};
  hub::MsListing listing("https://modelscope.example", repo, "master", {10, 5000});
  hub::ManifestBuilder builder(repo, "");
  size_t replies = 0;
  for (const absl::string_view reply : SplitReplies(lines.Rest())) {
    const std::string url = listing.NextUrl();
    if (url.empty()) break;
    HOLDS(hub::ParseUrl(url).ok() && ++replies <= 10);
    auto files = listing.Add(reply);
    if (!files.ok()) return HOLDS(IsOneLine(files.status().message()));
    for (const auto& file : *files) CheckFile(file);
    if (!builder.AddPage(*std::move(files)).ok()) return;
  }
  CheckCommit(builder.so_far()->files);
}

}  // namespace hfget::fuzz
