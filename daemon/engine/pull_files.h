// The files that one pull wants, while its listing is being read and after.
#ifndef HFGET_DAEMON_ENGINE_PULL_FILES_H_
#define HFGET_DAEMON_ENGINE_PULL_FILES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "daemon/base/types.h"
#include "daemon/engine/api.h"
#include "daemon/hub/filters.h"
#include "daemon/hub/manifest.h"

namespace hfget::engine {

// Copies no file: a listing of a million is held once. Thread: the engine; what is given out may be read anywhere.
class PullFiles {
 public:
  using Part = ListedFiles;

  PullFiles() = default;
  explicit PullFiles(const hub::Filters& filters);

  // Takes what the listing has beyond the files that were taken. REQUIRES: those are at its front.
  void Take(std::shared_ptr<const hub::Manifest> listing);

  // Of those that are kept, in the order of the listing.
  size_t size() const { return kept_.size(); }
  const hub::ManifestFile& operator[](size_t index) const { return *kept_[index]; }
  Part PartOf(size_t begin, size_t end) const;
  Part all() const { return PartOf(0, size()); }
  ByteCount bytes() const { return bytes_; }

  // Kept or not.
  size_t listed() const { return listed_; }
  // As it was taken last.
  const std::shared_ptr<const hub::Manifest>& listing() const { return owners_.back(); }
  // A file that was asked for by its name and is not listed; empty: none.
  std::string absent() const;

 private:
  hub::Filters filters_;
  std::vector<std::string> named_;
  absl::flat_hash_set<std::string> unseen_;  // of those
  std::vector<const hub::ManifestFile*> kept_;
  std::vector<std::shared_ptr<const hub::Manifest>> owners_;  // of kept_, the last one last
  size_t listed_ = 0;
  ByteCount bytes_ = 0;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_PULL_FILES_H_
