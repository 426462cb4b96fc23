#include "daemon/engine/file_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hfget::engine {

bool FileCheck::Advance(FileSystem& fs, layout::Layout& layout, ByteCount most) {
  if (!said_ && open_ == nullptr) Look(fs, layout);
  if (!said_) Read(most);
  if (said_ && distrust_ && Wrong()) GiveUp(fs, layout);
  if (said_ && first_) verdict_ = *std::move(first_);
  return said_;
}

void FileCheck::Look(FileSystem& fs, layout::Layout& layout) {
  const auto found = layout.Find(fs, file_);
  if (!found.ok()) return SayUnreadable(found.status());
  if (!*found) return Say(Verdict::kMissing, "it is not there");
  verdict_.found_path = (*found)->path;
  named_ = (*found)->named;
  const absl::StatusOr<FileInfo> info = fs.Stat((*found)->path);
  if (!info.ok()) return SayUnreadable(info.status());
  verdict_.found_size = info->size;
  if (info->is_directory) return Say(Verdict::kUnreadable, "a folder is in its place");
  if (info->size != file_.size) {
    return Say(Verdict::kWrongSize, absl::StrCat("it has ", info->size, " bytes, and ", file_.size, " are listed"));
  }
  if (file_.hash.kind == ContentHash::Kind::kNone) return Say(Verdict::kNoHash, "the listing has no hash of it");
  auto open = fs.OpenForRead((*found)->path);
  if (!open.ok()) return SayUnreadable(open.status());
  open_ = *std::move(open);
  hasher_.emplace(file_.hash.kind, file_.size);
}

void FileCheck::Read(ByteCount most) {
  const std::unique_ptr<char[]> room(new char[kPieceBytes]);
  const ByteCount end = std::min(file_.size, hasher_->hashed_bytes() + most);
  while (hasher_->hashed_bytes() < end) {
    const absl::Span<char> bytes(room.get(), static_cast<size_t>(std::min(file_.size - hasher_->hashed_bytes(), kPieceBytes)));
    const absl::Status status = open_->PRead(hasher_->hashed_bytes(), bytes);
    if (!status.ok()) return SayUnreadable(status);
    hasher_->Update({bytes.data(), bytes.size()});
    read_ += static_cast<ByteCount>(bytes.size());
  }
  if (end == file_.size) OnWhole();
}

void FileCheck::OnWhole() {
  std::string hash = hasher_->Result().hex;
  if (hash == file_.hash.hex) {
    return named_ ? Say(Verdict::kGood, "")
                  : Say(Verdict::kUnnamed, "its content is in the cache, but not under its name: pull it again, which fetches nothing");
  }
  verdict_.found_hash = std::move(hash);
  Say(Verdict::kCorrupt, absl::StrCat("its content is not what is listed: hash ", verdict_.found_hash, " instead of ", file_.hash.hex));
}

void FileCheck::Say(Verdict verdict, std::string message) {
  said_ = true;
  verdict_.verdict = verdict;
  verdict_.message = std::move(message);
  open_.reset();
  hasher_.reset();
}

void FileCheck::SayUnreadable(const absl::Status& status) {
  no_right_ = absl::IsPermissionDenied(status);
  Say(Verdict::kUnreadable, std::string(status.message()));
}

bool FileCheck::Wrong() const {
  return !verdict_.found_path.empty() && !no_right_ &&
         (verdict_.verdict == Verdict::kCorrupt || verdict_.verdict == Verdict::kWrongSize || verdict_.verdict == Verdict::kUnreadable);
}

void FileCheck::GiveUp(FileSystem& fs, layout::Layout& layout) {
  const bool again = first_ && first_->found_path == verdict_.found_path;  // it stays until another takes its place
  if (!first_) first_ = verdict_;
  if (again) return;
  const absl::Status status = layout.Distrust(fs, file_);
  if (!status.ok()) {
    absl::StrAppend(&first_->message, "; it could not be given up: ", status.message());
    return;
  }
  verdict_ = FileVerdict();
  verdict_.file = &file_;
  said_ = false;
}

}  // namespace hfget::engine
