#include "daemon/disk/partial_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "daemon/base/status.h"

namespace hfget::disk {
namespace {

// Inodes are used again, often at once, so the time of birth tells a file from its successor.
// Device numbers may differ after a reboot (btrfs, NFS, device mapper), so they count only where
// there is no time of birth.
std::string IdentityOf(const FileInfo& info) {
  if (info.born == absl::InfinitePast()) return absl::StrCat(info.device, ":", info.inode);
  return absl::StrCat(info.inode, "@", absl::ToUnixNanos(info.born));
}

bool CanResume(FileSystem& fs, const OpenPartialOptions& options) {
  if (options.identity.empty()) return false;
  const absl::StatusOr<FileInfo> info = fs.LStat(options.path);
  return info.ok() && !info->is_symlink && !info->is_directory && info->size == options.size &&
         IdentityOf(*info) == options.identity;
}

absl::StatusOr<std::unique_ptr<FileLock>> TakeLock(FileSystem& fs, const std::string& path) {
  if (path.empty()) return nullptr;
  HFGET_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, fs.TryLock(path));
  if (lock == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("another program is downloading this file (it holds ", path, ")"));
  }
  return lock;
}

absl::StatusOr<std::unique_ptr<File>> OpenInFolder(FileSystem& fs, const std::string& path) {
  absl::StatusOr<std::unique_ptr<File>> file;
  // Again, because another transfer that ends may remove the empty folder in between.
  for (int attempt = 0; attempt < 3; ++attempt) {
    HFGET_RETURN_IF_ERROR(fs.MakeDirectories(ParentPath(path)));
    file = fs.OpenForWrite(path);
    if (!absl::IsNotFound(file.status())) break;
  }
  return file;
}

absl::StatusOr<std::unique_ptr<File>> Begin(FileSystem& fs, const OpenPartialOptions& options) {
  HFGET_RETURN_IF_ERROR(fs.Remove(options.path));
  HFGET_ASSIGN_OR_RETURN(std::unique_ptr<File> file, OpenInFolder(fs, options.path));
  absl::Status allocated = file->Allocate(options.size);
  if (allocated.ok()) return file;
  file.reset();
  // The first error is the one to tell; what could not be removed is begun anew next time.
  fs.Remove(options.path).IgnoreError();
  fs.RemoveDirectoryIfEmpty(ParentPath(options.path)).IgnoreError();
  return allocated;
}

// Where the record's state is of no use, the hash starts again from what is in the file.
FileHasher HasherFor(const OpenPartialOptions& options, bool resumed,
                     std::vector<PieceRange>& landed) {
  const FileHasher fresh(options.hash.kind, options.size);
  if (!resumed) return fresh;
  landed = options.landed;
  const bool whole_pieces =
      options.hashed_bytes % kPieceBytes == 0 || options.hashed_bytes == options.size;
  std::optional<FileHasher> hasher = FileHasher::FromState(
      options.hash.kind, options.size, options.hashed_bytes, options.hash_state);
  if (whole_pieces && hasher.has_value()) return *std::move(hasher);
  landed.push_back({0, options.hashed_bytes / kPieceBytes});
  return fresh;
}

}  // namespace

struct PartialFile::Parts {
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<File> file;
  bool resumed = false;
  bool changed_meanwhile = false;
  std::string identity;
  FileHasher hasher;
  std::vector<PieceRange> landed;
};

absl::StatusOr<std::unique_ptr<PartialFile>> PartialFile::Open(FileSystem& fs,
                                                               const OpenPartialOptions& options,
                                                               const PieceDigester& digester,
                                                               bool sync) {
  HFGET_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, TakeLock(fs, options.lock_path));
  const bool resumed = CanResume(fs, options);
  HFGET_ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                         resumed ? fs.OpenForWrite(options.path) : Begin(fs, options));
  HFGET_ASSIGN_OR_RETURN(const FileInfo info, fs.LStat(options.path));
  std::vector<PieceRange> landed;
  FileHasher hasher = HasherFor(options, resumed, landed);
  const bool changed = resumed && info.modified != options.modified;
  return std::unique_ptr<PartialFile>(new PartialFile(
      fs, options, digester, sync,
      {std::move(lock), std::move(file), resumed, changed, IdentityOf(info), hasher, std::move(landed)}));
}

PartialFile::PartialFile(FileSystem& fs, const OpenPartialOptions& options,
                         const PieceDigester& digester, bool sync, Parts parts)
    : fs_(fs),
      digester_(digester),
      path_(options.path),
      size_(options.size),
      sync_(sync),
      resumed_(parts.resumed),
      changed_meanwhile_(parts.changed_meanwhile),
      identity_(std::move(parts.identity)),
      lock_(std::move(parts.lock)),
      file_(std::move(parts.file)),
      hash_(parts.hasher, options.hash.kind, options.size, parts.landed),
      name_synced_(parts.resumed) {}

absl::Status PartialFile::CheckPiece(PieceIndex piece) const {
  if (piece >= 0 && piece < PieceCount(size_)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path_, " has no piece ", piece));
}

absl::StatusOr<WriteDone> PartialFile::Write(PieceIndex piece, Buffer buffer) {
  HFGET_RETURN_IF_ERROR(CheckPiece(piece));
  const ByteRange range = BytesOf({piece, piece + 1}, size_);
  if (static_cast<ByteCount>(buffer.size()) != range.size()) {
    return absl::InvalidArgumentError(absl::StrCat("piece ", piece, " of ", path_, " has ",
                                                   range.size(), " bytes, not ", buffer.size()));
  }
  hash_.WillWrite(piece);
  HFGET_RETURN_IF_ERROR(file_->PWrite(range.begin, buffer.view()));
  const WriteDone done{digester_(buffer.view())};
  hash_.Landed(piece, buffer);
  Pace(range);
  return done;
}

void PartialFile::Pace(ByteRange written) {
  ByteRange due;
  {
    absl::MutexLock lock(&pace_mu_);
    unpaced_ = unpaced_bytes_ == 0 ? written
                                   : ByteRange{std::min(unpaced_.begin, written.begin),
                                               std::max(unpaced_.end, written.end)};
    unpaced_bytes_ += written.size();
    if (unpaced_bytes_ < kWritebackBytes) return;
    unpaced_bytes_ = 0;
    due = unpaced_;
  }
  file_->StartWriteback(due.begin, due.size());
}

absl::StatusOr<Buffer> PartialFile::Read(PieceIndex piece, Buffer into) {
  HFGET_RETURN_IF_ERROR(CheckPiece(piece));
  const ByteRange range = BytesOf({piece, piece + 1}, size_);
  into.Resize(static_cast<size_t>(range.size()));
  HFGET_RETURN_IF_ERROR(file_->PRead(range.begin, absl::MakeSpan(into.data(), into.size())));
  return into;
}

bool PartialFile::IsIntact(const ExpectedPiece& expected, absl::Span<char> scratch) const {
  if (!CheckPiece(expected.piece).ok()) return false;
  const ByteRange range = BytesOf({expected.piece, expected.piece + 1}, size_);
  const absl::Span<char> bytes = scratch.first(static_cast<size_t>(range.size()));
  return file_->PRead(range.begin, bytes).ok() &&
         digester_({bytes.data(), bytes.size()}) == expected.digest;
}

absl::StatusOr<SyncDone> PartialFile::Sync() {
  absl::MutexLock lock(&sync_mu_);
  HFGET_RETURN_IF_ERROR(health());
  // Before the sync: what is hashed while it runs may not be on the disk when it ends.
  SyncDone done = hash_.Get();
  absl::Status status = sync_ ? SyncToDisk() : absl::OkStatus();
  if (status.ok()) status = LookWhoElse(done);
  if (status.ok()) return done;
  absl::MutexLock health_lock(&health_mu_);
  health_ = status;
  return status;
}

// What was written into a file that has lost its name is lost with it.
absl::Status PartialFile::LookWhoElse(SyncDone& done) const {
  HFGET_ASSIGN_OR_RETURN(const FileInfo info, fs_.LStat(path_));
  if (IdentityOf(info) != identity_) {
    return absl::NotFoundError(absl::StrCat("another file was put in the place of ", path_));
  }
  done.modified = info.modified;
  done.touched = changed_meanwhile_ || info.size != size_ || file_->OpenedByOthers();
  return absl::OkStatus();
}

absl::Status PartialFile::SyncToDisk() {
  HFGET_RETURN_IF_ERROR(file_->Sync());
  if (!name_synced_) HFGET_RETURN_IF_ERROR(fs_.SyncDirectory(ParentPath(path_)));
  name_synced_ = true;
  return absl::OkStatus();
}

absl::Status PartialFile::health() const {
  absl::MutexLock lock(&health_mu_);
  return health_;
}

absl::Status PartialFile::Close(bool remove) {
  file_.reset();
  absl::Status status = remove ? fs_.Remove(path_) : absl::OkStatus();
  if (remove && status.ok()) status = fs_.RemoveDirectoryIfEmpty(ParentPath(path_));
  lock_.reset();
  return status;
}

}  // namespace hfget::disk
