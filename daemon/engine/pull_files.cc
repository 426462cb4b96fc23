#include "daemon/engine/pull_files.h"

#include <algorithm>
#include <utility>

namespace hfget::engine {
namespace {

bool Plain(const std::string& file) {
  return !file.empty() && file.find_first_of("*?[") == std::string::npos && file.back() != '/';
}

}  // namespace

PullFiles::PullFiles(const hub::Filters& filters) : filters_(filters) {
  std::copy_if(filters.files.begin(), filters.files.end(), std::back_inserter(named_), &Plain);
  unseen_.insert(named_.begin(), named_.end());
}

void PullFiles::Take(std::shared_ptr<const hub::Manifest> listing) {
  for (; listed_ < listing->files.size(); ++listed_) {
    const hub::ManifestFile& file = listing->files[listed_];
    if (!unseen_.empty()) unseen_.erase(file.path);
    if (!filters_.Keeps(file.path)) continue;
    kept_.push_back(&file);
    bytes_ += file.size;
  }
  if (owners_.empty() || owners_.back() != listing) owners_.push_back(std::move(listing));
}

PullFiles::Part PullFiles::PartOf(size_t begin, size_t end) const {
  return {{kept_.begin() + begin, kept_.begin() + end}, owners_};
}

std::string PullFiles::absent() const {
  const auto found = std::find_if(named_.begin(), named_.end(), [this](const std::string& name) { return unseen_.contains(name); });
  return found == named_.end() ? "" : *found;
}

}  // namespace hfget::engine
