#include "daemon/engine/file_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hfget::engine {
namespace {

// So often what was found wrong may have been replaced before it was given up.
constexpr int kMostLooks = 5;

bool IsSame(const FileInfo& a, const FileInfo& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size && a.modified == b.modified;
}

}  // namespace

bool FileCheck::Advance(FileSystem& fs, layout::Layout& layout, ByteCount most) {
  if (!said_ && open_ == nullptr) Look(fs, layout);
  if (!said_) Read(most);
  if (said_ && distrust_ && Wrong()) GiveUp(fs, layout);
  if (said_ && first_) verdict_ = *std::move(first_);
  return said_;
}

void FileCheck::Look(FileSystem& fs, layout::Layout& layout) {
  ++looks_;
  const auto found = layout.Find(fs, file_);
  if (!found.ok()) return SayUnreadable(found.status());
  if (!*found) return Say(Verdict::kMissing, "it is not there");
  verdict_.found_path = (*found)->path;
  named_ = (*found)->named;
  const absl::StatusOr<FileInfo> info = fs.Stat((*found)->path);
  if (!info.ok()) return SayUnreadable(info.status());
  seen_ = *info;
  verdict_.found_size = info->size;
  if (info->is_directory) return Say(Verdict::kUnreadable, "a folder is in its place");
  const bool hashed = file_.hash.kind != ContentHash::Kind::kNone;
  // Before it is given up it is read all the same: it may be the listing that is wrong.
  if (info->size != file_.size && !(distrust_ && hashed)) return SayWrongSize();
  if (!hashed) return Say(Verdict::kNoHash, "the listing has no hash of it");
  auto open = fs.OpenForRead((*found)->path);
  if (!open.ok()) return SayUnreadable(open.status());
  open_ = *std::move(open);
  hasher_.emplace(file_.hash.kind, info->size);
}

void FileCheck::Read(ByteCount most) {
  const std::unique_ptr<char[]> room(new char[kPieceBytes]);
  const ByteCount end = std::min(seen_.size, hasher_->hashed_bytes() + most);
  while (hasher_->hashed_bytes() < end) {
    const absl::Span<char> bytes(room.get(), static_cast<size_t>(std::min(seen_.size - hasher_->hashed_bytes(), kPieceBytes)));
    const absl::Status status = open_->PRead(hasher_->hashed_bytes(), bytes);
    if (!status.ok()) return SayUnreadable(status);
    hasher_->Update({bytes.data(), bytes.size()});
    read_ += static_cast<ByteCount>(bytes.size());
  }
  if (end == seen_.size) OnWhole();
}

void FileCheck::OnWhole() {
  std::string hash = hasher_->Result().hex;
  fits_ = hash == file_.hash.hex;
  if (seen_.size != file_.size) return SayWrongSize();
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

void FileCheck::SayWrongSize() {
  Say(Verdict::kWrongSize, absl::StrCat("it has ", seen_.size, " bytes, and ", file_.size, " are listed",
                                        fits_ ? ", although its content is the listed one: the listing is wrong" : ""));
}

void FileCheck::SayUnreadable(const absl::Status& status) {
  lost_ = absl::IsDataLoss(status);
  Say(Verdict::kUnreadable, std::string(status.message()));
}

bool FileCheck::Wrong() const {
  return !verdict_.found_path.empty() && !fits_ &&
         (verdict_.verdict == Verdict::kCorrupt || verdict_.verdict == Verdict::kWrongSize || (verdict_.verdict == Verdict::kUnreadable && lost_));
}

void FileCheck::GiveUp(FileSystem& fs, layout::Layout& layout) {
  const bool again = first_ && first_->found_path == verdict_.found_path;  // it stays until another takes its place
  if (again) return;
  const absl::StatusOr<FileInfo> now = fs.Stat(verdict_.found_path);
  if (now.ok() && IsSame(*now, seen_)) {
    if (!first_) first_ = verdict_;
    kept_ = layout.Distrust(fs, file_);
  } else if (looks_ == kMostLooks) {
    kept_ = absl::AbortedError(absl::StrCat(verdict_.found_path, " is changed all the time"));
  }
  if (kept_.ok()) LookAgain();
}

void FileCheck::LookAgain() {
  verdict_ = FileVerdict();
  verdict_.file = &file_;
  said_ = fits_ = lost_ = false;
}

}  // namespace hfget::engine
