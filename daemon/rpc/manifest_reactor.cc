#include "daemon/rpc/manifest_reactor.h"

#include <utility>

namespace hfget::rpc {

void ManifestReactor::OnManifest(engine::ManifestAnswer manifest) {
  v1::GetManifestResponse first;
  *first.mutable_manifest() = ToManifest(manifest.pull);
  Push(std::move(first));
  if (!manifest.files.files.empty()) {
    PushMany([listed = std::move(manifest.files), next = size_t{0}](v1::GetManifestResponse& out) mutable {
      for (size_t i = 0; i < kFilesAtOnce && next < listed.files.size(); ++i) *out.add_files() = ToProto(*listed.files[next++]);
      return next < listed.files.size();
    });
  }
  Close(absl::OkStatus());
}

}  // namespace hfget::rpc
