// Pages of a tree listing, in order, put together into a manifest. Bounded, whatever a hub sends.
#ifndef HFGET_DAEMON_HUB_MANIFEST_BUILDER_H_
#define HFGET_DAEMON_HUB_MANIFEST_BUILDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/hub/manifest.h"
#include "daemon/hub/path_check.h"

namespace hfget::hub {

class ManifestBuilder {
 public:
  // What a hub may make us hold. No promise that a listing within it is sensible.
  struct Limits {
    size_t files = 5'000'000;
    size_t path_bytes = size_t{256} << 20;         // of all paths together
    ByteCount held_bytes = ByteCount{1} << 30;     // of memory, as far as can be told: 2.5 million large files, 4 million small ones
    ByteCount total_bytes = ByteCount{1} << 60;  // of all files together, so that sums never overflow
  };

  ManifestBuilder(RepoId repo, std::string commit) : ManifestBuilder(repo, commit, Limits()) {}
  ManifestBuilder(RepoId repo, std::string commit, Limits limits);

  // REQUIRES: `rows` come from ParseTreePage. After an error the builder is of no more use. Errors: INVALID_ARGUMENT for a
  // duplicate (also: the same page again), a file that is a folder elsewhere; RESOURCE_EXHAUSTED beyond the limits above.
  absl::Status AddPage(std::vector<ManifestFile> rows);

  size_t files() const { return manifest_->files.size(); }
  ByteCount total_bytes() const { return total_bytes_; }

  // What there is so far: later pages are added at its end, what is there stays where it is.
  std::shared_ptr<const Manifest> so_far() const { return manifest_; }
  // For a hub whose name for the state follows from the files.
  void SetCommit(std::string commit) { manifest_->commit = std::move(commit); }

 private:
  absl::Status Add(ManifestFile file);

  Limits limits_;
  const std::shared_ptr<Manifest> manifest_ = std::make_shared<Manifest>();
  PathSet paths_;
  size_t path_bytes_ = 0;
  ByteCount held_bytes_ = 0;
  ByteCount total_bytes_ = 0;
};

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_MANIFEST_BUILDER_H_
