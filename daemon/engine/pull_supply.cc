// What each source has of a pull's files, where, and how fast the pull may have it.
#include <utility>
#include <vector>

#include "daemon/engine/pull.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/ms_dialect.h"

namespace hfget::engine {

void Pull::SetLimits(ByteCount max_bytes_per_sec, int max_connections) {
  const absl::Time now = context_.clock.Steady();
  if (max_connections > 0) spec_.max_connections = max_connections;
  if (max_bytes_per_sec <= 0) return;
  spec_.max_bytes_per_sec = max_bytes_per_sec;
  // Fetches that are under way draw on the one that there is.
  if (bucket_ != nullptr) return bucket_->SetRate(max_bytes_per_sec, now);
  bucket_ = std::make_shared<core::TokenBucket>(max_bytes_per_sec, now);
}

// The name of a private repo is nobody else's business, unless the user has said where else it is.
bool Pull::MaySeekCounterparts() const {
  return canonical_.hub == hub::Hub::kHuggingFace && (!is_private_ || !spec_.modelscope_id.empty());
}

void Pull::SeekCounterparts() {
  counterparts_.reset();
  if (todo_.empty() || !MaySeekCounterparts()) return;
  std::vector<const hub::ManifestFile*> wanted;
  for (const Todo& todo : todo_) wanted.push_back(&files_[todo.file]);
  counterparts_.emplace(context_, Counterparts::Wish{canonical_, spec_.modelscope_id, &scope_token_}, wanted);
  counterparts_->Begin();
}

Supply Pull::SupplyAt(core::SourceIndex source, size_t file_index) const {
  if (context_.sources.at(source).hub() == canonical_.hub) return Supply::kHas;
  if (counterparts_) return counterparts_->Of(source, files_[file_index]);
  // It is asked when all files are known.
  return !settled_ && MaySeekCounterparts() ? Supply::kUnknownYet : Supply::kHasNot;
}

std::string Pull::UrlAt(core::SourceIndex source, size_t file_index) const {
  const Source& s = context_.sources.at(source);
  const hub::ManifestFile& file = files_[file_index];
  if (s.hub() != canonical_.hub) return counterparts_ ? counterparts_->UrlOf(source, file) : "";
  if (of_modelscope()) return hub::MsFileUrl(s.config.endpoint, canonical_, spec_.revision, file.path);
  return hub::ResolveUrl(s.config.endpoint, canonical_, commit_, file.path);
}

}  // namespace hfget::engine
